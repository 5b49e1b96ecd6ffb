"""The files between preview and import: people as they will be written, and rows left out.

A part is what one step of the preview read. It is written whole, by overwriting, so that a worker
that dies leaves at most a part that the next one writes again.
"""

import csv
import datetime
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from cursive.lib.errors import Conflict
from leads.records.acquisition import ROW_COLUMNS, Candidate, row_of
from leads.records.person import FIELD_NAMES, Person

NEW, OWNED, DOUBLE, INVALID, SUPPRESSED = "new", "owned", "double", "invalid", "suppressed"
# As much as a spreadsheet takes in one cell.
LONGEST_CELL = 32_767
_LIST = ";"
# What stands before a lead's row in a staged one.
_BEFORE = 4
# The row of a lead without its id. What says who it is stands first and last in it.
_COLUMNS = ROW_COLUMNS[1:]
assert _COLUMNS[:2] == ("first_name", "last_name")
assert _COLUMNS[-3:] == ("dedup_hash", "email_key", "phone_key")
_TOPICS = 1 + _COLUMNS.index("intent_topics")
# Between cells, between rows, and for nothing, until a part is escaped as a whole: people's texts
# have no control characters, and one that had would be refused by COPY, not taken for another cell.
_CELL, _ROW, _UNSET = "\x1f", "\x1e", "\x00"
_ESCAPES = (
    *(("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")),
    *((_CELL, "\t"), (_ROW, "\n"), (_UNSET, "\\N")),
)
_ESCAPED = re.compile(r"\\(.)")
_MEANT = {"t": "\t", "n": "\n", "r": "\r"}
_NOBODY = Person()
_NO_ID = UUID(int=0)
_NONE: frozenset[str] = frozenset()
_READERS: dict[str, Callable[[str], Any]] = {
    "email_verified": lambda text: text == "True",
    "phone_verified": lambda text: text == "True",
    "email_verified_at": datetime.date.fromisoformat,
    "source_date": datetime.date.fromisoformat,
    "company_founded": int,
    "quality_score": int,
    "intent_topics": lambda text: tuple(filter(None, text.strip("{}").split(","))),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A person of the file: its line, and whether it is `new` or `owned` by the workspace."""

    outcome: str
    line: int
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that doesn't become a lead: its line, what it is, why, and its values."""

    outcome: str
    line: int
    reason: str
    values: Sequence[str]


class Parts:
    """The staged files of one preview, in storage."""

    def __init__(self, workspace_id: UUID, preview_job_id: UUID) -> None:
        self._folder = f"imports/{workspace_id}/{preview_job_id}"

    def write(self, number: int, people: Iterable[Planned], left_out: Iterable[LeftOut]) -> None:
        """Write part `number`, from 0, in place of one that is there."""
        self._overwrite(self._people(number), _as_text(people))
        text = io.StringIO(newline="")
        # Both line ends in the terminator, so that a cell with either is quoted.
        csv.writer(text, lineterminator="\r\n").writerows(
            [each.outcome, each.line, each.reason, *(cell[:LONGEST_CELL] for cell in each.values)]
            for each in left_out
        )
        self._overwrite(self._left_out(number), text.getvalue())

    def people(self, number: int) -> list[Planned]:
        """The people of a part, in the file's order. Raises Conflict where it is gone."""
        text = self._read(self._people(number))
        return [_from_line(line) for line in text.split("\n")] if text else []

    def left_out(self, number: int) -> Iterator[LeftOut]:
        """The rows of a part that don't become leads, in the file's order."""
        # Parts are small, and what is in them is bounded by the reader of tables.
        text = io.StringIO(self._read(self._left_out(number)), newline="")
        for outcome, line, reason, *values in csv.reader(text):
            yield LeftOut(outcome, int(line), reason, values)

    def remove_people(self, parts: int) -> None:
        """Delete what holds the people; the rows left out stay."""
        for number in range(parts):
            default_storage.delete(self._people(number))

    def remove(self, parts: int) -> None:
        """Delete all files of so many parts."""
        self.remove_people(parts)
        for number in range(parts):
            default_storage.delete(self._left_out(number))

    def _people(self, number: int) -> str:
        return f"{self._folder}/people-{number:05}.txt"

    def _left_out(self, number: int) -> str:
        return f"{self._folder}/left-out-{number:05}.csv"

    def _overwrite(self, name: str, text: str) -> None:
        if default_storage.exists(name):
            default_storage.delete(name)
        default_storage.save(name, ContentFile(text.encode("utf-8", "replace")))

    def _read(self, name: str) -> str:
        if not default_storage.exists(name):
            raise Conflict("The preview's files are no longer kept. Upload the file again.")
        with default_storage.open(name) as stored:
            text: str = stored.read().decode()
        return text


def person_of(planned: Planned) -> Person:
    """The person of a staged row, field by field."""
    line = planned.candidate.line
    if line is None:
        return planned.candidate.person
    person = Person()
    for name, cell in zip(_COLUMNS, line.split("\t"), strict=True):
        if name in FIELD_NAMES and cell and cell != "\\N":
            text = _unescaped(cell)
            read = _READERS.get(name)
            setattr(person, name, read(text) if read else text)
    return person


def _as_text(people: Iterable[Planned]) -> str:
    """People as COPY takes them, a line each, after what is known of them beside."""
    text = _ROW.join(_CELL.join(_cells(each)) for each in people)
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text


def _cells(planned: Planned) -> list[str]:
    one = planned.candidate
    row = row_of(one, _NO_ID)
    # Topics are slugs: nothing in them has to be quoted.
    row[_TOPICS] = f"{{{','.join(row[_TOPICS])}}}"
    row[0] = _LIST.join(one.phones)
    texts = [_UNSET if value is None else str(value) for value in row]
    return [planned.outcome, str(planned.line), _LIST.join(one.emails), *texts]


def _from_line(text: str) -> Planned:
    outcome, number, emails, phones, line = text.split("\t", _BEFORE)
    first, last, _ = line.split("\t", 2)
    _, digest, email_key, phone_key = line.rsplit("\t", 3)
    candidate = Candidate(
        catalogue_id=None,
        person=_NOBODY,
        dedup_hash=digest,
        email_key=_unescaped(email_key),
        phone_key=phone_key,
        emails=frozenset(_unescaped(emails).split(_LIST)) if emails else _NONE,
        phones=frozenset(phones.split(_LIST)) if phones else _NONE,
        first_name=_unescaped(first),
        last_name=_unescaped(last),
        line=line,
    )
    return Planned(outcome, int(number), candidate)


def _unescaped(cell: str) -> str:
    if "\\" not in cell:
        return cell
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), cell)
