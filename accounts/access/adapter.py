"""How allauth's sign-in is bent to ours."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from .addresses import client_address


class AccountAdapter(DefaultAccountAdapter):
    """Takes the client's address from where we trust it; allauth's rate limits key on it."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that sign-in limits are counted for."""
        return client_address(request) or "unknown"
