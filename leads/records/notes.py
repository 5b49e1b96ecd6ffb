"""Writing, deleting and bringing back notes about a lead."""

from uuid import UUID

from django.utils import timezone

from accounts.workspaces.models import Role
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Forbidden, NotFound
from cursive.lib.outbox import emit
from cursive.lib.texts import read_text

from .models import Lead, LeadActivity, LeadNote
from .operations import LONGEST_NOTE, lock_lead

BEGINNING = 120


def add_note(*, workspace_id: UUID, lead_id: UUID, actor: Actor, text: str) -> LeadNote:
    """Write a note; it is a line of the timeline too. Raises NotFound, InvalidInput (text)."""
    with tenancy.atomic():
        lead = lock_lead(workspace_id, lead_id)
        note = LeadNote.objects.create(
            workspace_id=workspace_id,
            lead=lead,
            text=read_text(
                text, field="text", longest=LONGEST_NOTE, missing="Write something.", lines=True
            ),
            author_id=actor.user_id,
            author_label=actor.label[:200],
        )
        _tell(lead, actor, f"Note: {_beginning(note.text)}")
        _record("create", note, actor)
        emit(workspace_id, "lead.updated", {"lead": str(lead.id), "changed": ["notes"]})
    return note


def delete_note(*, workspace_id: UUID, lead_id: UUID, note_id: UUID, actor: Actor) -> LeadNote:
    """Delete a note of one's own, as an admin any; it can be brought back for 30 days (A-19)."""
    with tenancy.atomic():
        lead = lock_lead(workspace_id, lead_id)
        note = _own(workspace_id, lead, note_id, actor, deleted=False)
        note.deleted_at = timezone.now()
        note.save(update_fields=["deleted_at"])
        _tell(lead, actor, "Note deleted")
        _record("delete", note, actor)
    return note


def restore_note(*, workspace_id: UUID, lead_id: UUID, note_id: UUID, actor: Actor) -> LeadNote:
    """Undo a deletion."""
    with tenancy.atomic():
        lead = lock_lead(workspace_id, lead_id)
        note = _own(workspace_id, lead, note_id, actor, deleted=True)
        note.deleted_at = None
        note.save(update_fields=["deleted_at"])
        _tell(lead, actor, "Note restored")
        _record("restore", note, actor)
    return note


def purge_deleted_notes() -> int:
    """Delete for good, in all workspaces, the notes deleted over 30 days ago (A-19)."""
    with tenancy.system_context():
        return LeadNote.objects.expired().delete()[0]


def _own(workspace_id: UUID, lead: Lead, note_id: UUID, actor: Actor, *, deleted: bool) -> LeadNote:
    notes = LeadNote.objects.select_for_update(of=("self",))
    notes = notes.filter(workspace_id=workspace_id, lead=lead, id=note_id)
    note = (notes.restorable() if deleted else notes.living()).first()
    if note is None:
        raise NotFound("There is no such note.")
    if note.author_id != actor.user_id and actor.role not in (Role.OWNER, Role.ADMIN):
        raise Forbidden("Only who wrote a note, an admin or an owner can delete it.")
    return note


def _beginning(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= BEGINNING else f"{first[: BEGINNING - 1]}…"


def _tell(lead: Lead, actor: Actor, text: str) -> None:
    LeadActivity.objects.create(
        workspace_id=lead.workspace_id,
        lead=lead,
        kind="note",
        text=text,
        actor_label=actor.label[:200],
    )


def _record(action: str, note: LeadNote, actor: Actor) -> None:
    record(
        action=action,
        resource="lead_note",
        resource_id=note.id,
        actor=actor,
        workspace_id=note.workspace_id,
        new={"lead": str(note.lead_id)},
    )
