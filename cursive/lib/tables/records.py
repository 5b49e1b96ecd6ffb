"""Turns blocks of lines into rows, and what can't be a row into a problem."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from .blocks import Block, BlockReader, LongLine
from .dialects import DELIMITERS, Dialect
from .encodings import Encoding
from .shapes import Shape, shape_of
from .table import Position, Row, RowProblem

#: A row that spans more lines or characters has an open quote, not a long value.
MAX_ROW_LINES = 500
MAX_ROW_CHARS = 256 * 1024
_RAW_CHARS = 500
#: At most so many lines are taken as the rest of the value before them.
_MAX_JOINED = 20
_BLANK = " \t\x1a\ufeff"
_NOT_TEXT = {True: re.compile("\ufffd"), False: re.compile("[\udc80-\udcff]")}

PADDED = "Rows that were too short: the missing values were left empty."
CUT = "Rows with values beyond the last column: those were left out."
OTHER_DELIMITER = "Rows that use another delimiter than the rest: they were read with theirs."
JOINED = "Rows broken by a line end outside quotes: the parts were joined."
LOOSE_QUOTES = "Quotation marks within values that weren't doubled: they were kept."
_NEVER_CLOSED = "A quotation mark in this row is never closed."
OPEN_QUOTE = "Quotation marks that were never closed: the value ends with its line."


class _Outcome(NamedTuple):
    """What lines that aren't a plain row are.

    `values` None: a problem, with a reason; empty: nothing; `continues`: the rest of the value
    before them.
    """

    lines: int
    values: list[str] | None
    reason: str = ""
    repair: str = ""
    continues: bool = False


class RecordParser:
    """Parses delimited text; `at` is where the row after the one just yielded begins."""

    def __init__(
        self,
        dialect: Dialect,
        width: int,
        shapes: list[Shape | None],
        encoding: Encoding,
        repairs: Counter[str],
    ) -> None:
        """`shapes` says what each column's values look like where they all look alike."""
        self._dialect = dialect
        self._width = width
        self._shapes = shapes
        self._encoding = encoding
        self._not_text = _NOT_TEXT[encoding.unit > 1]
        self._repairs = repairs
        #: What was mended in the row that is held back.
        self._repaired: list[str] = []
        #: Up to which line of the block no quote is closed after the line looked at last.
        self._unclosed_until = 0
        ending = f"[ ]*(?:[{re.escape(dialect.delimiter)}\r\n]|\\Z)"
        self._closing = re.compile(re.escape(dialect.quote) + ending)
        self._blocks: BlockReader | None = None
        self._next = 0

    @property
    def at(self) -> Position | None:
        """Where the next row begins; None before the first."""
        if self._blocks is None:
            return None
        return Position(self._blocks.offset_of(self._next), self._blocks.line_of(self._next))

    def parse(self, blocks: BlockReader) -> Iterator[Row | RowProblem]:
        """Yield what the blocks hold."""
        self._blocks = blocks
        self._next = 0
        while True:
            block = blocks.advance(self._next)
            self._next = 0
            if block is None:
                return
            if isinstance(block, LongLine):
                yield RowProblem(block.line, _too_long(block.length), _raw([block.raw]))
            else:
                yield from self.parse_block(block)

    def parse_block(self, block: Block) -> Iterator[Row | RowProblem]:
        """Yield a block's rows.

        The last one stays for the next block, as a value may go on there. A blank line ends that.
        """
        lines, first, width, suspect = block.lines, block.line, self._width, block.suspect
        total = len(lines)
        held: list[str] | None = None
        held_at = held_end = at = joined = 0
        self._repaired.clear()
        self._unclosed_until = 0
        while at < total:
            rest: Any = iter(lines)
            rest.__setstate__(at)
            reader: Any = self._dialect.strict(rest)
            base = at
            regular = True
            try:
                for values in reader:
                    end = base + reader.line_num
                    if len(values) != width or end - at > 1 or suspect:
                        if not any(values):
                            at = end
                            continue
                        if not self._is_regular(values, lines, at, end, suspect):
                            regular = False
                            break
                    elif not (values[0] or any(values)):
                        at = end
                        continue
                    if held is not None:
                        self._next = at
                        if self._repaired:
                            self._count_repairs()
                        yield first + held_at, held
                    held, held_at, held_end, at, joined = values, at, end, end, 0
            except csv.Error:
                regular = False
            if regular:
                break
            goes_on = held is not None and held_end == at
            outcome = self._resolve(
                lines, at, joined if goes_on else _MAX_JOINED, final=block.final
            )
            if outcome is None:
                break
            if outcome.continues and held and outcome.values:
                held[-1] = f"{held[-1]}\n{outcome.values[0]}"
                joined += 1
                at += outcome.lines
                held_end = at
                self._repaired.append(JOINED)
                continue
            if outcome.values == []:
                at += outcome.lines
                continue
            if held is not None:
                self._next = at
                self._count_repairs()
                yield first + held_at, held
                held = None
            record = lines[at : at + outcome.lines]
            if suspect and outcome.values and self._has_bad(outcome.values):
                outcome = _Outcome(outcome.lines, None, self._bad_bytes(record))
            if outcome.values is None:
                self._next = at + outcome.lines
                yield RowProblem(first + at, outcome.reason, _raw(record))
            else:
                held, held_at, held_end, joined = outcome.values, at, at + outcome.lines, 0
                if outcome.repair:
                    self._repaired.append(outcome.repair)
            at += outcome.lines
        if held is not None and held_end == at and not block.final:
            self._next = held_at
            return
        self._next = at
        if held is not None:
            self._count_repairs()
            yield first + held_at, held

    def _count_repairs(self) -> None:
        """Count what was mended in a row, at the moment it is handed out."""
        self._repairs.update(self._repaired)
        self._repaired.clear()

    def _is_regular(
        self, values: list[str], lines: list[str], at: int, end: int, suspect: bool
    ) -> bool:
        if len(values) != self._width or (suspect and self._has_bad(values)):
            return False
        return end - at <= MAX_ROW_LINES and (
            end - at == 1 or sum(map(len, lines[at:end])) <= MAX_ROW_CHARS
        )

    def _resolve(self, lines: list[str], at: int, joined: int, *, final: bool) -> _Outcome | None:
        """Decide about the record that begins at a line; None: more lines must be seen first.

        `joined` lines were taken as the rest of the row before it.
        """
        more = at + 1 < len(lines)
        if not more and not final:
            return None
        line = lines[at].rstrip("\r\n")
        values, _, is_open = self._dialect.lenient(line)
        if is_open:
            return self._resolve_open(lines, at, values, final=final)
        if not any(value.strip(_BLANK) for value in values):
            return _Outcome(1, [])
        if len(values) == self._width:
            return _Outcome(1, values, repair=LOOSE_QUOTES)
        other = self._by_other_delimiter(line) if len(values) == 1 else None
        if other is not None:
            return _Outcome(1, other, repair=OTHER_DELIMITER)
        if len(values) < self._width:
            return self._resolve_short(lines, at, values, joined)
        return self._resolve_wide(values)

    def _resolve_open(
        self, lines: list[str], at: int, values: list[str], *, final: bool
    ) -> _Outcome | None:
        """A quote that isn't closed on its line: closed on a later one, or never?"""
        window = self._window(lines, at)
        if at + len(window) == len(lines) and not final and len(window) < MAX_ROW_LINES:
            return None
        closed_at = self._closing_line(lines, at, at + len(window))
        if closed_at is None:
            if len(values) == self._width:
                return _Outcome(1, values, repair=OPEN_QUOTE)
            return _Outcome(1, None, _NEVER_CLOSED)
        try:
            strict = next(self._dialect.strict(window))
        except (csv.Error, StopIteration):
            strict = []
        if len(strict) == self._width and self._has_bad(strict):
            return _Outcome(_count_lines(self._dialect, window), strict)
        text = "".join(window)
        later, end, still_open = self._dialect.lenient(text)
        if len(values) == self._width and (
            still_open or len(later) != self._width or self._stands_alone(window[1:2])
        ):
            return _Outcome(1, values, repair=OPEN_QUOTE)
        if not still_open and len(later) == self._width:
            used = 1
            while sum(map(len, window[:used])) < end:
                used += 1
            return _Outcome(used, later, repair=LOOSE_QUOTES)
        return _Outcome(1, None, _NEVER_CLOSED)

    def _window(self, lines: list[str], at: int) -> list[str]:
        """The lines that a record beginning at a line may at most have."""
        window = lines[at : at + MAX_ROW_LINES]
        chars = sum(map(len, window))
        while chars > MAX_ROW_CHARS and len(window) > 1:
            chars -= len(window.pop())
        return window

    def _closing_line(self, lines: list[str], at: int, end: int) -> int | None:
        """The first line after `at` in which a quote could end. Each line is searched once."""
        for index in range(max(at + 1, self._unclosed_until), end):
            if self._closing.search(lines[index]):
                self._unclosed_until = index
                return index
        self._unclosed_until = max(self._unclosed_until, end)
        return None

    def _stands_alone(self, following: list[str]) -> bool:
        """Whether the next line is a whole row, so that no value can go on in it."""
        if not following:
            return True
        values, _, is_open = self._dialect.lenient(following[0].rstrip("\r\n"))
        return len(values) == self._width and not is_open

    def _resolve_short(self, lines: list[str], at: int, values: list[str], joined: int) -> _Outcome:
        first_shape = self._shapes[0]
        if len(values) == 1 and self._width > 2 and first_shape:
            # One piece of text right after a whole row, unlike what stands in the first column.
            if shape_of(values[0]) != first_shape and len(values[0]) < MAX_ROW_CHARS:
                if joined >= _MAX_JOINED or self._shapes[-1]:
                    return _Outcome(1, None, "The line is not a row of the table.")
                return _Outcome(1, values, continues=True)
        elif len(values) > 1 and first_shape and at + 1 < len(lines):
            rest, _, is_open = self._dialect.lenient(lines[at + 1].rstrip("\r\n"))
            if (
                not is_open
                and len(rest) > 1
                and len(values) + len(rest) - 1 == self._width
                and shape_of(rest[0]) not in {first_shape, "empty"}
            ):
                whole = [*values[:-1], f"{values[-1]}\n{rest[0]}", *rest[1:]]
                if self._fits(whole):
                    return _Outcome(2, whole, repair=JOINED)
        return _Outcome(1, values + [""] * (self._width - len(values)), repair=PADDED)

    def _resolve_wide(self, values: list[str]) -> _Outcome:
        beyond = values[self._width :]
        kept = values[: self._width]
        if not any(value.strip() for value in beyond):
            return _Outcome(1, kept)
        # Values beyond the end may go only where nothing can have been shifted: what stands under
        # the columns must look as it should up to the last column.
        if self._shapes[-1] and kept[-1].strip() and self._fits(kept):
            return _Outcome(1, kept, repair=CUT)
        columns = "1 column" if self._width == 1 else f"{self._width:,} columns"
        reason = f"The row has {len(values):,} values, but the table has {columns}."
        return _Outcome(1, None, reason)

    def _fits(self, values: list[str]) -> bool:
        return all(
            shape is None or shape_of(value) in {shape, "empty"}
            for shape, value in zip(self._shapes, values, strict=True)
        )

    def _by_other_delimiter(self, line: str) -> list[str] | None:
        if self._width < 3:
            return None
        for delimiter in DELIMITERS:
            if delimiter != self._dialect.delimiter and delimiter in line:
                values, _, is_open = Dialect(delimiter, self._dialect.quote).lenient(line)
                if len(values) == self._width and not is_open and self._fits(values):
                    return values
        return None

    def _has_bad(self, values: list[str]) -> bool:
        return self._not_text.search("".join(values)) is not None

    def _bad_bytes(self, lines: list[str]) -> str:
        found = self._not_text.search("".join(lines))
        example = ""
        if found and found[0] != "\ufffd":
            example = f" (for example 0x{ord(found[0]) - 0xDC00:02X})"
        label = self._encoding.label
        return f"The row holds bytes that are not {label} text{example}. Save the file as UTF-8."


def _count_lines(dialect: Dialect, window: list[str]) -> int:
    reader: Any = dialect.strict(window)
    next(reader)
    return int(reader.line_num)


def _raw(lines: list[str]) -> str:
    """The beginning of a row as it stands in the file; bytes that aren't text as \\xNN."""
    text = "".join(lines)[:_RAW_CHARS].rstrip("\r\n")
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _too_long(length: int) -> str:
    return f"The line is longer than a row can be ({length / 1_000_000:,.1f} MB)."
