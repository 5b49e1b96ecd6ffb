"""Reading leads."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.workspaces.models import Membership
from leads.filters.orm import to_q
from leads.filters.tree import Group

from .models import Lead


@dataclass(frozen=True, slots=True)
class Sort:
    """One order of the lead list; the last column is unique, as paging by cursor needs."""

    label: str
    order: tuple[str, ...]


SORTS = {
    "newest": Sort("Newest first", ("-created_at", "-id")),
    "oldest": Sort("Oldest first", ("created_at", "id")),
    "score": Sort("Best score first", ("-score", "-id")),
    "name": Sort("Last name A–Z", ("last_name_folded", "id")),
    "company": Sort("Company A–Z", ("company_name_folded", "id")),
}
DEFAULT_SORT = "newest"


def today() -> datetime.date:
    """The day that `within_days` counts from, in UTC like every date of a lead."""
    return timezone.now().date()


def leads_of(workspace_id: UUID, filter: Group | None = None) -> QuerySet[Lead]:
    """The workspace's leads that aren't deleted and match `filter` (None: all)."""
    leads = Lead.objects.filter(workspace_id=workspace_id).living()
    return leads.filter(as_q(filter))


def as_q(filter: Group | None) -> Q:
    """What a filter means today, for a queryset of leads (None: all)."""
    return Q() if filter is None else to_q(filter, as_of=today())


def trash_of(workspace_id: UUID) -> QuerySet[Lead]:
    """The workspace's deleted leads that can still be brought back."""
    return Lead.objects.filter(workspace_id=workspace_id).restorable()


def capped_count(leads: QuerySet[Lead], cap: int) -> int:
    """How many there are, counted no further than `cap` + 1: beyond, say 'over cap'."""
    return leads.order_by()[: cap + 1].count()


def newer_than(
    workspace_id: UUID,
    moment: datetime.datetime,
    *,
    filter: Group | None = None,
    cap: int = 100,
) -> int:
    """How many leads that match came in after `moment`, counted up to `cap`."""
    newer = leads_of(workspace_id, filter).filter(created_at__gt=moment)
    return newer.order_by()[:cap].count()


def members_of(workspace_id: UUID) -> list[Membership]:
    """The workspace's members with their users, for choosing an owner."""
    return list(
        Membership.objects.filter(workspace_id=workspace_id)
        .select_related("user")
        .order_by("user__email")
    )
