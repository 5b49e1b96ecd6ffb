"""Decides for the rows of a file who is new, known, doubled or nobody."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cursive.lib.tables import Position, Row, RowProblem, Table
from leads.catalogue.suppression import are_suppressed
from leads.records.acquisition import Candidate, candidate_of
from leads.records.identity import NoIdentity
from leads.records.reading import PersonReader, Rejection

from .judging import Judge
from .own import NOTHING, Own
from .seen import Seen
from .staging import (
    DOUBLE,
    INVALID,
    NEW,
    OWNED_PARTLY,
    PARTLY,
    SUPPRESSED,
    LeftOut,
    Parts,
    Planned,
)
from .uploads.models import Upload
from .uploads.operations import open_upload

SAMPLES = 20
# Characters of a value, where it stands beside the reason.
SHOWN = 80
# A part is in memory as a whole, whatever its rows are like.
MOST_CHARACTERS = 4_000_000
LONG_ROW, LONGEST_CELL = 4_000, 2_000
CELLS = 8
SAMPLE_FIELDS = ("first_name", "last_name", "email", "phone", "title", "company_name")
_DOUBLE = "The same person is in a row further up."
_SUPPRESSED = "This person has asked not to be contacted."


@dataclass(slots=True)
class Part:
    """What one part of the file came to."""

    people: list[Planned] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    own: dict[int, Own] = field(default_factory=dict)
    # What can't be used, by line: (sentence, value) pairs.
    lost: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    rows: int = 0
    is_last: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)

    def reasons(self) -> Counter[str]:
        """How many rows are nobody, by reason."""
        return Counter(each.reason for each in self.left_out if each.outcome == INVALID)

    def samples(self) -> dict[str, list[dict[str, Any]]]:
        """The first rows of each outcome, as the preview shows them."""
        found: dict[str, list[dict[str, Any]]] = {}
        for planned in self.people:
            rows = found.setdefault(planned.outcome, [])
            if len(rows) < SAMPLES:
                person = planned.candidate.person
                shown = {name: getattr(person, name) or "" for name in SAMPLE_FIELDS}
                rows.append({"line": planned.line, **shown})
        shown_whole = {*found, OWNED_PARTLY}
        for each in self.left_out:
            rows = found.setdefault(each.outcome, [])
            if each.outcome not in shown_whole and len(rows) < SAMPLES:
                cells = [cell[:80] for cell in each.values if cell.strip()][:CELLS]
                rows.append({"line": each.line, "reason": each.reason, "values": cells})
        return found


class Planner:
    """A file that is being planned, from a position on. Close it.

    `part` is the number of the part that comes next. Everybody whom the `judge` doesn't refuse is
    staged, under the outcome that it finds.
    """

    def __init__(
        self,
        upload: Upload,
        *,
        judge: Judge,
        country: str,
        position: Sequence[int] | None,
        part: int,
    ) -> None:
        self.part = part
        self._judge_of_rows = judge
        self._seen = Seen()
        try:
            self._table: Table = open_upload(upload)
        except BaseException:
            self._seen.close()
            raise
        self._reader = PersonReader(upload.columns_mapped, default_country=country, notes_lost=True)
        start = Position(*position) if position else None
        self._rows: Iterator[Row | RowProblem] = self._table.rows(start)

    def close(self) -> None:
        """Let go of the file."""
        self._table.close()
        self._seen.close()

    def recall(self, parts: Parts) -> None:
        """Learn who came in the parts before this one, which another worker has written."""
        for number in range(self.part):
            self._seen.add(planned.candidate for planned in parts.people(number))

    @property
    def position(self) -> list[int]:
        """Where the part after this one begins."""
        return list(self._table.position)

    def progress(self) -> tuple[int, int]:
        """How far the file is read: (done, total) in one unit."""
        return self._table.progress()

    def next_part(self, limit: int) -> Part:
        """Plan up to `limit` rows, fewer where they are long. Raises TableRefused."""
        part = Part(is_last=True)
        rows: list[tuple[int, list[str]]] = []
        read: list[list[str]] = []
        characters = 0
        for row in self._rows:
            part.rows += 1
            if isinstance(row, RowProblem):
                characters += len(row.raw)
                part.left_out.append(LeftOut(INVALID, row.line, row.reason, [row.raw]))
            else:
                length = sum(map(len, row[1]))
                characters += length
                rows.append(row)
                # No field holds more, and what was read is remembered for the rows that follow.
                is_long = length > LONG_ROW
                read.append([cell[:LONGEST_CELL] for cell in row[1]] if is_long else row[1])
            if part.rows >= limit or characters >= MOST_CHARACTERS:
                part.is_last = False
                break
        self._judge(part, self._allowed(part, self._found(part, rows, read)))
        part.left_out.sort(key=lambda each: each.line)
        part.repairs.update(self._table.repairs)
        self._table.repairs.clear()
        part.counts.update(each.outcome for each in part.people if each.outcome == NEW)
        part.counts.update(
            each.outcome for each in part.left_out if each.outcome not in (PARTLY, OWNED_PARTLY)
        )
        self.part += 1
        return part

    def _found(
        self, part: Part, rows: list[tuple[int, list[str]]], read: list[list[str]]
    ) -> list[tuple[int, list[str], Candidate]]:
        """The people in `rows`, of whose cells `read` has the beginnings; the rest is left out."""
        found = []
        people = self._reader.read_all(read)
        for lost in self._reader.lost:
            part.lost.setdefault(rows[lost.row][0], []).append((lost.sentence, lost.value))
        for (line, values), person in zip(rows, people, strict=True):
            if isinstance(person, Rejection):
                part.left_out.append(LeftOut(INVALID, line, person.reason, values, person.field))
                continue
            try:
                found.append((line, values, candidate_of(person)))
            except NoIdentity as error:
                part.left_out.append(LeftOut(INVALID, line, error.message, values))
        return found

    def _allowed(
        self, part: Part, found: list[tuple[int, list[str], Candidate]]
    ) -> list[tuple[int, list[str], Candidate]]:
        """Those who aren't on the suppression list (A-18); the others are left out."""
        said = are_suppressed([candidate for _, _, candidate in found]) if found else []
        for (line, values, _), is_suppressed in zip(found, said, strict=True):
            if is_suppressed:
                part.left_out.append(LeftOut(SUPPRESSED, line, _SUPPRESSED, values))
        return [each for each, is_suppressed in zip(found, said, strict=True) if not is_suppressed]

    def _judge(self, part: Part, found: list[tuple[int, list[str], Candidate]]) -> None:
        judge = self._judge_of_rows
        wanted = []
        for line, values, candidate in found:
            refused = judge.refuse(candidate)
            if refused is None:
                wanted.append((line, values, candidate))
            else:
                part.left_out.append(
                    LeftOut(refused.outcome, line, refused.reason, values, refused.field)
                )
        candidates = [one for _, _, one in wanted]
        known = judge.know(candidates)
        seen = self._seen.among(candidates)
        fresh = []
        for (line, values, candidate), what in zip(wanted, known, strict=True):
            if seen.has(candidate):
                part.left_out.append(LeftOut(DOUBLE, line, _DOUBLE, values))
                continue
            seen.add(candidate)
            fresh.append(candidate)
            part.people.append(Planned(what.outcome, line, candidate))
            own, lost_own = judge.read_own(values)
            if own != NOTHING:
                part.own[line] = own
            if lost := part.lost.get(line, []) + lost_own:
                part.warnings.update(sentence for sentence, _ in lost)
                said = " ".join(judge.partly.format(value[:SHOWN], why) for why, value in lost)
                kind = PARTLY if what.outcome == NEW else OWNED_PARTLY
                part.left_out.append(LeftOut(kind, line, said, values))
            if what.outcome != NEW:
                part.left_out.append(LeftOut(what.outcome, line, what.reason, values, what.field))
        self._seen.add(fresh)
