"""The files between preview and import: people as they will be written, and rows left out.

A part is what one step of the preview read. It is written whole, by overwriting, so that a worker
that dies leaves at most a part that the next one writes again.
"""

import csv
import datetime
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from cursive.lib.errors import Conflict
from leads.records.acquisition import ROW_COLUMNS, Candidate, columns_of
from leads.records.person import FIELD_NAMES, Person

from .own import Own

NEW, OWNED, DOUBLE, INVALID, SUPPRESSED = "new", "owned", "double", "invalid", "suppressed"
# Rows of people who are new or owned, of which some values can't be used.
PARTLY, OWNED_PARTLY = "partly", "owned_partly"
# As much as a spreadsheet takes in one cell.
LONGEST_CELL = 32_767
_LIST = ";"
_SLICE = 1_000
# What stands before a lead's row in a staged one.
_BEFORE = 4
# The row of a lead without its id. What says who it is stands first and last in it.
_COLUMNS = ROW_COLUMNS[1:]
assert _COLUMNS[:2] == ("first_name", "last_name")
assert _COLUMNS[-3:] == ("dedup_hash", "email_key", "phone_key")
_TOPICS = _COLUMNS.index("intent_topics")
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
    """A person of the file: its line, and whether it is `new`, or known, and then as whose."""

    outcome: str
    line: int
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Staged:
    """The people of a part, column by column: plain texts, which no collector has to walk."""

    outcomes: Sequence[str]
    numbers: Sequence[str]
    emails: Sequence[str]
    phones: Sequence[str]
    first_names: Sequence[str]
    last_names: Sequence[str]
    hashes: Sequence[str]
    email_keys: Sequence[str]
    phone_keys: Sequence[str]
    lines: Sequence[str]

    def people(self) -> list[Planned]:
        """One by one, in the file's order."""
        return [
            Planned(
                outcome,
                int(number),
                Candidate(
                    catalogue_id=None,
                    person=_NOBODY,
                    dedup_hash=digest,
                    email_key=email_key,
                    phone_key=phone_key,
                    emails=frozenset(emails.split(_LIST)) if emails else _NONE,
                    phones=frozenset(phones.split(_LIST)) if phones else _NONE,
                    first_name=first,
                    last_name=last,
                    line=line,
                ),
            )
            for (
                outcome,
                number,
                emails,
                phones,
                first,
                last,
                digest,
                email_key,
                phone_key,
                line,
            ) in zip(*(getattr(self, each.name) for each in fields(self)), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that isn't taken, or not whole: what it is, its line, why, its values, and the field
    of a person that is at fault, where it is one."""

    outcome: str
    line: int
    reason: str
    values: Sequence[str]
    field: str = ""


class Parts:
    """The staged files of one job that has read a file, in storage."""

    def __init__(self, workspace_id: UUID, job_id: UUID) -> None:
        self._folder = f"imports/{workspace_id}/{job_id}"

    def write(self, number: int, people: Sequence[Planned], left_out: Iterable[LeftOut]) -> None:
        """Write part `number`, from 0, in place of one that is there."""
        # By slices, since the texts of a whole part are in memory several times over while made.
        slices = (people[at : at + _SLICE] for at in range(0, len(people), _SLICE))
        self._overwrite(self._people(number), b"\n".join(map(_as_bytes, slices)))
        text = io.StringIO(newline="")
        # Both line ends in the terminator, so that a cell with either is quoted.
        csv.writer(text, lineterminator="\r\n").writerows(
            [
                *(each.outcome, each.line, each.field, each.reason),
                *(cell[:LONGEST_CELL] for cell in each.values),
            ]
            for each in left_out
        )
        self._overwrite(self._left_out(number), text.getvalue().encode("utf-8", "replace"))

    def staged(self, number: int) -> Staged:
        """The people of a part. Raises Conflict where it is gone."""
        return _from_text(self._read(self._people(number)))

    def people(self, number: int) -> list[Planned]:
        """The same, one by one, in the file's order."""
        return self.staged(number).people()

    def left_out(self, number: int) -> Iterator[LeftOut]:
        """The rows of a part that don't become leads, in the file's order."""
        # Parts are small, and what is in them is bounded by the reader of tables.
        text = io.StringIO(self._read(self._left_out(number)), newline="")
        for outcome, line, field, reason, *values in csv.reader(text):
            yield LeftOut(outcome, int(line), reason, values, field)

    def write_own(self, number: int, own: Mapping[int, Own]) -> None:
        """Write what rows of part `number` say of the workspace's own fields, by their lines."""
        if own:
            self._overwrite(self._own(number), json.dumps(list(own.items())).encode())

    def own(self, number: int) -> dict[int, Own]:
        """The same back; most files say nothing."""
        if not default_storage.exists(self._own(number)):
            return {}
        found = json.loads(self._read(self._own(number)))
        return {
            line: Own(status, owner, tuple(tags), notes)
            for line, (status, owner, tags, notes) in found
        }

    def remove_people(self, parts: int) -> None:
        """Delete what holds the people; the rows left out stay."""
        for number in range(parts):
            default_storage.delete(self._people(number))
            default_storage.delete(self._own(number))

    def remove(self, parts: int) -> None:
        """Delete all files of so many parts."""
        self.remove_people(parts)
        for number in range(parts):
            default_storage.delete(self._left_out(number))

    def _people(self, number: int) -> str:
        return f"{self._folder}/people-{number:05}.txt"

    def _own(self, number: int) -> str:
        return f"{self._folder}/own-{number:05}.json"

    def _left_out(self, number: int) -> str:
        return f"{self._folder}/left-out-{number:05}.csv"

    def _overwrite(self, name: str, content: bytes) -> None:
        if default_storage.exists(name):
            default_storage.delete(name)
        default_storage.save(name, ContentFile(content))

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


def _as_bytes(people: Sequence[Planned]) -> bytes:
    """People as COPY takes them, a line each, after what is known of them beside."""
    candidates = [each.candidate for each in people]
    columns = columns_of(candidates)
    # Topics are slugs: nothing in them has to be quoted.
    columns[_TOPICS] = [f"{{{','.join(each)}}}" for each in columns[_TOPICS]]
    cells = [
        [each.outcome for each in people],
        [str(each.line) for each in people],
        [_LIST.join(one.emails) for one in candidates],
        [_LIST.join(one.phones) for one in candidates],
        *map(_texts, columns),
    ]
    text = _ROW.join(map(_CELL.join, zip(*cells, strict=True)))
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text.encode("utf-8", "replace")


def _texts(column: Sequence[Any]) -> Sequence[str]:
    if column and isinstance(column[0], str):  # then all are: unset texts are empty
        return column
    return [_UNSET if value is None else str(value) for value in column]


def _from_text(text: str) -> Staged:
    rows = [_cells_of(line) for line in text.split("\n")] if text else []
    return Staged(*zip(*rows, strict=True)) if rows else Staged(*((),) * len(fields(Staged)))


def _cells_of(text: str) -> tuple[str, ...]:
    outcome, number, emails, phones, line = text.split("\t", _BEFORE)
    first, last, _ = line.split("\t", 2)
    _, digest, email_key, phone_key = line.rsplit("\t", 3)
    if "\\" in text:
        emails, first, last, email_key = map(_unescaped, (emails, first, last, email_key))
    return outcome, number, emails, phones, first, last, digest, email_key, phone_key, line


def _unescaped(cell: str) -> str:
    if "\\" not in cell:
        return cell
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), cell)
