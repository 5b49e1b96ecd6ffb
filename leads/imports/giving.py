"""Gives leads what a file, or whoever imports it, says of status, owner, tags and notes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.workspaces.models import Membership
from cursive.lib import tenancy
from leads.records.models import Lead, LeadActivity
from leads.records.operations import MAX_TAGS

from .own import Own

LONGEST_LINE = 500
_UPDATE = """
    UPDATE leads_lead l SET status = COALESCE(b.status, l.status),
        owner_id = COALESCE(b.owner, l.owner_id), tags = COALESCE(b.tags, l.tags),
        notes = COALESCE(b.notes, l.notes), updated_at = %(now)s
    FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS b(id uuid, status text, owner uuid, tags varchar(40)[], notes text)
    WHERE l.workspace_id = %(workspace)s AND l.id = b.id
"""


@dataclass(slots=True)
class _Change:
    """What a lead gets, by the name of the field."""

    lead_id: UUID
    values: dict[str, str | list[str]] = field(default_factory=dict)


def give_to_new(*, workspace_id: UUID, wanted: Mapping[UUID, Own]) -> None:
    """Give leads that were just made what their rows say; it goes before what was said for all.

    Runs in the caller's transaction.
    """
    _write(workspace_id, _changes(workspace_id, wanted, is_new=True))


def give_to_existing(
    *, workspace_id: UUID, wanted: Mapping[UUID, Own], where_from: str, actor_label: str
) -> list[UUID]:
    """Add tags, and set what is empty: owner, notes, and the status where it is still New.

    Tags that would be too many with those of a lead stay out. Each change is a line of the lead's
    timeline. Returns the leads that have changed. Runs in the caller's transaction.
    """
    changes = _changes(workspace_id, wanted, is_new=False)
    _write(workspace_id, changes)
    LeadActivity.objects.bulk_create(
        (
            LeadActivity(
                workspace_id=workspace_id,
                lead_id=change.lead_id,
                kind="import",
                text=f"Filled from {where_from}: {', '.join(change.values)}"[:LONGEST_LINE],
                actor_label=actor_label,
            )
            for change in changes
        ),
        batch_size=1_000,
    )
    return [change.lead_id for change in changes]


def _changes(workspace_id: UUID, wanted: Mapping[UUID, Own], *, is_new: bool) -> list[_Change]:
    wanted = {lead_id: own for lead_id, own in wanted.items() if any(own)}
    if not wanted:
        return []
    members = {
        str(id)
        for id in Membership.objects.filter(workspace_id=workspace_id).values_list(
            "user_id", flat=True
        )
    }
    leads = (
        Lead.objects.select_for_update(of=("self",))
        .filter(workspace_id=workspace_id, id__in=list(wanted))
        .living()
        .order_by("id")
        .annotate(is_noted=~Q(notes=""))
        .values_list("id", "status", "owner_id", "tags", "is_noted")
    )
    changes = []
    for lead_id, status, owner_id, tags, is_noted in leads:
        own, change = wanted[lead_id], _Change(lead_id)
        if own.status not in ("", status) and (is_new or status == Lead.Status.NEW):
            change.values["status"] = own.status
        if own.owner in members and (owner_id is None or (is_new and own.owner != str(owner_id))):
            change.values["owner"] = own.owner
        together = sorted({*tags, *own.tags})
        if len(tags) < len(together) <= MAX_TAGS:
            change.values["tags"] = together
        if own.notes and not is_noted:
            change.values["notes"] = own.notes
        if change.values:
            changes.append(change)
    return changes


def _write(workspace_id: UUID, changes: list[_Change]) -> None:
    if not changes:
        return
    rows = [{"id": str(change.lead_id), **change.values} for change in changes]
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            _UPDATE, {"rows": json.dumps(rows), "now": timezone.now(), "workspace": workspace_id}
        )
