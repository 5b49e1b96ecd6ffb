"""One running Cursive and one browser for all journeys."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.databases import BASE_NAME
from tests.journeys.browser import chromium
from tests.journeys.live import LIVE_REDIS, SECOND_REDIS, Live, running
from tests.leads.verification.doubles import Providers, providers

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


@pytest.fixture(scope="session")
def outside() -> Iterator[Providers]:
    """Both providers of verification, on this machine."""
    with providers() as double:
        yield double


@pytest.fixture(scope="session")
def asking_live(tmp_path_factory, outside) -> Iterator[Live]:
    """A Cursive that has keys of both providers, and needs no catalogue."""
    with pytest.MonkeyPatch.context() as patch:
        for code in ("MILLIONVERIFIER", "ZEROBOUNCE"):
            patch.setenv(f"{code}_KEY", "key")
            patch.setenv(f"{code}_URL", outside.url)
        folder, name = tmp_path_factory.mktemp("asking"), f"{BASE_NAME}_asking"
        with running(folder, name, redis=SECOND_REDIS, catalogue_rows=0) as started:
            yield started


# Not for longer: while it lives, Django takes the whole thread for asynchronous.
@pytest.fixture(scope="package")
def launched() -> Iterator[Browser]:
    """Debian's Chromium, started once."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def browser(launched) -> Iterator[Browser]:
    """The browser; whoever has opened it has left afterwards."""
    yield launched
    for context in launched.contexts:
        context.close()


@pytest.fixture
def shots() -> Path | None:
    """The folder for pictures, if somebody wants some."""
    return Path(SHOTS) if SHOTS else None
