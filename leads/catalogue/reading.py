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
from .staging import STAGED, person_key, read_rows_sql, staged_row, write_part, write_rows


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
        self._path = path
        self._whole_columns = (
            not careful
            and self._table.kind == "parquet"
            and all(each.field == each.column for each in self.mapping.columns)
            and checking.can_vouch_for(path)
        )
        self._total = self._table.progress()[1]
        if self._whole_columns:
            self._table.close()  # what it has read ahead counts towards our memory
        self._rows: Iterator[tuple[int, list[str]] | RowProblem] | None = None
        self._seq = 0
        self._position: Position | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._table.close()

    def go_to(self, position: Sequence[int] | None, rows_read: int) -> None:
        """Go on where an earlier reader of the same file stopped; None is the beginning."""
        self._position = Position(*position) if position else None
        self._seq = rows_read
        self._rows = None

    def progress(self) -> tuple[int, int]:
        """Return (done, total) in the file's own unit."""
        if self._whole_columns:
            return (self._position.offset if self._position else 0), self._total
        return self._table.progress()

    def stage(self, db: duckdb.DuckDBPyConnection, limit: int, part: Path, rejects: Path) -> Part:
        """Read up to `limit` rows; write the people to `part`, the rest to `rejects`.

        Fewer rows than asked for means that the file ends. Without rejects there is no such file.
        """
        if self._whole_columns:
            return self._stage_columns(db, limit, part, rejects)
        if self._rows is None:
            self._rows = self._table.rows(self._position)
        scratch = part.with_suffix(".csv")
        read, rejected = self._write(islice(self._rows, limit), scratch, rejects)
        write_part(db, read_rows_sql(scratch), part)
        scratch.unlink()
        return Part(read, rejected, list(self._table.position))

    def _stage_columns(
        self, db: duckdb.DuckDBPyConnection, limit: int, part: Path, rejects: Path
    ) -> Part:
        first = self._position.offset if self._position else 0
        read = checking.take_rows(db, self._path, first, limit)
        checking.mark_plain(db)
        doubtful = checking.doubtful_rows(db)
        scratch = part.with_suffix(".csv")
        started, self._seq = self._seq, self._seq
        _, rejected = self._write(doubtful, scratch, rejects, base=started - first)
        plain = checking.plain_sql(started - first)
        names = ", ".join(STAGED)
        write_part(
            db,
            f"SELECT {names} FROM ({plain}) UNION ALL"
            f" SELECT {names} FROM ({read_rows_sql(scratch)})",
            part,
        )
        scratch.unlink()
        checking.drop(db)
        self._seq = started + read
        self._position = Position(first + read, first + read + 1)
        return Part(read, rejected, list(self._position))

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
            for row in rows:
                counts[0] += 1
                self._seq += 1
                if isinstance(row, RowProblem):
                    refused.append([row.line, row.reason, row.raw])
                    continue
                line, values = row
                found = self._people.read(values)
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
