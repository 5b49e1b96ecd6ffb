"""What changes invitations (A-3)."""

from uuid import UUID

from django.utils import timezone

from accounts.workspaces.authority import lock_people, require_role
from accounts.workspaces.models import Membership, Role, User
from accounts.workspaces.validation import check_fields
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, Forbidden, InvalidInput, NotFound
from cursive.lib.limits import Limit, hit
from cursive.lib.tenancy import atomic, on_commit, system_context

from .models import LIFETIME, Invitation
from .providers import send_invitation
from .queries import refuse_unless_open

INVITATION_MAILS = Limit(
    "invitation-mails", "50/day", "You have sent 50 invitations today. Go on tomorrow."
)


def invite_person(*, workspace_id: UUID, actor: Actor, email: str, role: str) -> Invitation:
    """Ask an address into the workspace; the mail goes out on commit. For owners and admins.

    An expired invitation of the same address is renewed. Raises `InvalidInput`, `Conflict` for
    members and for an open invitation, `Forbidden` below admin and for an admin who gives
    ownership, `TooMany` past 50 mails a day.
    """
    address = email.strip().lower()
    with atomic():
        lock_people(workspace_id)
        _may_give(workspace_id, actor, role)
        invitation = _pending(workspace_id, address) or Invitation(
            workspace_id=workspace_id, email=address
        )
        if invitation.sent_at is not None and not invitation.is_expired:
            _refuse_email("already has an invitation. Send it again from the list.", address)
        if Membership.objects.filter(workspace_id=workspace_id, user__email=address).exists():
            _refuse_email("is a member already.", address)
        invitation.role = role
        invitation.invited_by_id = actor.user_id
        _renew(invitation)
        check_fields(invitation, ("email", "role"))
        hit(INVITATION_MAILS, actor.user_id or workspace_id)
        invitation.save()
        record(
            action="invite",
            resource="invitation",
            resource_id=invitation.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"email": address, "role": role},
        )
        _send_on_commit(invitation.id)
    return invitation


def resend_invitation(*, workspace_id: UUID, actor: Actor, invitation_id: UUID) -> Invitation:
    """Send the mail again, for seven days from now; links in earlier mails stop working.

    Raises `NotFound`, `Forbidden` below admin, `TooMany` past 50 mails a day.
    """
    with atomic():
        lock_people(workspace_id)
        invitation = _locked(workspace_id, invitation_id)
        _may_give(workspace_id, actor, invitation.role)
        hit(INVITATION_MAILS, actor.user_id or workspace_id)
        _renew(invitation)
        invitation.save()
        record(
            action="resend",
            resource="invitation",
            resource_id=invitation.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"email": invitation.email},
        )
        _send_on_commit(invitation.id)
    return invitation


def revoke_invitation(*, workspace_id: UUID, actor: Actor, invitation_id: UUID) -> Invitation:
    """Take an invitation back: its link stops working. Raises `NotFound`, `Forbidden`."""
    with atomic():
        lock_people(workspace_id)
        invitation = _locked(workspace_id, invitation_id)
        _may_give(workspace_id, actor, invitation.role)
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        record(
            action="revoke",
            resource="invitation",
            resource_id=invitation.id,
            actor=actor,
            workspace_id=workspace_id,
            old={"email": invitation.email, "role": invitation.role},
        )
    return invitation


def accept_invitation(*, token: str, actor: Actor) -> Membership:
    """Make the actor, a signed-in user, a member; an invitation works once.

    The same user again gets the same membership. Raises `NotFound` for a link that isn't ours,
    `Conflict` for one that is over and for somebody who is a member already, `Forbidden` for
    another address where only the invited one may join (`is_personal`).
    """
    if actor.user_id is None:
        raise Forbidden("Sign in to accept an invitation.")
    ident, serial = Invitation.read_token(token)
    # The user isn't in the workspace yet, so the system lets them in.
    with system_context(), atomic():
        where = Invitation.objects.filter(id=ident).values_list("workspace_id", flat=True).first()
        if where is None:
            raise NotFound("This invitation isn't there any more.")
        lock_people(where)  # before the invitation, as everywhere, so that nobody waits in a ring
        invitation = (
            Invitation.objects.select_for_update(of=("self",))
            .select_related("workspace")
            .get(id=ident)
        )
        mine = Membership.objects.filter(
            workspace_id=invitation.workspace_id, user_id=actor.user_id
        ).first()
        if mine is not None and invitation.accepted_by_id == actor.user_id:
            return mine
        refuse_unless_open(invitation, serial)
        if mine is not None:
            raise Conflict("You are a member of this workspace already.")
        if invitation.is_personal and not _has_address(actor.user_id, invitation.email):
            raise Forbidden(
                f"Only {invitation.email} can accept this invitation, since it is to manage the "
                "workspace. Sign in with that address, or ask for an invitation of your own."
            )
        membership = Membership.objects.create(
            workspace_id=invitation.workspace_id, user_id=actor.user_id, role=invitation.role
        )
        invitation.accepted_at = timezone.now()
        invitation.accepted_by_id = actor.user_id
        invitation.save(update_fields=["accepted_at", "accepted_by"])
        record(
            action="join",
            resource="membership",
            resource_id=membership.id,
            actor=actor,
            workspace_id=invitation.workspace_id,
            new={"role": invitation.role, "invited": invitation.email, "user": actor.label},
        )
    return membership


def _has_address(user_id: UUID, address: str) -> bool:
    return User.objects.filter(id=user_id, email__iexact=address).exists()


def _may_give(workspace_id: UUID, actor: Actor, role: str) -> None:
    if role not in Role.values:
        raise InvalidInput("There is no such role.", fields={"role": "Choose a role."})
    mine = require_role(workspace_id, actor, Role.ADMIN)
    if role == Role.OWNER and mine is not None and not mine.at_least(Role.OWNER):
        raise Forbidden("Only owners can make somebody an owner.")


def _pending(workspace_id: UUID, address: str) -> Invitation | None:
    found: Invitation | None = (
        Invitation.objects.filter(workspace_id=workspace_id, email=address).pending().first()
    )
    return found


def _locked(workspace_id: UUID, invitation_id: UUID) -> Invitation:
    invitation: Invitation | None = (
        Invitation.objects.select_for_update(of=("self",))
        .filter(workspace_id=workspace_id, id=invitation_id)
        .pending()
        .first()
    )
    if invitation is None:
        raise NotFound("This invitation isn't open any more.")
    return invitation


def _renew(invitation: Invitation) -> None:
    if not invitation._state.adding:
        invitation.serial += 1
    invitation.expires_at = timezone.now() + LIFETIME
    invitation.sent_at = None


def _refuse_email(what: str, address: str) -> None:
    raise Conflict(f"{address} {what}", fields={"email": f"{address} {what}"})


def _send_on_commit(invitation_id: UUID) -> None:
    def send() -> None:
        with system_context():
            invitation = Invitation.objects.select_related("workspace", "invited_by").get(
                id=invitation_id
            )
            if send_invitation(invitation):
                Invitation.objects.filter(id=invitation_id).update(sent_at=timezone.now())

    on_commit(send)
