"""Making several leads one, and several again (L-14).

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
from leads.records.models import Lead, LeadActivity
from leads.scoring.operations import score_leads

from .choosing import chosen_values, survivor_of
from .models import DuplicateCandidate, LeadMerge
from .registry import merge_hooks

MOST = 20  # leads at once
GONE = "One of these leads isn't there any more. Look at the list again."
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
        leads = _locked(workspace_id, wanted)
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
        before = {str(lead.id): _image(lead) for lead in leads}
        merged_ids = [lead.id for lead in others]
        Lead.objects.filter(workspace_id=workspace_id, id__in=merged_ids).update(
            deleted_at=values["updated_at"], merged_into=survivor.id
        )
        for column, value in (values | _identity(values)).items():
            setattr(survivor, column, value)
        _save_once(survivor)
        moved = _move_timeline(workspace_id, survivor, merged_ids)
        names = ", ".join(str(lead) for lead in others)
        _note(survivor, f"Merged with {names}"[:500], actor)
        _decide_pairs(workspace_id, wanted, survivor.id, merged_ids, actor)
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
            survivor_updated_at=survivor.updated_at,
            created_by_label=actor.label,
        )
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


def undo_merge(*, workspace_id: UUID, merge_id: UUID, actor: Actor) -> LeadMerge:
    """Make the leads of a merge what they were before it, within 30 days.

    Raises `NotFound`, and `Conflict` where it was undone, is too old, the merged lead was edited
    since (that edit would be lost), or one of the people came in again.
    """
    with tenancy.atomic():
        merge = (
            LeadMerge.objects.select_for_update()
            .filter(workspace_id=workspace_id, id=merge_id)
            .first()
        )
        if merge is None:
            raise NotFound("There is no such merge.")
        if merge.undone_at:
            raise Conflict("This merge was undone already.")
        if not merge.can_undo:
            raise Conflict("A merge can be undone for 30 days only.")
        leads = {lead.id: lead for lead in _locked(workspace_id, _members(merge))}
        survivor = leads.get(merge.survivor_id)
        if survivor is None or survivor.deleted_at or len(leads) != len(merge.before):
            raise Conflict("The merged lead was deleted. Restore it first, then undo the merge.")
        if survivor.updated_at != merge.survivor_updated_at:
            raise Conflict(
                "The merged lead was edited after the merge, and undoing would lose that."
            )
        # The survivor first: it gives back the identities of the others.
        for lead in (survivor, *(leads[one] for one in merge.merged_ids)):
            for column, value in _read_image(merge.before[str(lead.id)]).items():
                setattr(lead, column, value)
            _save_once(lead)
        for lead_id, activities in merge.moved.items():
            LeadActivity.objects.filter(
                workspace_id=workspace_id, id__in=activities, lead_id=survivor.id
            ).update(lead_id=lead_id)
        for hook in merge_hooks():
            if hook.name in merge.kept:
                hook.undo(
                    workspace_id=workspace_id,
                    survivor=survivor.id,
                    merged=merge.merged_ids,
                    kept=merge.kept[hook.name],
                )
        DuplicateCandidate.objects.filter(
            workspace_id=workspace_id,
            first__in=leads,
            second__in=leads,
            state=DuplicateCandidate.State.MERGED,
        ).update(state=DuplicateCandidate.State.OPEN, decided_at=None, decided_by_label="")
        _note(survivor, "Merge undone", actor)
        merge.undone_at = timezone.now()
        merge.save(update_fields=["undone_at"])
        told = [str(one) for one in merge.merged_ids]
        record(
            action="undo",
            resource="lead_merge",
            resource_id=merge.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"lead": str(survivor.id), "merged": told},
        )
        emit(workspace_id, "lead.unmerged", {"lead": str(survivor.id), "merged": told})
    return merge


def _locked(workspace_id: UUID, ids: Sequence[UUID]) -> list[Lead]:
    found = Lead.objects.select_for_update(of=("self",)).filter(
        workspace_id=workspace_id, id__in=ids
    )
    return list(found.order_by("id"))


def _members(merge: LeadMerge) -> list[UUID]:
    return sorted([merge.survivor_id, *merge.merged_ids])


def _columns() -> list[models.Field]:
    return [one for one in Lead._meta.concrete_fields if not one.generated]


def _image(lead: Lead) -> dict[str, Any]:
    return {one.attname: _as_json(getattr(lead, one.attname)) for one in _columns()}


def _as_json(value: Any) -> Any:
    # Moments as they are: Django's encoder would cut their microseconds.
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _read_image(image: Mapping[str, Any]) -> dict[str, Any]:
    return {one.attname: one.to_python(image[one.attname]) for one in _columns()}


def _identity(values: Mapping[str, Any]) -> dict[str, str]:
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


def _save_once(lead: Lead) -> None:
    try:
        with tenancy.atomic():
            lead.save()
    except IntegrityError as error:
        raise Conflict(
            f"Another lead is {lead} already, by e-mail address, phone or record. Merge it too."
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


def _note(lead: Lead, text: str, actor: Actor) -> None:
    LeadActivity.objects.create(
        workspace_id=lead.workspace_id,
        lead_id=lead.id,
        kind="merge",
        text=text,
        actor_label=actor.label,
    )


def _decide_pairs(
    workspace_id: UUID,
    all_ids: Sequence[UUID],
    survivor: UUID,
    merged_ids: Sequence[UUID],
    actor: Actor,
) -> None:
    """Their pairs are merged; whom the merged ones were told apart from, the survivor is too."""
    DuplicateCandidate.objects.filter(
        workspace_id=workspace_id,
        first__in=all_ids,
        second__in=all_ids,
        state=DuplicateCandidate.State.OPEN,
    ).update(
        state=DuplicateCandidate.State.MERGED,
        decided_at=timezone.now(),
        decided_by_label=actor.label,
    )
    apart = DuplicateCandidate.objects.filter(
        models.Q(first__in=merged_ids) | models.Q(second__in=merged_ids),
        workspace_id=workspace_id,
        state=DuplicateCandidate.State.DISMISSED,
    )
    told_apart = {
        other
        for pair in apart.values_list("first_id", "second_id")
        for other in pair
        if other not in all_ids
    }
    DuplicateCandidate.objects.bulk_create(
        [
            DuplicateCandidate(
                workspace_id=workspace_id,
                first_id=min(survivor, other),
                second_id=max(survivor, other),
                confidence=0,
                state=DuplicateCandidate.State.DISMISSED,
                decided_at=timezone.now(),
                decided_by_label=actor.label,
            )
            for other in told_apart
        ],
        ignore_conflicts=True,
    )
