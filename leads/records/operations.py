"""What changes leads one at a time."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from accounts.workspaces.models import Membership
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.outbox import emit
from cursive.lib.texts import UNFIT_SENTENCE, is_fit, read_text
from leads.filters.text import tag_form
from leads.scoring.operations import score_leads

from .models import TRASH_KEPT, Lead, LeadActivity
from .queries import missing_lead

EDITABLE = ("status", "notes", "tags", "owner_id")
MAX_TAGS = 50
LONGEST_TAG = 40
LONGEST_NOTE = 20_000
PURGE_BATCH = 5_000


def update_lead(
    *,
    workspace_id: UUID,
    lead_id: UUID,
    actor: Actor,
    changes: Mapping[str, Any],
    seen: Mapping[str, Any] | None = None,
) -> Lead:
    """Change status, notes, tags or owner; every real change is a line of the timeline.

    `seen` is what the actor saw of the lead's columns before. Raises `NotFound`, `InvalidInput`
    naming the field, and `Conflict` where one of them isn't as it was seen any more.
    """
    with tenancy.atomic():
        lead = lock_lead(workspace_id, lead_id)
        check_seen(lead, seen or {})
        wanted = {name: value for name, value in changes.items() if name in EDITABLE}
        check_own(workspace_id, wanted)
        if "tags" in wanted:
            wanted["tags"] = clean_tags(wanted["tags"])
        if "notes" in wanted:
            notes = wanted["notes"]
            wanted["notes"] = read_text(notes, field="notes", longest=LONGEST_NOTE, lines=True)
        old = {name: getattr(lead, name) for name in wanted}
        changed = {name: value for name, value in wanted.items() if old[name] != value}
        if not changed:
            return lead
        for name, value in changed.items():
            setattr(lead, name, value)
        lead.updated_at = timezone.now()
        lead.save(update_fields=[*changed, "updated_at"])
        LeadActivity.objects.bulk_create(
            LeadActivity(
                workspace_id=workspace_id,
                lead=lead,
                kind=name.removesuffix("_id"),
                text=_sentence(lead, name, old[name]),
                actor_label=actor.label,
            )
            for name in changed
        )
        record(
            action="update",
            resource="lead",
            resource_id=lead.id,
            actor=actor,
            workspace_id=workspace_id,
            old={name: old[name] for name in changed},
            new=changed,
        )
        emit(workspace_id, "lead.updated", {"lead": str(lead.id), "changed": sorted(changed)})
    return lead


def delete_lead(*, workspace_id: UUID, lead_id: UUID, actor: Actor) -> Lead:
    """Put a lead in the trash: gone from lists, restorable for 30 days (A-19)."""
    with tenancy.atomic():
        lead = lock_lead(workspace_id, lead_id)
        lead.deleted_at = timezone.now()
        lead.save(update_fields=["deleted_at"])
        record(
            action="delete",
            resource="lead",
            resource_id=lead.id,
            actor=actor,
            workspace_id=workspace_id,
        )
    return lead


def restore_lead(*, workspace_id: UUID, lead_id: UUID, actor: Actor) -> Lead:
    """Take a lead out of the trash, within 30 days.

    Raises `NotFound`, and `Conflict` where the person came back meanwhile.
    """
    with tenancy.atomic():
        lead = (
            Lead.objects.select_for_update()
            .filter(workspace_id=workspace_id, id=lead_id)
            .restorable()
            .first()
        )
        if lead is None:
            raise NotFound("There is no such lead in the trash.")
        lead.deleted_at = None
        try:
            with tenancy.atomic():
                lead.save(update_fields=["deleted_at"])
        except IntegrityError as error:
            raise Conflict("This person is among your leads again already.") from error
        # In the trash it wasn't scored.
        score_leads(workspace_id=workspace_id, ids=[lead.id])
        record(
            action="restore",
            resource="lead",
            resource_id=lead.id,
            actor=actor,
            workspace_id=workspace_id,
        )
    return lead


def purge_deleted_leads() -> int:
    """Delete for good what has been in the trash for 30 days, in all workspaces; how many.

    Batch by batch, children first, so that no lock lasts long.
    """
    purged = 0
    before = timezone.now() - TRASH_KEPT
    while True:
        with tenancy.system_context(), tenancy.atomic():
            ids = list(
                Lead.objects.filter(deleted_at__lt=before)
                .select_for_update(skip_locked=True)
                .values_list("id", flat=True)[:PURGE_BATCH]
            )
            LeadActivity.objects.filter(lead_id__in=ids).delete()
            Lead.objects.filter(id__in=ids).delete()
        purged += len(ids)
        if len(ids) < PURGE_BATCH:
            return purged


def lock_lead(workspace_id: UUID, lead_id: UUID) -> Lead:
    """A living lead, locked to the end of the transaction. Raises NotFound (`missing_lead`)."""
    lead = (
        Lead.objects.select_for_update(of=("self",))
        .filter(workspace_id=workspace_id, id=lead_id)
        .living()
        .first()
    )
    if lead is None:
        raise missing_lead(workspace_id, lead_id)
    return lead


def check_seen(lead: Lead, seen: Mapping[str, Any]) -> None:
    """Raise `Conflict`, naming the fields, where the lead's columns aren't as they were seen."""
    changed = [name.removesuffix("_id") for name in seen if getattr(lead, name) != seen[name]]
    if changed:
        said = "Changed at this moment by somebody else. Save again to see what it is now."
        raise Conflict(
            "The lead was changed at this moment by somebody else. Save again to see what it is.",
            fields=dict.fromkeys(changed, said),
        )


def check_own(workspace_id: UUID, wanted: Mapping[str, Any]) -> None:
    """Raise InvalidInput for a status that there isn't, or an `owner_id` that is no member's."""
    if "status" in wanted and wanted["status"] not in Lead.Status.values:
        known = ", ".join(Lead.Status.values)
        raise InvalidInput("There is no such status.", fields={"status": f"One of: {known}."})
    owner = wanted.get("owner_id")
    if owner and not Membership.objects.filter(workspace_id=workspace_id, user_id=owner).exists():
        raise InvalidInput(
            "The owner must be a member.", fields={"owner": "Choose a member of this workspace."}
        )


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Tags as they are kept: lower case, each once, sorted. Raises InvalidInput."""
    clean = sorted({tag_form(tag) for tag in tags if tag.strip()})
    if len(clean) > MAX_TAGS:
        raise InvalidInput("Too many tags.", fields={"tags": f"At most {MAX_TAGS}."})
    if any(len(tag) > LONGEST_TAG for tag in clean):
        raise InvalidInput(
            "A tag is too long.", fields={"tags": f"At most {LONGEST_TAG} characters a tag."}
        )
    if not all(is_fit(tag) for tag in clean):
        raise InvalidInput(UNFIT_SENTENCE, fields={"tags": UNFIT_SENTENCE})
    return clean


def _sentence(lead: Lead, name: str, old: Any) -> str:
    if name == "status":
        was = Lead.Status(old).label
        return f"Status changed from {was} to {lead.get_status_display()}"
    if name == "owner_id":
        return f"Assigned to {lead.owner}" if lead.owner else "Owner removed"
    if name == "tags":
        return f"Tags: {', '.join(lead.tags)}"[:500] if lead.tags else "Tags removed"
    return "Notes changed"
