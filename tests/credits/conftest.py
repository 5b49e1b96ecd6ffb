"""Acme's books and Rival's."""

import pytest

from tests import cast
from tests.credits.books import Books


@pytest.fixture
def books(db) -> Books:
    """Acme's."""
    workspace, _ = cast.acme()
    return Books(workspace)


@pytest.fixture
def others(db) -> Books:
    """Rival's."""
    workspace, _ = cast.rival()
    return Books(workspace)
