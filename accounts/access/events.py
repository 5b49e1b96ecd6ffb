"""What happens at sign-in, written to the audit log (A-7): allauth's hooks and signals end here."""

from typing import Any

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.workspaces.models import Membership, User
from accounts.workspaces.queries import memberships_of
from accounts.workspaces.requests import SESSION_KEY
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record

from .actors import nobody, user_actor


def signed_in(request: HttpRequest, user: User) -> None:
    """Into the log of the workspace that the user lands in."""
    landing = _landing(request, user)
    record(
        action="login",
        resource="user",
        resource_id=user.pk,
        actor=user_actor(request, user, role=landing.role if landing else ""),
        workspace_id=landing.workspace_id if landing else None,
        new={"methods": _methods(request)},
    )


def signed_out(request: HttpRequest) -> None:
    """Into the log of the workspace that the user worked in."""
    if isinstance(request.user, User):
        _note(request, request.user, "logout")


def sign_in_failed(request: HttpRequest, email: str) -> None:
    """A wrong password or an unknown address; belongs to no workspace, so staff see it."""
    _note_attempt(request, "login_failed", email)


def sign_in_refused(request: HttpRequest, email: str) -> None:
    """Too many failures: not even tried."""
    _note_attempt(request, "login_refused", email)


@receiver(account.user_signed_up)
def _signed_up(request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, user, "sign_up")


@receiver(account.password_changed)
@receiver(account.password_set)
def _password_changed(request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, user, "password_change", severity="warning")


@receiver(account.password_reset)
def _password_reset(request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, user, "password_reset", severity="warning")


@receiver(account.email_confirmed)
def _email_confirmed(request: HttpRequest, email_address: EmailAddress, **_: Any) -> None:
    _note(request, email_address.user, "email_confirm", new={"email": email_address.email})


@receiver(account.email_changed)
def _email_changed(
    request: HttpRequest,
    user: User,
    from_email_address: EmailAddress | None,
    to_email_address: EmailAddress,
    **_: Any,
) -> None:
    if from_email_address is None:  # the first one, confirmed after signing up
        return
    old, new = {"email": from_email_address.email}, {"email": to_email_address.email}
    _note(request, user, "email_change", old=old, new=new, severity="warning")


@receiver(mfa.authenticator_added)
def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _note(request, user, "mfa_add", new={"type": authenticator.type}, severity="warning")


@receiver(mfa.authenticator_removed)
def _factor_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _note(request, user, "mfa_remove", old={"type": authenticator.type}, severity="warning")


@receiver(mfa.authenticator_reset)
def _factor_reset(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _note(request, user, "mfa_reset", new={"type": authenticator.type}, severity="warning")


@receiver(mfa.authentication_failed)
def _factor_failed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _note(request, user, "mfa_failed", new={"type": authenticator.type}, severity="warning")


def _note(request: HttpRequest, user: User, action: str, **details: Any) -> None:
    workspace = getattr(request, "workspace", None)
    role = getattr(getattr(request, "membership", None), "role", "")
    record(
        action=action,
        resource="user",
        resource_id=user.pk,
        actor=user_actor(request, user, role=role),
        workspace_id=workspace.id if workspace else None,
        **details,
    )


def _note_attempt(request: HttpRequest, action: str, email: str) -> None:
    who: Actor = nobody(request)
    record(
        action=action,
        resource="user",
        resource_id="",
        actor=who,
        new={"email": email[:254]},
        severity="warning",
    )


def _landing(request: HttpRequest, user: User) -> Membership | None:
    mine = memberships_of(user)
    wanted = request.session.get(SESSION_KEY)
    return next((one for one in mine if str(one.workspace_id) == wanted), mine[0] if mine else None)


def _methods(request: HttpRequest) -> list[str]:
    records = request.session.get("account_authentication_methods", [])
    return [str(entry.get("type") or entry.get("method", "")) for entry in records]
