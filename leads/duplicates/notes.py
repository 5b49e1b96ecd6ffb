"""Notes move with a merge, and back with its undo."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from leads.records.models import LeadNote


class NotesHook:
    """The `MergeHook` of notes."""

    name = "notes"

    def merge(self, *, workspace_id: UUID, survivor: UUID, merged: Sequence[UUID]) -> Any:
        """All notes of the merged, deleted ones too; answers with whose they were."""
        notes = LeadNote.objects.filter(workspace_id=workspace_id, lead_id__in=merged)
        moved: dict[str, list[str]] = defaultdict(list)
        for note_id, lead_id in notes.values_list("id", "lead_id"):
            moved[str(lead_id)].append(str(note_id))
        notes.update(lead_id=survivor)
        return dict(moved)

    def undo(
        self, *, workspace_id: UUID, survivor: UUID, merged: Sequence[UUID], kept: Any
    ) -> None:
        """Each back to whose it was; what was written since stays with the survivor."""
        for lead_id, notes in kept.items():
            LeadNote.objects.filter(
                workspace_id=workspace_id, id__in=notes, lead_id=survivor
            ).update(lead_id=lead_id)
