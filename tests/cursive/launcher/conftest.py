"""A state of the test's own: nothing here touches what the checkout runs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cursive.launcher.state import State


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """An empty state in a folder that doesn't outlive the test."""
    made = State(tmp_path)
    yield made
    if os.geteuid() == 0:
        shutil.rmtree(made.servers.parent)
