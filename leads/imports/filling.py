"""Fills what is empty in leads from people who turned out to be them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from cursive.lib import tenancy
from leads.records.acquisition import (
    BATCH_TABLE,
    ROW_COLUMNS,
    Candidate,
    candidate_of,
    stage_people,
)
from leads.records.identity import NoIdentity
from leads.records.models import Lead, LeadActivity
from leads.records.person import FIELD_NAMES, Person
from leads.scoring.operations import score_leads

# Said of the address or number beside them: they come with it or not at all.
_OF_EMAIL = ("email_type", "email_verified", "email_verified_at")
_OF_PHONE = ("phone_type", "phone_verified")
_ALONE = tuple(name for name in FIELD_NAMES if name not in {*_OF_EMAIL, *_OF_PHONE})
_FILLED = tuple(name for name in ROW_COLUMNS if name not in {"id", "catalogue_id"})
LONGEST = 500


def fill_leads(
    *,
    workspace_id: UUID,
    matches: Sequence[tuple[UUID, Person]],
    where_from: str,
    actor_label: str,
) -> list[UUID]:
    """Fill empty fields of leads from the people who are them; return those that have changed.

    What a lead has stays. The first of several people for one lead counts. A lead that would
    become the same as another one (L-11) is left alone: merging is a person's decision. Each change
    is a line of the lead's timeline. Runs in the caller's transaction.
    """
    people: dict[UUID, Person] = {}
    for lead_id, person in matches:
        people.setdefault(lead_id, person)
    leads = (
        Lead.objects.select_for_update(of=("self",))
        .filter(workspace_id=workspace_id, id__in=list(people))
        .living()
        .only("id", "dedup_hash", *FIELD_NAMES)
        .order_by("id")
    )
    changed: dict[UUID, tuple[Candidate, list[str]]] = {}
    hashes: dict[str, UUID] = {}
    for lead in leads:
        merged, names = _filled(lead, people[lead.id])
        if not names:
            continue
        try:
            candidate = candidate_of(merged)
        except NoIdentity:
            continue
        if candidate.dedup_hash != lead.dedup_hash and candidate.dedup_hash in hashes:
            continue
        hashes[candidate.dedup_hash] = lead.id
        changed[lead.id] = (candidate, names)
    for digest, other in (
        Lead.objects.filter(workspace_id=workspace_id, dedup_hash__in=list(hashes))
        .living()
        .values_list("dedup_hash", "id")
    ):
        if hashes[digest] != other:
            changed.pop(hashes[digest], None)
    if changed:
        _write(workspace_id, changed, where_from, actor_label)
    return list(changed)


def _filled(lead: Lead, person: Person) -> tuple[Person, list[str]]:
    """The lead's record with its gaps filled from `person`, and the names of what was filled."""
    values: dict[str, Any] = {name: getattr(lead, name) for name in FIELD_NAMES}
    names = []
    for name in _ALONE:
        new = getattr(person, name)
        if not values[name] and values[name] != 0 and new not in (None, "", ()):
            values[name] = new
            names.append(name)
    for main, bundle in (("email", _OF_EMAIL), ("phone", _OF_PHONE)):
        if main in names:
            values |= {name: getattr(person, name) for name in bundle}
    values["intent_topics"] = tuple(values["intent_topics"])
    unset = {name: None for name, value in values.items() if value == ""}
    return Person(**(values | unset)), names


def _write(
    workspace_id: UUID,
    changed: dict[UUID, tuple[Candidate, list[str]]],
    where_from: str,
    actor_label: str,
) -> None:
    columns = ", ".join(f'"{name}" = b."{name}"' for name in _FILLED)
    with tenancy.connection().cursor() as cursor:
        stage_people(cursor, {lead_id: one for lead_id, (one, _) in changed.items()})
        cursor.execute(
            f'UPDATE "{Lead._meta.db_table}" l SET {columns}, updated_at = %s'
            f" FROM pg_temp.{BATCH_TABLE} b WHERE l.workspace_id = %s AND l.id = b.id",
            [timezone.now(), workspace_id],
        )
    score_leads(workspace_id=workspace_id, ids=changed)
    LeadActivity.objects.bulk_create(
        (
            LeadActivity(
                workspace_id=workspace_id,
                lead_id=lead_id,
                kind="import",
                text=f"Filled from {where_from}: {', '.join(names).replace('_', ' ')}"[:LONGEST],
                actor_label=actor_label,
            )
            for lead_id, (_, names) in changed.items()
        ),
        batch_size=1_000,
    )
