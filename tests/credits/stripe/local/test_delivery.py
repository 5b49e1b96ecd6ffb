"""Events on their way to the webhook: signed as Stripe signs, in order, again until taken."""

import time
from collections.abc import Iterator

import pytest
from stripe import SignatureVerificationError, StripeClient, Webhook

from credits.stripe.local import delivery
from credits.stripe.local.testing import LocalStripe
from tests.credits.stripe.local.receiver import Receiver, receiver

SECRET = "whsec_of_a_test"


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as listening:
        yield listening


def wait_until(true, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def client_of(stripe: LocalStripe) -> StripeClient:
    return StripeClient("sk_test_x", base_addresses={"api": stripe.url}, max_network_retries=0)


def test_events_arrive_in_order_with_signatures_that_the_library_accepts(hook):
    with LocalStripe(webhook=hook.url, secret=SECRET) as stripe:
        for number in range(5):
            client_of(stripe).v1.customers.create({"name": str(number)})
        wait_until(lambda: len(hook.got) == 5)
        assert [one["id"] for one in hook.events] == [one["id"] for one in stripe.events]
        wait_until(lambda: {one["pending_webhooks"] for one in stripe.events} == {0})
    for body, header in hook.got:
        event = Webhook.construct_event(body, header, SECRET)
        assert event.type == "customer.created"
        with pytest.raises(SignatureVerificationError):
            Webhook.construct_event(body, header, "whsec_other")


def test_an_event_is_sent_again_until_it_is_taken(hook, monkeypatch):
    monkeypatch.setattr(delivery, "RETRY_SECONDS", (0, 0, 0))
    hook.answers = [500, 400]
    with LocalStripe(webhook=hook.url, secret=SECRET) as stripe:
        client_of(stripe).v1.customers.create({})
        wait_until(lambda: len(hook.got) == 3)
        assert len({one["id"] for one in hook.events}) == 1
        wait_until(lambda: stripe.events[0]["pending_webhooks"] == 0)


def test_an_event_that_nobody_takes_is_given_up(hook, monkeypatch):
    monkeypatch.setattr(delivery, "RETRY_SECONDS", (0,))
    hook.answers = [500] * 9
    with LocalStripe(webhook=hook.url, secret=SECRET) as stripe:
        client_of(stripe).v1.customers.create({})
        wait_until(lambda: not stripe.account.all("_owed"))
        assert len(hook.got) == 2
        assert stripe.events[0]["pending_webhooks"] == 1


def test_an_event_can_be_signed_for_another_time_and_delivered_by_hand(hook):
    with LocalStripe(secret=SECRET) as stripe:
        client_of(stripe).v1.customers.create({})
        [event] = stripe.events
        body, header = stripe.signed(event, timestamp=time.time() - 301)
        with pytest.raises(SignatureVerificationError, match="tolerance"):
            Webhook.construct_event(body, header, SECRET, tolerance=300)
        assert stripe.deliver(event, hook.url) == 200
        assert hook.events == [event]
        assert stripe.deliver(event, "http://127.0.0.1:1/") == 0
        assert client_of(stripe).v1.events.retrieve(event["id"]).type == "customer.created"
        assert len(client_of(stripe).v1.events.list({"type": "customer.*"}).data) == 1
