"""DuckDB connections for work outside a snapshot: bounded memory, files to spill into."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb


@contextmanager
def connect(
    database: Path | None = None,
    *,
    memory: str = "256MB",
    threads: int = 1,
    spill: Path | None = None,
    read_only: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a database file, or to an empty one in memory; close it after.

    With one thread, sorts of wide rows keep to `memory` by spilling to `spill`; with two, DuckDB
    2.0 was seen to give up instead.
    """
    with tempfile.TemporaryDirectory(prefix="catalogue-", dir=spill) as directory:
        db = duckdb.connect(
            str(database) if database else ":memory:",
            read_only=read_only,
            config={
                "threads": threads,
                "memory_limit": memory,
                "temp_directory": directory,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "enable_external_file_cache": False,
            },
        )
        try:
            yield db
        finally:
            db.close()
