"""One running Cursive and one browser for all journeys."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.browser import chromium
from tests.journeys.live import Live, running

ROWS = 20_000
SHOTS = Path(os.environ.get("CURSIVE_SHOTS", Path(__file__).parents[2] / ".run" / "shots"))


@pytest.fixture(scope="session")
def live(tmp_path_factory) -> Iterator[Live]:
    """Web, worker and a catalogue of ROWS people, on a database of their own."""
    name = os.environ.get("CURSIVE_TEST_DB", "test_cursive") + "_journeys"
    with running(tmp_path_factory.mktemp("live"), name, catalogue_rows=ROWS) as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def shots() -> Path:
    """Where pictures go: not into git."""
    return SHOTS
