"""Reading who is in a workspace."""

from uuid import UUID

from django.db.models import Case, IntegerField, QuerySet, Value, When

from accounts.workspaces.models import RANK, Membership


def members_of(workspace_id: UUID) -> QuerySet[Membership]:
    """The workspace's members with their users: owners first, then by address."""
    rank = Case(
        *(When(role=role, then=Value(-number)) for role, number in RANK.items()),
        output_field=IntegerField(),
    )
    return (
        Membership.objects.filter(workspace_id=workspace_id)
        .select_related("user")
        .order_by(rank, "user__email", "id")
    )
