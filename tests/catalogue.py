"""A small catalogue for tests: generated people, loaded once a session, the same every time."""

import datetime
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from leads.catalogue import tombstones
from leads.catalogue.generate import generate_people
from leads.catalogue.loader import load_file
from leads.catalogue.local import LocalSource, local_source

ROWS = 3_000


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=f"cursive-catalogue-{os.getpid()}-")


@cache
def demo_catalogue(rows: int = ROWS, seed: int = 7) -> Path:
    """A directory with a snapshot of `rows` generated people, made once a process."""
    folder = Path(_folder().name) / f"{rows}-{seed}"
    people = folder / "people.parquet"
    folder.mkdir(parents=True)
    generate_people(people, rows=rows, seed=seed, as_of=datetime.datetime.now(datetime.UTC).date())
    load_file(people, folder / "snapshots", replace=True)
    return folder / "snapshots"


@pytest.fixture
def catalogue(db: None, settings) -> Iterator[LocalSource]:
    """The small catalogue in force, for a test that has the database too."""
    settings.CATALOGUE_DIR = demo_catalogue()
    tombstones.forget_kept()
    yield local_source()
    tombstones.forget_kept()
