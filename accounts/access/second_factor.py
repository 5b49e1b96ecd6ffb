"""Staff need a second factor (A-1): without one they are led to set one up before anything."""

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.security.models import Kind, Risk
from accounts.security.operations import note_security_event
from accounts.workspaces.requests import WorkspaceRequest

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
SENTENCE = "Staff need a second factor. Set up an authenticator app or a passkey, then go on."


def has_second_factor(user: object) -> bool:
    """Whether the user has an authenticator app or a passkey; recovery codes alone don't count."""
    return bool(is_mfa_enabled(user, SECOND_FACTORS))


def setup_redirect(request: WorkspaceRequest) -> HttpResponse | None:
    """Where staff without a second factor go instead of any admin page, or None."""
    if not settings.STAFF_MFA_REQUIRED or has_second_factor(request.user):
        return None
    note_security_event(kind=Kind.STAFF_WITHOUT_FACTOR, risk=Risk.MEDIUM, actor=request.actor)
    messages.warning(request, SENTENCE)
    return redirect("mfa_index")
