"""Opens a file as the table it is, by what is in it."""

from __future__ import annotations

import os
from pathlib import Path

from .delimited import DelimitedTable
from .dialects import DELIMITERS
from .kinds import detect_kind
from .parquet import ParquetTable
from .sources import ByteSource
from .table import Table, TableRefused
from .workbooks import WorkbookTable, is_workbook


def open_table(
    path: str | os.PathLike[str],
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    header_line: int | None = None,
    max_bytes: int | None = None,
) -> Table:
    """Open the file at `path` and find out how to read it.

    CSV and its relatives (also gzip, bzip2 or alone in a zip), Parquet and .xlsx are told apart by
    content, not by name. What is given (`delimiter`, `encoding`, `header`) isn't guessed;
    `header_line` is the line, or a sheet's row, with the column names, counted from 1.
    `max_bytes` limits the unpacked size. Raises TableRefused with a sentence for people.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"'):
        known = ", ".join("tab" if each == "\t" else each for each in DELIMITERS[:4])
        raise TableRefused(f"The delimiter must be one character, such as {known}.")
    try:
        with Path(path).open("rb") as file:
            kind = detect_kind(file.read(4096))
    except OSError as error:
        raise TableRefused(f"The file can't be opened: {error.strerror}.") from error
    if kind == "parquet":
        return ParquetTable(path)
    if kind == "zip" and is_workbook(path):
        return WorkbookTable(path, header=header, header_line=header_line, max_bytes=max_bytes)
    source = ByteSource(path, max_bytes)
    try:
        return DelimitedTable(
            source,
            path,
            delimiter=delimiter,
            encoding=encoding,
            header=header,
            header_line=header_line,
        )
    except BaseException:
        source.close()
        raise
