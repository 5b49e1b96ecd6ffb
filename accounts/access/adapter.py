"""How allauth's sign-up and sign-in are bent to ours."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url

from accounts.workspaces.models import User
from accounts.workspaces.queries import memberships_of
from cursive.lib.errors import Conflict, TooMany, Unavailable

from . import events
from .addresses import client_address

log = logging.getLogger(__name__)

SIGN_IN_WAIT = 15 * 60
LONGEST_ADDRESS = 254


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up, sign-in and their mail: limits, the audit log, where people land."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This e-mail address and password don't belong together.",
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that sign-in limits are counted for."""
        return client_address(request) or "unknown"

    def clean_email(self, email: str) -> str:
        """Refuse an address that would be stored cut: allauth's forms take longer ones."""
        if len(email) > LONGEST_ADDRESS:
            raise ValidationError(f"An e-mail address has at most {LONGEST_ADDRESS} characters.")
        return email

    # --- signing in -----------------------------------------------------------------------

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth counts failures by account alone, so anybody could lock anybody out. Ours are
        # counted by account and address.
        account = str(credentials.get("email", "")).lower()
        return f"{account} from {self.get_client_ip(request)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try. Past the limit: 429, and an audit entry."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            events.sign_in_refused(request, str(credentials.get("email", "")))
            raise TooMany(
                "Too many failed sign-ins. Wait 15 minutes, or reset your password.",
                retry_after=SIGN_IN_WAIT,
            ) from error

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password, or no such account."""
        events.sign_in_failed(request, str(credentials.get("email", "")))

    def post_login(
        self, request: HttpRequest, user: User, *, signup: bool, **kwargs: Any
    ) -> HttpResponseBase:
        """Note who has signed in."""
        response: HttpResponseBase = super().post_login(request, user, signup=signup, **kwargs)
        events.signed_in(request, user)
        return response

    def logout(self, request: HttpRequest) -> None:
        """Note who signs out, while that is still known."""
        events.signed_out(request)
        super().logout(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The dashboard; who has no workspace makes one first, staff go to their admin."""
        user = request.user
        assert isinstance(user, User)
        if memberships_of(user):
            return str(super().get_login_redirect_url(request))
        return resolve_url("admin:index" if user.is_staff else "accounts:workspace_new")

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """The same after signing up."""
        return self.get_login_redirect_url(request)

    # --- signing up -----------------------------------------------------------------------

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Save the new user. What an invitation has verified counts for that address only."""
        email = form.cleaned_data.get("email", "")
        if not self.is_email_verified(request, email):
            # allauth would make the invited address the user's, whatever was typed.
            self.unstash_verified_email(request)
        try:
            saved: User = super().save_user(request, user, form, commit)
        except IntegrityError as error:  # the same address signed up a moment ago
            raise Conflict("This address was used a moment ago. Look into your mail.") from error
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of our mails; where the mail server doesn't answer, say so."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:  # every fault of smtplib and of the network
            log.warning("mail_not_sent", exc_info=True, extra={"template": template_prefix})
            raise Unavailable("We can't send mail right now. Try again in a minute.") from error
