"""The form of delimited text: how it is read strictly, leniently, and found out."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

#: In order of preference.
DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f", "\x01")
_NAMES = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "pipe",
    "": "one column",
}
#: Stands for 'none' where the csv module wants one: it means 'end of unit' and is in no text.
_NO_DELIMITER = "\x1f"
_SAMPLE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Dialect:
    """`delimiter` is empty for text with a single column."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None
    skip_space: bool = False

    @property
    def label(self) -> str:
        """'comma-separated'."""
        name = _NAMES.get(self.delimiter, f"'{self.delimiter}'")
        return name if not self.delimiter else f"{name}-separated"

    def strict(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Return a csv.reader that raises csv.Error where the standard is broken."""
        options: dict[str, Any] = {
            "delimiter": self.delimiter or _NO_DELIMITER,
            "quotechar": self.quote,
            "escapechar": self.escape,
            "skipinitialspace": self.skip_space,
        }
        return csv.reader(lines, strict=True, **options)

    def lenient(self, text: str) -> tuple[list[str], int, bool]:
        """Read the record at the beginning of `text`, forgiving quotes that aren't doubled.

        A quote ends a value only where a delimiter or the line's end follows. Returns the values,
        where the record ends, and whether a quote was still open there (at the end of `text`).
        """
        if self.quote not in text and "\n" not in text and "\r" not in text:
            parts = text.split(self.delimiter) if self.delimiter else [text]
            return [self._unspaced(part) for part in parts], len(text), False
        values: list[str] = []
        at = 0
        stop = re.compile(f"[{re.escape(self.delimiter)}\r\n]" if self.delimiter else "[\r\n]")
        while True:
            start = at
            while text[start : start + 1] == " " and self.delimiter != " ":
                start += 1
            if text[start : start + 1] == self.quote:
                value, at, closed = self._quoted(text, start + 1, stop)
                values.append(value)
                if not closed:
                    return values, len(text), True
            else:
                match = stop.search(text, at)
                end = match.start() if match else len(text)
                values.append(self._unspaced(text[at:end]))
                at = end
            if at >= len(text):
                return values, len(text), False
            if text[at] != self.delimiter:
                return values, at + (2 if text[at : at + 2] == "\r\n" else 1), False
            at += 1

    def _unspaced(self, value: str) -> str:
        return value.lstrip(" ") if self.skip_space else value

    def _quoted(self, text: str, start: int, stop: re.Pattern[str]) -> tuple[str, int, bool]:
        parts: list[str] = []
        at = start
        while True:
            found = text.find(self.quote, at)
            if found < 0:
                return "".join(parts) + text[at:].rstrip("\r\n"), len(text), False
            if self.escape and text[found - 1 : found] == self.escape and found > at:
                parts.append(text[at : found - 1] + self.quote)
                at = found + 1
            elif text[found + 1 : found + 2] == self.quote:
                parts.append(text[at : found + 1])
                at = found + 2
            else:
                after = found + 1
                while text[after : after + 1] == " ":
                    after += 1
                if after >= len(text) or stop.match(text, after):
                    return "".join(parts) + text[at:found], after, True
                parts.append(text[at : found + 1])
                at = found + 1


@dataclass(frozen=True, slots=True)
class LooseRow:
    """A record of a sample: the index of its first line, its number of lines, its values."""

    index: int
    lines: int
    values: list[str]
    broken: bool

    @property
    def blank(self) -> bool:
        """Whether there is nothing in it."""
        return not any(value.strip() for value in self.values)


def read_loosely(dialect: Dialect, lines: list[str], limit: int) -> list[LooseRow]:
    """Read up to `limit` records of a sample, taking each broken one as a single line."""
    rows: list[LooseRow] = []
    at = 0
    while at < len(lines) and len(rows) < limit:
        reader: Any = dialect.strict(lines[at:])
        base = at
        try:
            for values in reader:
                end = base + reader.line_num
                rows.append(LooseRow(at, end - at, values, False))
                at = end
                if len(rows) >= limit:
                    break
        except csv.Error:
            rows.append(LooseRow(at, 1, dialect.lenient(lines[at].rstrip("\r\n"))[0], True))
            at += 1
    return rows


def usual_width(rows: Iterable[LooseRow]) -> int:
    """Return the commonest number of values in a row that isn't blank (the larger at a tie)."""
    widths = Counter(len(row.values) for row in rows if not row.blank)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def detect_dialect(lines: list[str], delimiter: str | None = None) -> Dialect:
    """Find out the form of a sample of whole lines; what is given isn't guessed."""
    quote = _detect_quote(lines)
    if delimiter is None:
        delimiter = _detect_delimiter(lines, quote)
    plain = best = Dialect(delimiter, quote)
    least = _trouble(plain, lines)
    if least:
        text = "".join(lines)
        options = [plain]
        if delimiter and f"{delimiter} {quote}" in text:
            options.append(replace(plain, skip_space=True))
        if f"\\{quote}" in text:
            options += [replace(option, escape="\\") for option in options]
        for option in options[1:]:
            trouble = _trouble(option, lines)
            if trouble < least:
                best, least = option, trouble
    return best


def _trouble(dialect: Dialect, lines: list[str]) -> int:
    """How many records are broken or unusually wide when read that way."""
    rows = read_loosely(dialect, lines, _SAMPLE_ROWS)
    width = usual_width(rows)
    return sum(1 for row in rows if row.broken or len(row.values) > width)


def _detect_quote(lines: list[str]) -> str:
    """Single quotes are quotes only where there are no others, and the first line has them, too."""
    sample = [line for line in lines[:_SAMPLE_ROWS] if line.strip()]
    if any('"' in line for line in sample):
        return '"'
    quoted = re.compile(r"(?:^|[,;\t|])'[^',;\t|]+'(?=[,;\t|\r\n]|$)")
    hits = [quoted.search(line) is not None for line in sample]
    return "'" if hits and hits[0] and sum(hits) * 2 > len(hits) else '"'


def _detect_delimiter(lines: list[str], quote: str) -> str:
    best, best_score = "", 0.0
    for delimiter in DELIMITERS:
        rows = [r for r in read_loosely(Dialect(delimiter, quote), lines, _SAMPLE_ROWS) if r.values]
        rows = [r for r in rows if not r.blank] or rows
        width = usual_width(rows) or max((len(r.values) for r in rows), default=0)
        if width < 2:
            continue
        share = sum(1 for r in rows if len(r.values) == width) / len(rows)
        score = share * math.log2(width)
        first = _first_row(rows, width)
        if len(first.values) != width:
            score /= 4
        elif first is not rows[0]:
            # Perhaps a title stands above the table, perhaps it is the header of another form.
            score *= 0.75
        if score > best_score:
            best, best_score = delimiter, score
    if best and _is_single_column(lines, best, best_score):
        return ""
    return best


def _first_row(rows: list[LooseRow], width: int) -> LooseRow:
    """The row that would be the header: the first one after titles and remarks."""
    for row in rows[:20]:
        filled = sum(1 for value in row.values if value.strip())
        if len(row.values) == width or filled > 1:
            return row
        if width < 3:
            break
    return rows[0]


def _is_single_column(lines: list[str], delimiter: str, score: float) -> bool:
    """Whether the delimiter is only a character within values, since the header has none."""
    first = next((line.strip() for line in lines if line.strip()), "")
    return score < 0.3 and delimiter not in first
