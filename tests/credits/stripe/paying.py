"""What tests about payments share: Stripe on this machine, its events delivered and processed.

Import the fixture beside the functions: `from tests.credits.stripe.paying import local_stripe`.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.conf import settings
from django.db import connections
from django.test import Client

from credits.stripe import registry, runner
from credits.stripe.local.testing import LocalStripe
from credits.stripe.models import StripeEvent
from cursive.lib.tenancy import system_context, uuid7

WEBHOOK = "/api/webhooks/stripe"
# One client a thread: making one loads all of the middleware.
_here = threading.local()


@pytest.fixture
def local_stripe(db, settings) -> Iterator[LocalStripe]:
    """Stripe as a server of this test's own, which our client talks to."""
    with LocalStripe(secret=settings.STRIPE_WEBHOOK_SECRET) as server:
        settings.STRIPE_LOCAL_URL = server.url
        yield server


def happened(kind: str, thing: Mapping[str, Any], event_id: str = "") -> dict[str, Any]:
    """An event as Stripe would send it, made by hand."""
    return {
        "id": event_id or f"evt_{uuid7().hex}",
        "object": "event",
        "api_version": "2026-10-28",
        "created": 1_790_000_000,
        "livemode": False,
        "type": kind,
        "data": {"object": dict(thing)},
    }


def signature(body: str | bytes, *, at: int | None = None, secret: str = "") -> str:
    """The Stripe-Signature header of a body, at a Unix time, as Stripe makes it."""
    text = body.decode() if isinstance(body, bytes) else body
    return stripe.WebhookSignature.generate_signature_header(
        text, secret or settings.STRIPE_WEBHOOK_SECRET, at
    )


def deliver(event: Mapping[str, Any], *, at: int | None = None) -> Any:
    """Post one event to the webhook, rightly signed; the answer."""
    body = json.dumps(event)
    return post(body, signature(body, at=at))


def post(body: str | bytes, header: str | None) -> Any:
    """Post a body with a Stripe-Signature header, or with none."""
    headers = {} if header is None else {"Stripe-Signature": header}
    if not hasattr(_here, "client"):
        _here.client = Client(raise_request_exception=False)
    return _here.client.post(WEBHOOK, body, content_type="application/json", headers=headers)


def deliver_all(server: LocalStripe) -> int:
    """Post what the server has made and we haven't stored yet, in its order; how many."""
    with system_context():
        stored = set(StripeEvent.objects.values_list("stripe_event_id", flat=True))
    new = [event for event in server.events if event["id"] not in stored]
    for event in new:
        answer = deliver(event)
        assert answer.status_code == 200, answer.content
    return len(new)


def work_off(*, well: bool = True) -> int:
    """Process what is due; how many events. `well`: none of them may have gone wrong."""
    done = runner.process_due_events(seconds=60)
    if well:
        assert [(event.type, event.error) for event in stored() if event.error] == []
    return done


def settle(server: LocalStripe) -> None:
    """Deliver and process until nothing new comes of it."""
    while deliver_all(server) or work_off():
        pass


def stored(**wanted: Any) -> list[StripeEvent]:
    """The stored events that fit, in the order in which they came."""
    with system_context():
        return list(StripeEvent.objects.filter(**wanted).order_by("received_at", "id"))


def pass_time(span: timedelta) -> None:
    """Let time go by for the stored events: the database's clock stays, they get older."""
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "UPDATE credits_stripeevent SET received_at = received_at - %(span)s,"
            " next_attempt_at = next_attempt_at - %(span)s, lease_until = lease_until - %(span)s",
            {"span": span},
        )


def forget_handlers(*kinds: str) -> None:
    """Take the handlers that a test has registered for these types out again."""
    for kind in kinds:
        registry._handlers.pop(kind, None)
