"""Stages the input of a load: rows become people, people become parts (see staging).

A file in our own column names, such as `generate_catalogue` writes, is checked by columns rather
than row by row (see checking); every row that such a check can't vouch for goes the usual way.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import duckdb

from cursive.lib.tables import Position, RowProblem, Table, open_table
from leads.records.identity import NoIdentity
from leads.records.mapping import Mapping, guess_mapping, parse_mapping
from leads.records.reading import PersonReader, Rejection

from . import checking
from .chunks import chunks_of
from .staging import STAGED, person_key, read_rows_sql, staged_row, write_part, write_rows

# Rows that are read together; a row may be large.
_AT_ONCE = 100


class Part(NamedTuple):
    """What was staged: rows read, rows of them that were rejected, where to go on."""

    read: int
    rejected: int
    position: list[int]


class InputReader:
    """A file of people. Use it in a `with` statement; `go_to` first, then `stage` until it ends."""

    def __init__(
        self, path: Path, *, mapping: str | None, country: str | None, careful: bool
    ) -> None:
        """Open the file and settle what its columns mean. Raises TableRefused, MappingError."""
        self._table: Table = open_table(path)
        columns, sample = self._table.columns, self._table.sample
        if mapping:
            self.mapping: Mapping = parse_mapping(mapping, columns, sample, default_country=country)
        else:
            self.mapping = guess_mapping(columns, sample, default_country=country)
        self._people = PersonReader(self.mapping, default_country=country)
        ours = not careful and all(each.field == each.column for each in self.mapping.columns)
        self._chunks = chunks_of(path, self._table) if ours else None
        if self._chunks and self._table.kind == "parquet":
            self._table.close()  # what it has read ahead counts towards our memory
        self._rows: Iterator[tuple[int, list[str]] | RowProblem] | None = None
        self._seq = 0
        self._position = Position(0, 1) if self._table.kind == "parquet" else self._table.position

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._table.close()
        if self._chunks:
            self._chunks.close()

    def go_to(self, position: Sequence[int] | None, rows_read: int) -> None:
        """Go on where an earlier reader of the same file stopped; None is the beginning."""
        if position:
            self._position = Position(*position)
        self._seq = rows_read
        self._rows = None

    def progress(self) -> tuple[int, int]:
        """Return (done, total) in the file's own unit."""
        return self._chunks.progress(self._position) if self._chunks else self._table.progress()

    def stage(self, db: duckdb.DuckDBPyConnection, limit: int, part: Path, rejects: Path) -> Part:
        """Read up to `limit` rows; write the people to `part`, the rest to `rejects`.

        Fewer rows than asked for means that the file ends. Without rejects there is no such file.
        """
        scratch = part.with_suffix(".csv")
        if self._chunks and (taken := self._chunks.take(db, self._position, limit, scratch)):
            return self._stage_columns(db, *taken, part, rejects)
        if self._rows is None:
            self._rows = self._table.rows(self._position)
        read, rejected = self._write(islice(self._rows, limit), scratch, rejects)
        write_part(db, read_rows_sql(scratch), part)
        scratch.unlink()
        self._position = self._table.position
        if self._chunks:
            self._rows = None  # by chunks again from here on
        return Part(read, rejected, list(self._position))

    def _stage_columns(
        self, db: duckdb.DuckDBPyConnection, read: int, after: Position, part: Path, rejects: Path
    ) -> Part:
        """Stage the rows in `raw`, those that can't be vouched for one by one."""
        base = self._seq - (after.line - read - 1)  # from lines, which count from 1 in the file
        checking.mark_plain(db)
        scratch = part.with_suffix(".csv")
        _, rejected = self._write(checking.doubtful_rows(db), scratch, rejects, base=base)
        names = ", ".join(STAGED)
        write_part(
            db,
            f"SELECT {names} FROM ({checking.plain_sql(base)}) UNION ALL"
            f" SELECT {names} FROM ({read_rows_sql(scratch)})",
            part,
        )
        scratch.unlink()
        checking.drop(db)
        self._seq = after.line - 1 + base
        self._position = after
        return Part(read, rejected, list(after))

    def _write(
        self,
        rows: Iterator[tuple[int, list[str]] | RowProblem],
        scratch: Path,
        rejects: Path,
        base: int | None = None,
    ) -> tuple[int, int]:
        """Write rows as staged people or as rejects; return how many came, and were rejected.

        A row's `seq` is its place in the file: counted, or its number plus `base`.
        """
        counts = [0, 0]
        refused: list[list[str | int]] = []

        def people() -> Iterator[list[str]]:
            while batch := list(islice(rows, _AT_ONCE)):
                values_of = [row[1] for row in batch if not isinstance(row, RowProblem)]
                read = iter(self._people.read_all(values_of))
                for row in batch:
                    counts[0] += 1
                    self._seq += 1
                    if isinstance(row, RowProblem):
                        refused.append([row.line, row.reason, row.raw])
                        continue
                    line, values = row
                    found = next(read)
                    if isinstance(found, Rejection):
                        refused.append([line, found.reason, _as_line(values)])
                        continue
                    try:
                        key = person_key(found)
                    except NoIdentity as error:
                        refused.append([line, error.message, _as_line(values)])
                        continue
                    yield staged_row(found, key, self._seq if base is None else line + base)

        write_rows(people(), scratch)
        counts[1] = len(refused)
        if refused:
            with rejects.open("w", newline="", encoding="utf-8", errors="replace") as file:
                csv.writer(file).writerows(refused)
        return counts[0], counts[1]


def _as_line(values: Sequence[str]) -> str:
    """Return a row's values as one line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()
