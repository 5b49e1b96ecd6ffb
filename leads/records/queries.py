"""Reading leads."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.workspaces.models import Membership
from cursive.lib.ui.pagination import KeysetPage, keyset_page
from leads.filters.orm import to_q
from leads.filters.tree import Group

from .models import Lead, LeadActivity, LeadNote


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
DEFAULT_SORT = "score"
TIMELINE_PAGE = 20
MOST_NOTES = 200
# Kinds of lines whose name isn't their label.
KINDS = {"note": "Notes", "notes": "Notes text", "tags": "Tags", "deletion": "Deleting"}


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


def capped_count(leads: QuerySet[Any], cap: int) -> int:
    """How many there are, counted no further than `cap` + 1: beyond, say 'over cap'."""
    return leads.order_by()[: cap + 1].count()


def shown_count(leads: QuerySet[Lead], page: KeysetPage[Lead], cap: int) -> int:
    """`capped_count` of the leads that `page` is of; without a query where it holds them all."""
    if page.has_next or page.has_previous:
        return capped_count(leads, cap)
    return len(page.items)


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


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of what happened with a lead. `kinds` are those that there are, with labels."""

    page: KeysetPage[LeadActivity]
    kinds: list[tuple[str, str]]
    kind: str


def timeline_of(lead: Lead, *, kind: str = "", cursor: str | None = None) -> Timeline:
    """What happened with a lead, newest first; of one kind, or ('') of every kind."""
    activities = LeadActivity.objects.filter(workspace_id=lead.workspace_id, lead=lead)
    kinds = sorted(set(activities.order_by().values_list("kind", flat=True).distinct()))
    shown = activities.filter(kind=kind) if kind else activities
    page = keyset_page(shown, order=("-created_at", "-id"), cursor=cursor, page_size=TIMELINE_PAGE)
    return Timeline(page, [(one, KINDS.get(one, one.capitalize())) for one in kinds], kind)


def notes_of(lead: Lead) -> list[LeadNote]:
    """The notes about a lead, newest first."""
    notes = LeadNote.objects.filter(workspace_id=lead.workspace_id, lead=lead).living()
    return list(notes.select_related("author").order_by("-created_at", "-id")[:MOST_NOTES])


def restorable_note(lead: Lead, raw_id: str) -> LeadNote | None:
    """A deleted note that can come back, by its id as it came in."""
    try:
        note_id = UUID(raw_id)
    except ValueError:
        return None
    notes = LeadNote.objects.filter(workspace_id=lead.workspace_id, lead=lead, id=note_id)
    return notes.restorable().first()
