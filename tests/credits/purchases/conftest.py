"""Acme's shop: its books, Stripe on this machine, and Alice who buys."""

import pytest
from django.test import Client

from accounts.workspaces.models import User
from cursive.lib.tenancy import system_context
from tests.credits.purchases.shop import Shop
from tests.credits.stripe.paying import local_stripe

__all__ = ["local_stripe"]


@pytest.fixture
def alice(books) -> Client:
    """Acme's owner in a browser."""
    client = Client()
    with system_context():
        client.force_login(User.objects.get(email="alice@cast.example"))
    return client


@pytest.fixture
def shop(books, local_stripe) -> Shop:
    """Acme, buying."""
    return Shop(books, local_stripe)
