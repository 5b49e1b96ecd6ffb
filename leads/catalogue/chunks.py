"""Takes rows of a canonical file into DuckDB, many at a time, as texts in a table `raw`.

`raw` has a person's columns, `n` (the row's line, as the reader of tables counts it) and `plain`.
A chunk that isn't simple (values with line ends in them, broken bytes) is not taken: None.
"""

import gzip
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import duckdb

from cursive.lib.tables import Position, Table
from leads.records.person import FIELD_NAMES

from .engine import connect
from .staging import quoted

#: Types whose values look as text the way the reader of Parquet files shows them.
_PLAIN_TYPES = frozenset({"VARCHAR", "BOOLEAN", "DATE", "INTEGER", "BIGINT", "SMALLINT"})
_MOST_CHARACTERS = 10_000  # in a line


class Chunks(Protocol):
    """A canonical file."""

    def take(
        self, db: duckdb.DuckDBPyConnection, position: Position, limit: int, scratch: Path
    ) -> tuple[int, Position] | None:
        """Put up to `limit` rows from `position` on into `raw`; (how many, where to go on)."""

    def progress(self, position: Position) -> tuple[int, int]:
        """Return (done, total) in one unit when reading has come to `position`."""

    def close(self) -> None:
        """Let go of the file."""


def chunks_of(path: Path, table: Table) -> Chunks | None:
    """Return the way to take rows of a file whose columns are a person's; None: there is none."""
    if tuple(table.columns) != FIELD_NAMES or not table.has_header:
        return None
    if table.kind == "parquet" and _is_plain_parquet(path):
        return ParquetChunks(path, table.progress()[1])
    if table.kind == "csv" and table.description == "comma-separated, UTF-8":
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        return LineChunks(path, packed, table.position)
    return None


def _is_plain_parquet(path: Path) -> bool:
    with connect() as db:
        described = db.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(path)})").fetchall()
    return all(row[1] in _PLAIN_TYPES for row in described)


class ParquetChunks:
    """Rows of a Parquet file; positions count rows."""

    def __init__(self, path: Path, total: int) -> None:
        self._path = path
        self._total = total

    def progress(self, position: Position) -> tuple[int, int]:
        """Rows of rows."""
        return position.offset, self._total

    def take(
        self, db: duckdb.DuckDBPyConnection, position: Position, limit: int, scratch: Path
    ) -> tuple[int, Position] | None:
        """Take rows by their numbers; see Chunks."""
        first = position.offset
        rows = _fill(
            db,
            "file_row_number + 1",
            f"read_parquet({quoted(self._path)}, file_row_number = true)"
            f" WHERE file_row_number >= {first} AND file_row_number < {first + limit}",
        )
        return rows, Position(first + rows, first + rows + 1)

    def close(self) -> None:
        """Nothing is held."""


class LineChunks:
    """Lines of a CSV in UTF-8, maybe packed by gzip; positions count bytes and lines."""

    def __init__(self, path: Path, packed: bool, begin: Position) -> None:
        """`begin` is where the first row is."""
        self._raw = path.open("rb")
        self._file = cast(BinaryIO, gzip.GzipFile(fileobj=self._raw)) if packed else self._raw
        self._size = path.stat().st_size
        self._begin = begin

    def progress(self, position: Position) -> tuple[int, int]:
        """Bytes of bytes in the file, packed or not."""
        return self._raw.tell(), self._size

    def take(
        self, db: duckdb.DuckDBPyConnection, position: Position, limit: int, scratch: Path
    ) -> tuple[int, Position] | None:
        """Take lines that are rows; see Chunks."""
        at = max(position, self._begin)
        if self._file.tell() != at.offset:
            self._file.seek(at.offset)
        lines = list(islice(self._file, limit))
        if not lines or not all(map(_is_row, lines)):
            return None
        text = b"".join(lines)
        try:
            text.decode()
        except UnicodeDecodeError:
            return None
        scratch.write_bytes(text)
        kinds = ", ".join(f"'{name}': 'VARCHAR'" for name in FIELD_NAMES)
        try:
            rows = _fill(
                db,
                f"{at.line} - 1 + row_number() OVER ()",
                f"read_csv({quoted(scratch)}, header = false, auto_detect = false, delim = ',',"
                " quote = '\"', escape = '\"', strict_mode = true, nullstr = '',"
                f" columns = {{{kinds}}})",
            )
        except duckdb.Error:
            return None
        finally:
            scratch.unlink()
        if rows != len(lines):
            return None
        return rows, Position(at.offset + len(text), at.line + rows)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._raw.close()


def _is_row(line: bytes) -> bool:
    """Whether a line is a row by itself, with nothing in it that needs mending."""
    return (
        1 < len(line) < _MOST_CHARACTERS
        and line.count(b'"') % 2 == 0
        and b"\x00" not in line
        and b"\r" not in line[:-2]
    )


def _fill(db: duckdb.DuckDBPyConnection, line: str, rows: str) -> int:
    columns = ", ".join(
        f"nullif(replace({name}::VARCHAR, chr(0), ''), '') AS {name}" for name in FIELD_NAMES
    )
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {line} AS n, TRUE AS plain, {columns}"
        f" FROM {rows}"
    )
    return int(db.execute("SELECT count(*) FROM raw").fetchall()[0][0])
