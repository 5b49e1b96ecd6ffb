"""Parquet files as a table, read in batches by DuckDB."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from .headers import MAX_COLUMNS, clean_name, distinct_names, too_wide
from .table import Position, Row, RowProblem, Table, TableRefused

_BATCH = 2048
_SAMPLE_ROWS = 200
_MEMORY = "512MB"


class ParquetTable(Table):
    """A Parquet file; `Position.offset` and `line` count rows, from 0 and 1."""

    kind = "parquet"
    has_header = True
    description = "Parquet"

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the file and read what columns it has."""
        super().__init__()
        self._path = str(Path(path).resolve())
        self._done = 0
        self._connection = duckdb.connect(
            config={"memory_limit": _MEMORY, "threads": "1", "preserve_insertion_order": "true"}
        )
        try:
            # The file is a stranger's: nothing else on this machine may be read on its behalf.
            self._connection.execute("SET allowed_paths = [$path]", {"path": self._path})
            self._connection.execute("SET enable_external_access = false")
            self._connection.execute("SET lock_configuration = true")
            self._total = int(self._one("SELECT count(*) FROM read_parquet($path)"))
            described = self._connection.execute(
                "DESCRIBE SELECT * FROM read_parquet($path)", {"path": self._path}
            ).fetchall()
            if len(described) > MAX_COLUMNS:
                raise too_wide(len(described))
            self.columns = distinct_names([clean_name(row[0]) for row in described])
            self._select = ", ".join(_as_text(row[0], row[1]) for row in described)
            self.sample = [list(row) for row in self._batch_of(0).fetchmany(_SAMPLE_ROWS)]
        except duckdb.Error as error:
            self.close()
            raise _damaged() from error
        except BaseException:
            self.close()
            raise

    def _one(self, sql: str) -> Any:
        row = self._connection.execute(sql, {"path": self._path}).fetchone()
        return row[0] if row else 0

    def _batch_of(self, start: int) -> duckdb.DuckDBPyConnection:
        skip = f" WHERE file_row_number >= {int(start)}" if start else ""
        return self._connection.execute(
            f"SELECT {self._select} FROM read_parquet($path, file_row_number = true){skip}",
            {"path": self._path},
        )

    def rows(self, start: Position | None = None) -> Iterator[Row | RowProblem]:
        """Yield the rows; see Table."""
        self._done = start.offset if start else 0
        try:
            cursor = self._batch_of(self._done)
            while batch := cursor.fetchmany(_BATCH):
                for values in batch:
                    self._done += 1
                    if any(values):
                        yield self._done, list(values)
        except duckdb.Error as error:
            raise _damaged() from error

    @property
    def position(self) -> Position:
        """Where the next row begins."""
        return Position(self._done, self._done + 1)

    def progress(self) -> tuple[int, int]:
        """Rows read of rows in the file."""
        return self._done, self._total

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _as_text(name: str, kind: str) -> str:
    """The expression that gives a column's values as text: lists with `;`, the unknown as ''."""
    column = '"' + name.replace('"', '""') + '"'
    if kind == "BLOB":
        text = f"try(decode({column}))"
    elif kind.endswith("[]") and "STRUCT" not in kind and kind.count("[") == 1:
        text = f"array_to_string({column}, ';')"
    elif kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]"):
        text = f"to_json({column})"
    elif kind.startswith("TIMESTAMP"):
        text = f"strftime({column}, '%Y-%m-%dT%H:%M:%S')"
    else:
        text = column
    return f"coalesce(replace(({text})::VARCHAR, chr(0), ''), '')"


def _damaged() -> TableRefused:
    return TableRefused("This Parquet file is damaged or of a kind that can't be read.")
