"""A handler to watch, registered for one test."""

from collections.abc import Iterator

import pytest

from credits.stripe.registry import register_handler
from tests.credits.stripe.paying import forget_handlers
from tests.credits.stripe.watched import KIND, Watched


@pytest.fixture
def handler() -> Iterator[Watched]:
    """Registered for events of KIND."""
    made = Watched()
    register_handler(made)
    yield made
    forget_handlers(KIND)
