"""The forms of allauth's second factors, which tell of lockouts."""

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm as PlainAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as PlainReauthenticateForm
from django.core.exceptions import ValidationError

from . import events


class _TellsOfLockouts:
    user: Any

    def clean_code(self) -> str:
        """The code, as allauth checks it."""
        try:
            return str(super().clean_code())  # type: ignore[misc]
        except ValidationError as error:
            if error.code == "too_many_login_attempts":
                events.second_factor_refused(context.request, self.user)
            raise


class AuthenticateForm(_TellsOfLockouts, PlainAuthenticateForm):
    """The code at sign-in."""


class ReauthenticateForm(_TellsOfLockouts, PlainReauthenticateForm):
    """The code before something that matters."""
