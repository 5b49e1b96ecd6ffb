"""Finds the header row of a sample and gives every column a name of its own."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from dataclasses import dataclass

from .dialects import LooseRow, usual_width
from .shapes import shape_of
from .table import TableRefused

MAX_COLUMNS = 500
_MAX_NAME = 200
#: In how many rows a table's head must have come.
_MOST_ABOVE = 30
#: Who has one of these is a person, and so no title.
_CONTACTS = frozenset({"email", "url", "phone"})
_WORDS = re.compile(r"[a-z]+")
#: Words that stand in the headers of lists of people and companies.
_HEADER_WORDS = (
    r"id|name|email|mail|phone|mobile|tel|company|account|organi[sz]ation|title|job|city|state|"
    r"country|zip|postal|code|address|street|first|last|website|web|url|domain|industry|employees|"
    r"revenue|status|date|created|source|owner|notes|linkedin|department|seniority|index|column|"
    r"type|number|region|county|fax"
)
_HEADER_WORD = re.compile(rf"(?:{_HEADER_WORDS})s?")


@dataclass(frozen=True, slots=True)
class Header:
    """The column names, whether they come from the file, and how many lines precede the data.

    `top` is the index of the row that they come from, or else of the first one.
    """

    columns: list[str]
    found: bool
    lines: int
    top: int


def find_header(rows: list[LooseRow], wanted: bool | None, said: int | None = None) -> Header:
    """Return the header of a sample's rows; `wanted` says whether there is one, None: find out.

    Blank rows, `#` remarks and titles before it are skipped. `said` is the index of the row that
    it is. Raises TableRefused where there is no such row.
    """
    width = usual_width(rows)
    first = _first_index(rows, width) if said is None else _index_of(rows, said)
    if first is None and said is not None:
        raise TableRefused("There is no row of column names in that line. Say another one.")
    if first is None:
        raise TableRefused("The file has no rows. Save it again, or choose the one with the rows.")
    wanted = True if said is not None else wanted
    top, below = rows[first], [row for row in rows[first + 1 :] if not row.blank]
    found = wanted
    if found is None:
        found = looks_like_header(top.values, [row.values for row in below])
    names = [clean_name(value) for value in top.values] if found else []
    data = below if found else [top, *below]
    columns = max(len(names), _data_width(data, len(names)), 1)
    if columns > MAX_COLUMNS:
        raise too_wide(columns)
    start = top.index + top.lines if found else top.index
    every = distinct_names(names + [""] * (columns - len(names)))
    return Header(every, found, start, top.index)


def too_wide(columns: int) -> TableRefused:
    """Return the refusal of a file with so many columns."""
    return TableRefused(
        f"The file has {columns:,} columns; at most {MAX_COLUMNS:,} are read. "
        "Leave out those that aren't needed."
    )


def looks_like_header(values: list[str], below: list[list[str]]) -> bool:
    """Whether a row names columns rather than being one of the rows below it."""
    filled = [value.strip() for value in values if value.strip()]
    shapes = [shape_of(value) for value in filled]
    if not filled or "email" in shapes or "url" in shapes or "phone" in shapes:
        return False
    if any(_is_header_word(value) for value in filled):
        return True
    numbers = sum(1 for shape in shapes if shape in {"number", "date"})
    if numbers:
        return numbers * 2 < len(filled)
    if _differs_in_kind(values, below) or len(below) < 3:
        return True
    # All text: a value that comes again further down is data.
    again = sum(
        1
        for at, value in enumerate(values)
        if value.strip() and any(row[at : at + 1] == [value] for row in below)
    )
    return again * 2 < len(filled)


def _differs_in_kind(values: list[str], below: list[list[str]]) -> bool:
    """Whether a column has words on top and mostly numbers, dates or addresses below."""
    for at, value in enumerate(values):
        if shape_of(value) != "text":
            continue
        shapes = [shape_of(row[at]) for row in below if at < len(row)]
        filled = [shape for shape in shapes if shape != "empty"]
        if filled and sum(1 for shape in filled if shape != "text") * 10 >= len(filled) * 6:
            return True
    return False


def clean_name(value: str) -> str:
    """Return a header cell without marks, control characters and needless space."""
    text = "".join(c if c.isprintable() else " " for c in value.replace("\ufeff", ""))
    return " ".join(text.split())[:_MAX_NAME]


def distinct_names(names: list[str]) -> list[str]:
    """Number names that come more than once ('Email 1', 'Email 2') and name the nameless.

    Case makes no difference between names.
    """
    counts = Counter(name.casefold() for name in names if name)
    taken = {name for name, count in counts.items() if count == 1}
    result = []
    numbers: Counter[str] = Counter()
    for at, name in enumerate(names):
        if name and counts[name.casefold()] == 1:
            result.append(name)
            continue
        stem, number = (name, numbers[name.casefold()] + 1) if name else ("Column", at + 1)
        while f"{stem} {number}".casefold() in taken:
            number += 1
        numbers[name.casefold()] = number
        result.append(f"{stem} {number}")
        taken.add(result[-1].casefold())
    return result


def _is_header_word(value: str) -> bool:
    words = _WORDS.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value).lower())
    return 0 < len(words) <= 5 and any(_HEADER_WORD.fullmatch(word) for word in words)


def _first_index(rows: list[LooseRow], width: int) -> int | None:
    """The first row that isn't blank, a remark, or a title above the table."""
    named = _named_index(rows, width)
    if named is not None:
        return named
    fallback = None
    for at, row in enumerate(rows):
        if row.blank:
            continue
        if fallback is None:
            fallback = at
        title = width > 2 and _says_nobody(row) and _wider_follows(rows[at + 1 :])
        if not _is_remark(row, width) and not title:
            return at
        if at > _MOST_ABOVE:
            break
    return fallback


def _named_index(rows: list[LooseRow], width: int) -> int | None:
    """A row that names columns beyond doubt, under nothing but titles: narrower, and no contacts.

    However many words they are: 'Report,Q3' above 'Email,First name,Last name'.
    """
    counts = [len(_filled(row)) for row in rows if not row.blank]
    usual = statistics.median_low(counts) if counts else 0
    widest = 0
    for at, row in enumerate(rows[: _MOST_ABOVE + 1]):
        if row.blank or _is_remark(row, width):
            continue
        filled = _filled(row)
        if any(shape_of(value) in _CONTACTS for value in filled):
            return None
        words = sum(1 for value in filled if _is_header_word(value))
        is_whole = words >= 2 and words * 2 >= len(filled) and len(filled) * 2 > usual
        if is_whole and len(filled) > widest:
            return at
        widest = max(widest, len(filled))
    return None


def _filled(row: LooseRow) -> list[str]:
    return [value for value in row.values if value.strip()]


def _is_remark(row: LooseRow, width: int) -> bool:
    return row.values[0].lstrip().startswith("#") and len(row.values) != width


def _says_nobody(row: LooseRow) -> bool:
    """Whether a row is one cell that is no contact: a title, or a row that nobody could use."""
    filled = _filled(row)
    return len(filled) == 1 and shape_of(filled[0]) not in _CONTACTS


def _wider_follows(rows: list[LooseRow]) -> bool:
    """Whether the table comes after this title, perhaps with more titles between."""
    for row in rows[:_MOST_ABOVE]:
        if not row.blank and not _says_nobody(row):
            return len(_filled(row)) > 1
    return False


def _index_of(rows: list[LooseRow], said: int) -> int | None:
    for at, row in enumerate(rows):
        if row.index <= said < row.index + row.lines and not row.blank:
            return at
    return None


def _data_width(rows: list[LooseRow], names: int) -> int:
    """How wide most rows are, where that is wider than the header; else the header's width."""
    filled = [row for row in rows if not row.blank]
    wide = [len(row.values) for row in filled if len(row.values) > names]
    if not names or not wide or len(filled) < 3:
        return names or usual_width(rows)
    usual, count = Counter(wide).most_common(1)[0]
    return usual if count * 10 >= len(filled) * 6 else names
