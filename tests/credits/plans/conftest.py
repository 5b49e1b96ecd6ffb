"""Acme's owner with Stripe beside."""

import pytest

from tests import cast
from tests.credits.plans.subscribing import Subscriber
from tests.credits.stripe.paying import local_stripe

__all__ = ["local_stripe"]


@pytest.fixture
def alice(local_stripe) -> Subscriber:
    """Owns Acme, which is Free."""
    workspace, owner = cast.acme()
    return Subscriber(workspace, owner, local_stripe)
