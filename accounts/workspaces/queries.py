"""Look-ups that come before any workspace is known, so they are the system's."""

from uuid import UUID

from cursive.lib.tenancy import system_context

from .models import Membership, User


def memberships_of(user: User) -> list[Membership]:
    """The user's memberships in living workspaces, with their workspaces, by name."""
    with system_context():
        found = list(
            Membership.objects.filter(user=user, workspace__deleted_at__isnull=True)
            .select_related("workspace")
            .order_by("workspace__name", "id")
        )
    for one in found:
        one.user = user
    return found


def workspace_ids_of(email: str) -> list[UUID]:
    """The living workspaces of whoever signs in with this address; none for a stranger's."""
    with system_context():
        return list(
            Membership.objects.filter(
                user__email=email.strip().lower(), workspace__deleted_at__isnull=True
            )
            .order_by("id")
            .values_list("workspace_id", flat=True)
        )


def membership_in(user: User, workspace_id: UUID) -> Membership | None:
    """The user's membership in one living workspace, or None."""
    with system_context():
        return (
            Membership.objects.filter(
                user=user, workspace_id=workspace_id, workspace__deleted_at__isnull=True
            )
            .select_related("workspace")
            .first()
        )
