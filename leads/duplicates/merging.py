"""Making several leads one (L-14); `undoing` makes them several again.

Leads are locked in the order of their ids before anything is looked at, so that two merges of the
same leads, or a merge and an edit, happen one after the other. All is one transaction.
"""

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models
from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.outbox import emit
from leads.records.identity import dedup_hash, normalise_email, normalise_phone
from leads.records.models import Lead, LeadActivity, LeadContact
from leads.scoring.operations import score_leads

from .choosing import chosen_values, survivor_of
from .models import DuplicateCandidate, LeadMerge
from .registry import merge_hooks

MOST = 20  # leads at once
GONE = "One of these leads isn't there any more. Look at the list again."
TAKEN = "Another lead is {lead} already, by e-mail address, phone or record: {other}. Merge it too."
CHANGED = "{} was changed after you opened this page. Look at the values again, then merge."


def merge_leads(
    *,
    workspace_id: UUID,
    actor: Actor,
    lead_ids: Sequence[UUID],
    choices: Mapping[str, UUID] | None = None,
    versions: Mapping[UUID, datetime.datetime] | None = None,
) -> LeadMerge:
    """Make these leads one. The oldest stays; the others are deleted and point to it.

    `choices` says of which lead a field is kept (see `choosing.UNITS`), else the best is.
    `versions` are the leads' `updated_at` that the user has seen. Raises `InvalidInput` for less
    than two leads or a wrong choice, `NotFound`, and `Conflict` where a lead was changed or
    deleted meanwhile, or a third lead has the same identity; then nothing has changed.
    """
    wanted = sorted(set(lead_ids))
    if not 2 <= len(wanted) <= MOST:
        raise InvalidInput(
            f"Choose 2 to {MOST} leads to merge.", fields={"leads": f"2 to {MOST} leads."}
        )
    with tenancy.atomic():
        leads = lock_leads(workspace_id, wanted)
        if len(leads) != len(wanted):
            raise NotFound("There is no such lead.")
        if any(lead.deleted_at for lead in leads):
            raise Conflict(GONE)
        for lead in leads:
            if versions and lead.id in versions and versions[lead.id] != lead.updated_at:
                raise Conflict(CHANGED.format(lead))
        survivor = survivor_of(leads)
        others = [lead for lead in leads if lead is not survivor]
        values = chosen_values([survivor, *others], choices or {})
        before = {str(lead.id): image_of(lead) for lead in leads}
        known_by = contacts_of(leads)
        merged_ids = [lead.id for lead in others]
        Lead.objects.filter(workspace_id=workspace_id, id__in=merged_ids).update(
            deleted_at=values["updated_at"], merged_into=survivor.id
        )
        for column, value in (values | identity_of(values)).items():
            setattr(survivor, column, value)
        save_once(survivor)
        moved = _move_timeline(workspace_id, survivor, merged_ids)
        names = ", ".join(str(lead) for lead in others)
        note_merge(survivor, f"Merged with {names}"[:500], actor)
        merge = LeadMerge.objects.create(
            workspace_id=workspace_id,
            survivor=survivor,
            merged_ids=merged_ids,
            before=before,
            moved=moved,
            kept={
                hook.name: hook.merge(
                    workspace_id=workspace_id, survivor=survivor.id, merged=merged_ids
                )
                for hook in merge_hooks()
            },
            after=image_of(survivor),
            created_by_label=actor.label,
        )
        _keep_former(survivor, known_by, merge)
        _decide_pairs(workspace_id, wanted, merge)
        score_leads(workspace_id=workspace_id, ids=[survivor.id])
        told = [str(one) for one in merged_ids]
        record(
            action="merge",
            resource="lead",
            resource_id=survivor.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"merged": told},
        )
        emit(workspace_id, "lead.merged", {"lead": str(survivor.id), "merged": told})
    return merge


def lock_leads(workspace_id: UUID, ids: Sequence[UUID]) -> list[Lead]:
    """These leads, deleted ones too, locked in the order of their ids."""
    found = Lead.objects.select_for_update(of=("self",)).filter(
        workspace_id=workspace_id, id__in=ids
    )
    return list(found.order_by("id"))


def columns_of_lead() -> list[models.Field]:
    """What a lead's row is made of; what PostgreSQL computes itself isn't among them."""
    return [one for one in Lead._meta.concrete_fields if not one.generated]


def image_of(lead: Lead) -> dict[str, Any]:
    """The whole row, as JSON takes it: {column: value}."""
    return {one.attname: _as_json(getattr(lead, one.attname)) for one in columns_of_lead()}


def _as_json(value: Any) -> Any:
    # Moments as they are: Django's encoder would cut their microseconds.
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def identity_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The identity of the merged lead, computed where it is for every lead (L-11)."""
    return {
        "dedup_hash": dedup_hash(
            values["email"],
            values["company_domain"],
            values["phone"],
            country=values["country"] or None,
            linkedin_url=values["linkedin_url"],
            name=f"{values['first_name']} {values['last_name']}",
            company_name=values["company_name"],
        ),
        "email_key": normalise_email(values["email"]),
        "phone_key": normalise_phone(values["phone"], values["country"] or None),
    }


def contacts_of(leads: Sequence[Lead]) -> set[str]:
    """All addresses and numbers, in normal form, by which somebody is one of these leads."""
    ids = [lead.id for lead in leads]
    others = LeadContact.objects.filter(workspace_id=leads[0].workspace_id, lead_id__in=ids)
    mains = {key for lead in leads for key in (lead.email_key, lead.phone_key) if key}
    return mains | set(others.values_list("key", flat=True))


def _keep_former(survivor: Lead, known_by: set[str], merge: LeadMerge) -> None:
    """What isn't in the merged record any more stays this person's, however long (L-13)."""
    LeadContact.objects.bulk_create(
        LeadContact(
            workspace_id=survivor.workspace_id,
            key=key,
            lead_id=survivor.id,
            former=True,
            merge_id=merge.id,
        )
        for key in sorted(known_by - contacts_of([survivor]))
    )


def save_once(lead: Lead, *, refusal: str = TAKEN) -> None:
    """Save it. Raises `Conflict` where another living lead has the same identity (L-11).

    `refusal` says so of both, `lead` and `other`; the conflict names the other one's id.
    """
    try:
        with tenancy.atomic():
            lead.save()
    except IntegrityError as error:
        same = models.Q(dedup_hash=lead.dedup_hash)
        if lead.catalogue_id is not None:
            same |= models.Q(catalogue_id=lead.catalogue_id)
        others = Lead.objects.filter(same, workspace_id=lead.workspace_id).living()
        other = others.exclude(id=lead.id).order_by("id").first()
        raise Conflict(
            refusal.format(lead=lead, other=other or "Another lead"),
            lead=str(other.id) if other else None,
        ) from error


def _move_timeline(
    workspace_id: UUID, survivor: Lead, merged_ids: Sequence[UUID]
) -> dict[str, list[str]]:
    lines = LeadActivity.objects.filter(workspace_id=workspace_id, lead_id__in=merged_ids)
    moved: dict[str, list[str]] = defaultdict(list)
    for activity_id, lead_id in lines.values_list("id", "lead_id"):
        moved[str(lead_id)].append(str(activity_id))
    lines.update(lead_id=survivor.id)
    return dict(moved)


def note_merge(lead: Lead, text: str, actor: Actor) -> None:
    """A line of the timeline."""
    LeadActivity.objects.create(
        workspace_id=lead.workspace_id,
        lead_id=lead.id,
        kind="merge",
        text=text,
        actor_label=actor.label,
    )


def _decide_pairs(workspace_id: UUID, all_ids: Sequence[UUID], merge: LeadMerge) -> None:
    """Their pairs are merged; whom the merged ones were told apart from, the survivor is too.

    What the merge alone says is marked as its own, so that undoing can take it back.
    """
    states, pairs = DuplicateCandidate.State, DuplicateCandidate.objects
    decided = {"decided_at": timezone.now(), "decided_by_label": merge.created_by_label}
    pairs.filter(
        workspace_id=workspace_id, first__in=all_ids, second__in=all_ids, state=states.OPEN
    ).update(state=states.MERGED, **decided)
    apart = pairs.filter(
        models.Q(first__in=merge.merged_ids) | models.Q(second__in=merge.merged_ids),
        workspace_id=workspace_id,
        state=states.DISMISSED,
    )
    told_apart = {
        other
        for pair in apart.values_list("first_id", "second_id")
        for other in pair
        if other not in all_ids
    }
    survivor = merge.survivor_id
    # Pairs that a search has put on the list, and that nobody has decided.
    pairs.filter(
        models.Q(first=survivor, second__in=told_apart)
        | models.Q(first__in=told_apart, second=survivor),
        workspace_id=workspace_id,
        state=states.OPEN,
    ).update(state=states.DISMISSED, merge=merge, **decided)
    pairs.bulk_create(
        [
            DuplicateCandidate(
                workspace_id=workspace_id,
                first_id=min(survivor, other),
                second_id=max(survivor, other),
                confidence=0,
                state=states.DISMISSED,
                merge=merge,
                **decided,
            )
            for other in told_apart
        ],
        ignore_conflicts=True,
    )


def take_back_verdicts(merge: LeadMerge) -> None:
    """Forget whom the merge alone has told apart; what a person has decided since stays."""
    states = DuplicateCandidate.State
    said = DuplicateCandidate.objects.filter(
        workspace_id=merge.workspace_id, merge=merge, state=states.DISMISSED
    )
    said.filter(confidence=0).delete()  # no search has found these
    said.update(state=states.OPEN, merge=None, decided_at=None, decided_by_label="")
