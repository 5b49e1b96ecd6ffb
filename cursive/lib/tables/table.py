"""What every table looks like to its reader, whatever file it came from."""

from __future__ import annotations

import abc
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

from cursive.lib.errors import InvalidInput


class TableRefused(InvalidInput):
    """The file can't be read as a table; the message says why, in words for its owner."""

    code = "unreadable_file"


class Position(NamedTuple):
    """Where reading can start again: JSON-able as a list, `Position(*stored)` brings it back.

    `offset` counts bytes of the text (unpacked), or rows in Parquet and Excel files; `line` is the
    number of the line or row that comes next.
    """

    offset: int
    line: int


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that can't be read: its first line's number, why not, and how it begins."""

    line: int
    reason: str
    raw: str


#: The number of the row's first line (from 1, as an editor shows it), and its values: always as
#: many as the table has columns.
Row = tuple[int, list[str]]


class Table(abc.ABC):
    """A file that is open for reading. Close it, or use it in a `with` statement.

    `kind` is csv, parquet or xlsx. `columns` are the trimmed, distinct, non-empty names.
    `sample` holds the values of the first good rows (at most 200), for guessing what columns mean.
    `repairs` counts what was mended while reading, by a sentence each.
    `description` says in a few words how the file is read ('comma-separated, UTF-8').
    """

    kind: str
    columns: list[str]
    sample: list[list[str]]
    description: str
    #: False when the file has no header row and the columns are called 'Column 1', …
    has_header: bool

    def __init__(self) -> None:
        self.repairs: Counter[str] = Counter()

    @abc.abstractmethod
    def rows(self, start: Position | None = None) -> Iterator[Row | RowProblem]:
        """Yield the rows from `start` (the first one when None) to the end, skipping blank ones.

        Values are as they stand in the file, only without NUL. Raises TableRefused where the file
        turns out to be damaged. One iteration at a time.
        """

    @property
    @abc.abstractmethod
    def position(self) -> Position:
        """Where the row after the one just yielded begins; give it to `rows` to go on there."""

    @abc.abstractmethod
    def progress(self) -> tuple[int, int]:
        """Return (done, total) in one unit: bytes of the file, or rows where those are known."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    def _header_label(self, line: int) -> str:
        """', column names in line 4', where that isn't what everybody expects."""
        return f", column names in line {line:,}" if self.has_header and line > 1 else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
