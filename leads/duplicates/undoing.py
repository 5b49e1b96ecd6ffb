"""Making the leads of a merge several again, field by field (L-14).

The merged leads come back as they were. In the one that stayed, what nobody has touched since is
put back, and what was changed after the merge stays: undoing never loses later work.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.workspaces.models import Membership
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, NotFound
from cursive.lib.outbox import emit
from leads.records.columns import COLUMNS
from leads.records.editing import EMAILS
from leads.records.identity import normalise_email
from leads.records.known import leads_with
from leads.records.models import Lead, LeadActivity, LeadContact
from leads.scoring.operations import score_leads

from .choosing import UNITS
from .merging import (
    columns_of_lead,
    identity_of,
    lock_leads,
    note_merge,
    save_once,
    take_back_verdicts,
)
from .models import DuplicateCandidate, LeadMerge
from .registry import merge_hooks

SETS = ("tags", "intent_topics")
SUMS = ("pages_viewed", "seconds_on_site")
# Said of an address or number, by whoever checks it: it goes where that goes.
FACTS = {"email": UNITS["email"][1:], "phone": UNITS["phone"][1:]}
IDENTITY = (
    *("email", "phone", "company_domain", "country", "linkedin_url"),
    *("first_name", "last_name", "company_name"),
)
# Not somebody's words: computed from the others, or what undoing itself is about.
COMPUTED = (
    *("score", "score_factors", "updated_at", "deleted_at", "merged_into"),
    *("dedup_hash", "email_key", "phone_key"),
)
CAME_AGAIN = (
    "{lead} came in again after the merge, as another lead: {other}. Undone, there would be two of"
    " them. Delete the one that came in, then undo the merge; or leave them merged."
)
LABELS = {"notes": "Notes", "tags": "Tags", "intent_topics": "Topics"}


def undo_merge(*, workspace_id: UUID, merge_id: UUID, actor: Actor) -> LeadMerge:
    """Make the leads of a merge several again, within 30 days; `stayed` says what it left alone.

    Raises `NotFound`, and `Conflict` where it was undone, is too old, the lead that stayed was
    deleted or merged again, or one of the people came in again; then nothing has changed.
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
        leads = {lead.id: lead for lead in lock_leads(workspace_id, _members(merge))}
        survivor = leads.get(merge.survivor_id)
        _check_there(merge, survivor, leads)
        assert survivor is not None  # checked
        _check_nobody_came(merge, leads)
        merge.stayed = _put_back(merge, leads, survivor)
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
        LeadContact.objects.filter(workspace_id=workspace_id, merge_id=merge.id).delete()
        take_back_verdicts(merge)
        DuplicateCandidate.objects.filter(
            workspace_id=workspace_id,
            first__in=leads,
            second__in=leads,
            state=DuplicateCandidate.State.MERGED,
        ).update(state=DuplicateCandidate.State.OPEN, decided_at=None, decided_by_label="")
        said = f". Changed since, so not put back: {', '.join(merge.stayed)}"
        note_merge(survivor, f"Merge undone{said if merge.stayed else ''}"[:500], actor)
        # While they were one, the profile and the days have gone on (L-7).
        score_leads(workspace_id=workspace_id, ids=leads)
        merge.undone_at = timezone.now()
        merge.save(update_fields=["undone_at", "stayed"])
        told = [str(one) for one in merge.merged_ids]
        record(
            action="undo",
            resource="lead_merge",
            resource_id=merge.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"lead": str(survivor.id), "merged": told, "stayed": merge.stayed},
        )
        emit(workspace_id, "lead.unmerged", {"lead": str(survivor.id), "merged": told})
    return merge


def _members(merge: LeadMerge) -> list[UUID]:
    return sorted([merge.survivor_id, *merge.merged_ids])


def _check_there(merge: LeadMerge, survivor: Lead | None, leads: Mapping[UUID, Lead]) -> None:
    if not merge.after:  # from before a merge kept what came of it
        raise Conflict("This merge is of an earlier version of Cursive, and can't be undone.")
    if survivor is not None and survivor.merged_into:
        raise Conflict("The merged lead was merged into another one. Undo that merge first.")
    if survivor is None or survivor.deleted_at or len(leads) != len(merge.before):
        raise Conflict("The merged lead was deleted. Restore it first, then undo the merge.")
    later = LeadMerge.objects.filter(
        workspace_id=merge.workspace_id,
        survivor=survivor,
        undone_at__isnull=True,
        created_at__gt=merge.created_at,
    )
    if later.exists():
        raise Conflict("Other leads were merged into this one later. Undo that merge first.")


def _check_nobody_came(merge: LeadMerge, leads: Mapping[UUID, Lead]) -> None:
    """Raise `Conflict` where one of the merged is a lead again by an e-mail address (L-12)."""
    whose = {
        key: lead
        for lead in leads.values()
        for name in EMAILS
        if (key := normalise_email(merge.before[str(lead.id)][name]))
    }
    beside = leads_with(merge.workspace_id, list(whose), living=True)
    came = (
        Lead.objects.filter(
            Q(email_key__in=list(whose)) | Q(id__in=[one.lead for one in beside]),
            workspace_id=merge.workspace_id,
            created_at__gt=merge.created_at,
        )
        .living()
        .exclude(id__in=list(leads))
    )
    other = came.order_by("id").first()
    if other is not None:
        keys = [other.email_key, *(one.key for one in beside if one.lead == other.id)]
        lead = next(whose[key] for key in keys if key in whose)
        raise Conflict(CAME_AGAIN.format(lead=lead, other=other), lead=str(other.id))


def _put_back(merge: LeadMerge, leads: Mapping[UUID, Lead], survivor: Lead) -> list[str]:
    """Write all rows; the labels of the survivor's fields that were changed since."""
    after = _read_image(merge.after)
    now = {name: getattr(survivor, name) for name in after}
    values, stayed = _without_merge(_read_image(merge.before[str(survivor.id)]), after, now)
    if values["owner_id"] != now["owner_id"]:
        members = Membership.objects.filter(workspace_id=merge.workspace_id)
        if not members.filter(user_id=values["owner_id"]).exists():
            values["owner_id"] = None  # who owned it has left
    # The merged ones' rows are as they were, but for being gone.
    back = dict.fromkeys(("deleted_at", "merged_into"))
    changes = {one: dict[str, Any](back) for one in merge.merged_ids} | {survivor.id: values}
    for main, facts in FACTS.items():
        if now[main] and now[main] == after[main] and any(now[x] != after[x] for x in facts):
            for lead_id, change in changes.items():  # checked since: it is true of whose it is
                if change.get(main, getattr(leads[lead_id], main)) == now[main]:
                    change |= {name: now[name] for name in (*facts, "updated_at")}
    # The survivor first: it gives back the identities of the others.
    for lead_id in (survivor.id, *merge.merged_ids):
        for column, value in changes[lead_id].items():
            setattr(leads[lead_id], column, value)
        save_once(leads[lead_id], refusal=CAME_AGAIN)
    return stayed


def _without_merge(
    before: dict[str, Any], after: dict[str, Any], now: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The survivor's row without what the merge brought, and what was changed since."""
    values, stayed = dict(before), list[str]()

    labels = {columns[0]: COLUMNS[name].label for name, columns in UNITS.items()} | LABELS
    facts = [name for names in FACTS.values() for name in names]
    for name in before:
        if name in COMPUTED or name in facts or now[name] == after[name]:
            continue
        if name in SETS:
            brought = set(after[name]) - set(before[name])
            values[name] = sorted(set(now[name]) - brought)
            if values[name] != before[name]:
                stayed.append(labels[name])
        elif name in SUMS:
            values[name] = (before[name] or 0) + (now[name] or 0) - (after[name] or 0)
        else:
            values |= {one: now[one] for one in (name, *FACTS.get(name, ()))}
            if name in labels:
                stayed.append(labels[name])
    if any(values[name] != before[name] for name in IDENTITY):
        values |= identity_of(values)
    if any(values[name] != before[name] for name in before if name not in COMPUTED):
        values["updated_at"] = timezone.now()
    return values, stayed


def _read_image(image: Mapping[str, Any]) -> dict[str, Any]:
    return {one.attname: one.to_python(image[one.attname]) for one in columns_of_lead()}
