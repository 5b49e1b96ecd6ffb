"""Petra's partner workspace, and the proof of all partners' books after each test that has it."""

from collections.abc import Iterator

import pytest
from django.test import Client

from partners.commission.checks import find_differences
from tests import cast
from tests.credits.stripe.paying import local_stripe
from tests.partners.books import Seller

__all__ = ["local_stripe"]


@pytest.fixture
def petra(db) -> Iterator[Seller]:
    """Petra's books; in the end all partners' are right."""
    yield Seller()
    assert find_differences() == []


@pytest.fixture
def sam(db, settings) -> Client:
    """Staff in a browser."""
    settings.STAFF_MFA_REQUIRED = False
    client = Client()
    client.force_login(cast.staff())
    return client
