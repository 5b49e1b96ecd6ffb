"""Stripe's part of the health page (N-14). Without it nobody can pay, but all else works."""

import time
from datetime import timedelta

from django.conf import settings

from cursive.lib.health import register_check

from .providers import calling, stripe_client
from .queries import events_are_late

# So long an answer counts, since the health page is asked much more often than Stripe should be.
FRESH_SECONDS = 30
LATE = timedelta(minutes=5)
# Until when the last answer counts, by the address that gave it. Each process asks for itself:
# what is shared is at Redis, and without that Stripe isn't down.
_fresh_until: dict[str, float] = {}


class EventsAreLate(Exception):
    """Events of Stripe's wait, and nobody processes them."""


def register() -> None:
    """Have the health page tell about Stripe."""
    register_check("stripe", _stripe, needed=False)


def _stripe() -> None:
    if events_are_late(by=LATE):
        raise EventsAreLate
    if _fresh_until.get(settings.STRIPE_LOCAL_URL, 0.0) > time.monotonic():
        return
    with calling("ask for the state of payments"):
        stripe_client().v1.events.list({"limit": 1})
    _fresh_until[settings.STRIPE_LOCAL_URL] = time.monotonic() + FRESH_SECONDS
