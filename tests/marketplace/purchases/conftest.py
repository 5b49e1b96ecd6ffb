"""Acme, which buys, and a partner that sells."""

import pytest
from django.test import Client

from tests import market
from tests.marketplace.purchases.buying import Buyer, buyer


@pytest.fixture
def acme(db) -> Buyer:
    """Acme with 1,000 credits, and its owner Alice."""
    return buyer()


@pytest.fixture
def seller(db):
    """Petra's workspace."""
    return market.partner()[0]


@pytest.fixture
def alice(acme) -> Client:
    """Acme's owner in a browser."""
    client = Client()
    client.force_login(acme.user)
    return client
