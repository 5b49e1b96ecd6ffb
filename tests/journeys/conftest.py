"""One running Cursive and one browser for all journeys."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.databases import BASE_NAME
from tests.journeys.browser import chromium
from tests.journeys.live import LIVE_REDIS, Live, running

ROWS = 20_000
# Where pictures of all that is looked at go; without it none are taken, which is much quicker.
SHOTS = os.environ.get("CURSIVE_SHOTS")


@pytest.fixture(scope="session")
def live(tmp_path_factory) -> Iterator[Live]:
    """Web, worker and a catalogue of ROWS people, on databases of their own. Journeys run one
    after the other, in one worker, and so share what takes long to start."""
    folder, name = tmp_path_factory.mktemp("live"), f"{BASE_NAME}_journeys"
    with running(folder, name, redis=LIVE_REDIS, catalogue_rows=ROWS) as started:
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
