"""What a purpose says of the rows of its files: who is wanted, who is known, what else is read.

`Planner` does what all files have in common; what differs is a judge's.
"""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple
from uuid import UUID

from leads.records.acquisition import Candidate
from leads.records.known import known_among
from leads.records.mapping import Mapping as ColumnMapping

from .own import NOTHING, Own, OwnReader
from .staging import NEW, OWNED

_OWNED = "This person is in your workspace already."


class Found(NamedTuple):
    """What a judge makes of somebody: an outcome, and the sentence and the field that say why."""

    outcome: str
    reason: str = ""
    field: str = ""


WANTED = Found(NEW)


class Judge:
    """Takes everybody, and knows nobody. Subclass.

    `partly` is said of a row that is taken without some of its values: the value, and why.
    """

    partly: ClassVar[str] = "Taken without “{}”. {}"

    def refuse(self, candidate: Candidate) -> Found | None:
        """Why this person isn't wanted, whoever else there is; None where they are."""
        return None

    def know(self, candidates: Sequence[Candidate]) -> Sequence[Found]:
        """Each of these, in their order: WANTED, or as whom they are known already."""
        return [WANTED] * len(candidates)

    def read_own(self, values: Sequence[str]) -> tuple[Own, list[tuple[str, str]]]:
        """What a row says of the workspace's own fields, and its (sentence, value) pairs that
        are no use."""
        return NOTHING, []


class ImportJudge(Judge):
    """Knows the workspace's leads (L-13), and reads its own fields."""

    partly = "Imported without “{}”. {}"

    def __init__(self, workspace_id: UUID, mapping: ColumnMapping) -> None:
        self._workspace_id = workspace_id
        self._own = OwnReader(mapping, workspace_id)

    def know(self, candidates: Sequence[Candidate]) -> Sequence[Found]:
        """Who is a lead, or was."""
        before = known_among(self._workspace_id, candidates).before
        return [Found(OWNED, _OWNED) if before.has(one) else WANTED for one in candidates]

    def read_own(self, values: Sequence[str]) -> tuple[Own, list[tuple[str, str]]]:
        """Status, owner, tags and notes."""
        return self._own.read(values), self._own.lost
