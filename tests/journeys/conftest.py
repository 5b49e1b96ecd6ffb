"""One running Cursive and one browser for all journeys."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.browser import chromium
from tests.journeys.live import Live, running

ROWS = 20_000
# Where pictures of all that is looked at go; without it none are taken, which is much quicker.
SHOTS = os.environ.get("CURSIVE_SHOTS")


@pytest.fixture(scope="session")
def live(tmp_path_factory) -> Iterator[Live]:
    """Web, worker and a catalogue of ROWS people, on databases of their own: files of journeys
    may run side by side, and one after the other share what takes long to start."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    name = f"{os.environ.get('CURSIVE_TEST_DB', 'test_cursive')}_journeys_{worker}"
    folder, redis = tmp_path_factory.mktemp("live"), 7 + int(worker.removeprefix("gw") or 0) % 2
    with running(folder, name, redis=redis, catalogue_rows=ROWS) as started:
        yield started


# Not for longer: while it lives, Django takes the whole thread for asynchronous.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def shots() -> Path | None:
    """The folder for pictures, if somebody wants some."""
    return Path(SHOTS) if SHOTS else None
