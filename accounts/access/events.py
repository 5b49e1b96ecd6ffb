"""What happens at sign-in, written to the audit log (A-7) and, where it may be an attack, noted as
a security event (A-8): allauth's hooks and signals end here.
"""

from typing import Any
from uuid import UUID

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.security.models import Kind, Risk
from accounts.security.operations import note_security_event
from accounts.workspaces.models import Membership, User
from accounts.workspaces.queries import memberships_of, workspace_ids_of
from accounts.workspaces.requests import SESSION_KEY, WorkspaceRequest
from cursive.lib.actors import Actor, current_actor
from cursive.lib.audit_port import record
from cursive.lib.limits import Limit
from cursive.lib.tenancy import current_workspace_id, on_commit

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
    """A wrong password or an unknown address.

    In the audit log it belongs to no workspace, so staff see it; owners see it as a security
    event of their people.
    """
    _note_attempt(request, "login_failed", email)
    _warn(email, nobody(request), Kind.LOGIN_FAILED, Risk.LOW, email=email[:254])


def sign_in_refused(request: HttpRequest, email: str) -> None:
    """Too many failures: not even tried."""
    _note_attempt(request, "login_refused", email)
    _warn(email, nobody(request), Kind.LOCKOUT, Risk.MEDIUM, email=email[:254])


def second_factor_refused(request: HttpRequest, user: User) -> None:
    """Too many wrong codes: not even tried."""
    who = user_actor(request, user)
    _warn(user.email, who, Kind.LOCKOUT, Risk.HIGH, step="second factor")


def factor_removed_by_staff(who: Actor, user: User, type_: str) -> None:
    """Somebody's second factor, taken away for them."""
    on_commit(
        lambda: _warn(
            user.email,
            who,
            Kind.MFA_CHANGE,
            Risk.HIGH,
            change="removed by staff",
            type=type_,
            user=user.email,
        )
    )


def asked_too_often(request: WorkspaceRequest) -> None:
    """Past one of allauth's own limits: on sign-ups, resets, mails."""
    note_security_event(
        kind=Kind.LIMIT_REFUSED,
        risk=Risk.LOW,
        workspace_id=request.workspace.id if request.workspace else None,
        actor=request.actor,
        detail={"limit": "sign-in pages", "page": request.path[:120]},
    )


def limit_refused(limit: Limit, subject: str) -> None:
    """Past one of the product's limits (platform.md); `cursive.lib.limits` calls it."""
    note_security_event(
        kind=Kind.LIMIT_REFUSED,
        risk=Risk.MEDIUM if limit.fail_closed else Risk.LOW,
        workspace_id=current_workspace_id(),
        actor=current_actor(),
        detail={"limit": limit.name, "rate": limit.rate, "subject": subject},
    )


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
    _warn_of_change(request, user, authenticator, Risk.LOW, "added")


@receiver(mfa.authenticator_removed)
def _factor_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _note(request, user, "mfa_remove", old={"type": authenticator.type}, severity="warning")
    _warn_of_change(request, user, authenticator, Risk.HIGH, "removed")


@receiver(mfa.authenticator_reset)
def _factor_reset(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _note(request, user, "mfa_reset", new={"type": authenticator.type}, severity="warning")
    _warn_of_change(request, user, authenticator, Risk.MEDIUM, "renewed")


@receiver(mfa.authentication_failed)
def _factor_failed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _note(request, user, "mfa_failed", new={"type": authenticator.type}, severity="warning")
    who = user_actor(request, user)
    _warn(user.email, who, Kind.MFA_FAILED, Risk.MEDIUM, type=authenticator.type)


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


def _warn_of_change(
    request: HttpRequest, user: User, authenticator: Authenticator, risk: str, change: str
) -> None:
    who = user_actor(request, user)
    type_ = str(authenticator.type)
    # Only once it is so: a change that is rolled back was none.
    on_commit(lambda: _warn(user.email, who, Kind.MFA_CHANGE, risk, change=change, type=type_))


def _warn(address: str, who: Actor, kind: str, risk: str, **detail: str) -> None:
    """A security event in each workspace of whoever has this address; else one for staff."""
    workspaces: list[UUID | None] = [*workspace_ids_of(address)]
    for workspace_id in workspaces or [None]:
        note_security_event(
            kind=kind, risk=risk, workspace_id=workspace_id, actor=who, detail=detail
        )


def _landing(request: HttpRequest, user: User) -> Membership | None:
    mine = memberships_of(user)
    wanted = request.session.get(SESSION_KEY)
    return next((one for one in mine if str(one.workspace_id) == wanted), mine[0] if mine else None)


def _methods(request: HttpRequest) -> list[str]:
    records = request.session.get("account_authentication_methods", [])
    return [str(entry.get("type") or entry.get("method", "")) for entry in records]
