"""Opens a file as the table it is, by what is in it."""

from __future__ import annotations

import os

from .table import Table


def open_table(
    path: str | os.PathLike[str],
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    max_bytes: int | None = None,
) -> Table:
    """Open the file at `path` and find out how to read it.

    CSV and its relatives (also gzip, bzip2 or alone in a zip), Parquet and .xlsx are told apart by
    content, not by name. What is given (`delimiter`, `encoding`, `header`) isn't guessed.
    `max_bytes` limits the unpacked size. Raises TableRefused with a sentence for people.
    """
    raise NotImplementedError
