"""Reading invitations: a workspace's own, and, before it is known, the one behind a link."""

from uuid import UUID

from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.workspaces.models import User
from cursive.lib.errors import Conflict, NotFound
from cursive.lib.tenancy import system_context

from .models import Invitation, InvitationQuerySet


def pending_of(workspace_id: UUID) -> InvitationQuerySet:
    """The workspace's invitations that nobody has accepted or revoked, newest first."""
    pending: InvitationQuerySet = (
        Invitation.objects.filter(workspace_id=workspace_id)
        .pending()
        .select_related("invited_by")
        .order_by("-created_at", "-id")
    )
    return pending


def invitation_behind(token: str) -> Invitation:
    """The open invitation of a mail's link, with workspace and inviter.

    Raises `NotFound` for a link that isn't ours, `Conflict` for one that is over, with the reason.
    """
    ident, serial = Invitation.read_token(token)
    with system_context():
        invitation = (
            Invitation.objects.filter(id=ident).select_related("workspace", "invited_by").first()
        )
    if invitation is None:
        raise NotFound("This invitation isn't there any more.")
    refuse_unless_open(invitation, serial)
    return invitation


def refuse_unless_open(invitation: Invitation, serial: int) -> None:
    """Raise `Conflict` with the reason where the invitation can't be accepted."""
    if invitation.accepted_at is not None:
        raise Conflict("This invitation has been used already.")
    if invitation.revoked_at is not None or invitation.workspace.deleted_at is not None:
        raise Conflict("This invitation was taken back. Ask for a new one.")
    if invitation.serial != serial:
        raise Conflict("A newer invitation was sent. Use the link in the newest mail.")
    if invitation.is_expired:
        raise Conflict("This invitation has expired. Ask for a new one.")


def open_for(user: User) -> list[Invitation]:
    """Open invitations to the user's verified addresses, with their workspaces, newest first."""
    addresses = EmailAddress.objects.filter(user=user, verified=True).values_list(
        "email", flat=True
    )
    with system_context():
        return list(
            Invitation.objects.filter(
                email__in=[address.lower() for address in addresses],
                workspace__deleted_at__isnull=True,
            )
            .open(timezone.now())
            .select_related("workspace", "invited_by")
            .order_by("-created_at")
        )
