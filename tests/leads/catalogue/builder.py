"""Small catalogues made of given people, past the loader's cleaning."""

import datetime
import uuid
from collections.abc import Sequence
from pathlib import Path

from pyroaring import BitMap

from leads.catalogue.building import build_snapshot
from leads.catalogue.engine import connect
from leads.catalogue.merging import merge_range
from leads.catalogue.snapshots import Snapshots
from leads.catalogue.staging import HASHES, read_rows_sql, staged_row, write_part, write_rows
from leads.records.person import Person

DAY = datetime.date(2026, 3, 31)


def build(directory: Path, people: Sequence[Person], *, number: int = 1) -> Path:
    """Publish a version that holds exactly these people, each with a key of their own."""
    directory.mkdir(parents=True, exist_ok=True)
    rows = [staged_row(person, uuid.UUID(int=at * 2**100 + 1), at + 1)
            for at, person in enumerate(people)]  # fmt: skip
    write_rows(rows, directory / "rows.csv")
    part, run = directory / "part.parquet", directory / "run.parquet"
    built = directory / "built.duckdb"
    with connect(spill=directory) as db:
        write_part(db, read_rows_sql(directory / "rows.csv"), part)
        merged = merge_range(
            db, [part], 0, HASHES, run, next_id=1, as_of=DAY, tombstones=BitMap(), suppressed=None
        )
    build_snapshot(
        built,
        [run],
        number=number,
        next_id=merged.next_id,
        sources=["test"],
        built_at=datetime.datetime.now(datetime.UTC),
        memory="128MB",
        spill=directory,
    )
    Snapshots(directory).publish(built, number)
    return directory
