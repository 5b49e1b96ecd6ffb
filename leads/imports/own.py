"""What a file says of the workspace's own fields: status, owner, tags and notes, row by row.

They don't go the way of the record, for most files have none: see `giving`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from accounts.workspaces.models import Membership
from cursive.lib.errors import InvalidInput
from cursive.lib.texts import read_text
from leads.records.column_names import OWN_TARGETS
from leads.records.mapping import Mapping as ColumnMapping
from leads.records.models import Lead
from leads.records.operations import LONGEST_NOTE, LONGEST_TAG, MAX_TAGS, clean_tags

_STATUSES = {
    word.casefold(): code for code, label in Lead.Status.choices for word in (code, str(label))
}
_KNOWN = ", ".join(str(label) for label in Lead.Status.labels)
_NO_STATUS = f"Statuses that aren't known. They are: {_KNOWN}."
_NO_OWNER = "Owners who aren't members of this workspace. Write a member's name or e-mail address."
_NO_TAGS = f"Tags that can't be used: over {LONGEST_TAG} characters, or over {MAX_TAGS} of them."
_NO_NOTES = f"Notes over {LONGEST_NOTE:,} characters, or with control characters."
#: Before what a spreadsheet would take for a formula, exports write an apostrophe.
_HARMLESS = ("'=", "'+", "'-", "'@")


class Own(NamedTuple):
    """What leads get beside their record; empty is nothing. `owner` is a member's user id."""

    status: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""


NOTHING = Own()


class OwnReader:
    """Reads the own fields of one file's rows. `lost` has what is no use in the last one:
    (sentence, value) pairs."""

    def __init__(self, mapping: ColumnMapping, workspace_id: UUID) -> None:
        self.lost: list[tuple[str, str]] = []
        fields = mapping.fields
        self._at = {name: fields.get(name, []) for name in OWN_TARGETS}
        self._is_wanted = any(self._at.values())
        self._owners = _members(workspace_id) if self._at["owner"] else {}
        self._tags_of = lru_cache(maxsize=4096)(_tags)

    def read(self, values: Sequence[str]) -> Own:
        """What a row says."""
        self.lost = []
        if not self._is_wanted:
            return NOTHING
        cells = {
            name: [values[at].strip() for at in indexes if values[at].strip()]
            for name, indexes in self._at.items()
        }
        tags: set[str] = set()
        for cell in cells["tags"]:
            found = self._tags_of(cell)
            if found is None:
                self.lost.append((_NO_TAGS, cell))
            else:
                tags.update(found)
        return Own(
            self._one(cells["status"], _STATUSES, _NO_STATUS),
            self._one(cells["owner"], self._owners, _NO_OWNER),
            tuple(sorted(tags)),
            self._notes("\n".join(cells["notes"])),
        )

    def _one(self, cells: Sequence[str], known: Mapping[str, str], sentence: str) -> str:
        if not cells:
            return ""
        found = known.get(cells[0].casefold(), "")
        if not found:
            self.lost.append((sentence, cells[0]))
        return found

    def _notes(self, text: str) -> str:
        if text.startswith(_HARMLESS):
            text = text[1:]
        try:
            return read_text(text, field="notes", longest=LONGEST_NOTE, lines=True)
        except InvalidInput:
            self.lost.append((_NO_NOTES, text))
            return ""


def _tags(cell: str) -> tuple[str, ...] | None:
    """The tags of a cell, None where one of them can't be kept."""
    try:
        return tuple(clean_tags(cell.replace(";", ",").split(",")))
    except InvalidInput:
        return None


def _members(workspace_id: UUID) -> dict[str, str]:
    """User ids by e-mail address and by name, where only one has it."""
    found: dict[str, str] = {}
    users = Membership.objects.filter(workspace_id=workspace_id).values_list(
        "user_id", "user__name", "user__email"
    )
    rows = list(users)
    names = Counter(name.casefold() for _, name, _ in rows)
    for id, name, _ in rows:
        if name and names[name.casefold()] == 1:
            found[name.casefold()] = str(id)
    return found | {email.casefold(): str(id) for id, _, email in rows}
