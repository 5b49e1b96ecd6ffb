"""Reading leads."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Count, Q, QuerySet, When
from django.urls import reverse
from django.utils import timezone

from accounts.workspaces.models import Membership
from cursive.lib import tenancy
from cursive.lib.errors import NotFound
from cursive.lib.ui.pagination import DEFAULT_PAGE_SIZE, KeysetPage, keyset_page
from leads.filters import url as filter_url
from leads.filters.orm import to_q
from leads.filters.tree import Condition, Group

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
# So many can be looked up by id and sorted in a moment.
FEW = 1_000
TIMELINE_PAGE = 20
MOST_NOTES = 200
# Kinds of lines whose name isn't their label.
KINDS = {"note": "Notes", "notes": "About", "tags": "Tags", "deletion": "Deleting"}


def today() -> datetime.date:
    """The day that `within_days` counts from, in UTC like every date of a lead."""
    return timezone.now().date()


def leads_of(workspace_id: UUID, filter: Group | None = None) -> QuerySet[Lead]:
    """The workspace's leads that aren't deleted and match `filter` (None: all)."""
    leads = Lead.objects.filter(workspace_id=workspace_id).living()
    return leads.filter(as_q(filter))


def address_of_job(job_id: UUID) -> str:
    """The list of the leads that a job has brought."""
    group = Group("all", (Condition("job_id", "in", (str(job_id),)),))
    return f"{reverse('leads:list')}?{filter_url.to_query(group)}"


def as_q(filter: Group | None) -> Q:
    """What a filter means today, for a queryset of leads (None: all)."""
    return Q() if filter is None else to_q(filter, as_of=today())


INTO_WHOM = """
WITH RECURSIVE way (id, merged_into, deleted_at) AS (
    SELECT id, merged_into, deleted_at FROM leads_lead WHERE workspace_id = %s AND id = %s
    UNION
    SELECT l.id, l.merged_into, l.deleted_at FROM leads_lead l
    JOIN way ON l.id = way.merged_into AND way.deleted_at IS NOT NULL WHERE l.workspace_id = %s
)
SELECT id FROM way WHERE deleted_at IS NULL AND id <> %s
"""


def merged_into(workspace_id: UUID, lead_id: UUID) -> UUID | None:
    """The living lead that a merged one is part of by now; None where there is none."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(INTO_WHOM, [workspace_id, lead_id, workspace_id, lead_id])
        row = cursor.fetchone()
    return row[0] if row else None


INTO_WHOM_EACH = """
WITH RECURSIVE way (start, id, merged_into, deleted_at) AS (
    SELECT id, id, merged_into, deleted_at FROM leads_lead
    WHERE workspace_id = %s AND id = ANY(%s)
    UNION
    SELECT way.start, l.id, l.merged_into, l.deleted_at FROM leads_lead l
    JOIN way ON l.id = way.merged_into AND way.deleted_at IS NOT NULL WHERE l.workspace_id = %s
)
SELECT start, id FROM way WHERE deleted_at IS NULL
"""


def living_leads(workspace_id: UUID, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The living lead that each of these is, or is part of by now; without those that are gone."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(INTO_WHOM_EACH, [workspace_id, list(ids), workspace_id])
        return dict(cursor.fetchall())


def missing_lead(workspace_id: UUID, lead_id: UUID) -> NotFound:
    """What to raise for a lead that isn't there; it names the lead that it was merged into."""
    survivor = merged_into(workspace_id, lead_id)
    if survivor is None:
        return NotFound("There is no such lead.")
    return NotFound("This lead was merged into another one.", merged_into=str(survivor))


def trash_of(workspace_id: UUID) -> QuerySet[Lead]:
    """The workspace's deleted leads that can still be brought back."""
    return Lead.objects.filter(workspace_id=workspace_id).restorable()


def capped_count(leads: QuerySet[Any], cap: int) -> int:
    """How many there are, counted no further than `cap` + 1: beyond, say 'over cap'."""
    return leads.order_by()[: cap + 1].count()


def page_of(
    leads: QuerySet[Lead],
    *,
    order: Sequence[str],
    cap: int,
    narrowed: bool,
    cursor: str | None = None,
    page_size: int = DEFAULT_PAGE_SIZE,
) -> tuple[KeysetPage[Lead], int]:
    """A page of the leads in `order`, and how many there are, as `capped_count` says it.

    Where a filter has `narrowed` them, they are found before they are put in order. For a page the
    database walks along the order until it is full; where few match, that is past all leads, one
    by one, while it finds them all in a small part of that time.
    """
    if not narrowed:
        page = keyset_page(leads, order=order, cursor=cursor, page_size=page_size)
        has_others = page.has_next or page.has_previous
        return page, capped_count(leads, cap) if has_others else len(page.items)
    found = leads.order_by()[: cap + 1].aggregate(
        count=Count("id"), ids=Case(When(count__lte=FEW, then=ArrayAgg("id")))
    )
    count: int = found["count"]
    if count <= FEW:
        leads = leads.filter(id__in=found["ids"] or [])
    return keyset_page(leads, order=order, cursor=cursor, page_size=page_size), count


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
