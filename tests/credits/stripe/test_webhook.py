"""C-9: what is signed is stored once and answered; anything else is refused and changes nothing."""

import json
import time
from contextlib import contextmanager

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.security.models import SecurityEvent
from credits.stripe.providers import stripe_client
from cursive.lib.tenancy import system_context
from tests.credits.books import at_once
from tests.credits.stripe.paying import (
    deliver,
    deliver_all,
    happened,
    local_stripe,
    post,
    signature,
    stored,
    work_off,
)
from tests.credits.stripe.watched import KIND, paid

__all__ = ["local_stripe"]
pytestmark = pytest.mark.usefixtures("db")


def refused(body: str | bytes, header: str | None) -> str:
    """Post what has to be refused; the reason given."""
    answer = post(body, header)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert stored() == []
    return answer.json()["code"]


def test_a_signed_event_is_stored_and_answered(handler):
    event = paid("00000000-0000-7000-8000-000000000000")
    answer = deliver(event)
    assert (answer.status_code, answer.json()) == (200, {"received": True, "duplicate": False})
    (kept,) = stored()
    assert (kept.stripe_event_id, kept.type, kept.payload) == (event["id"], KIND, event)
    assert (kept.state, kept.attempts, kept.workspace_id) == ("pending", 0, None)
    assert handler.prepared == 0, "processing is not the webhook's"


def test_a_duplicate_is_answered_and_stored_once(handler):
    event = paid("00000000-0000-7000-8000-000000000000")
    deliver(event)
    for _ in range(3):
        answer = deliver({**event, "livemode": True})
        assert (answer.status_code, answer.json()["duplicate"]) == (200, True)
    (kept,) = stored()
    assert kept.payload["livemode"] is False, "the first one counts"


@pytest.mark.faults
def test_one_event_delivered_twenty_times_at_once_is_stored_once(handler):
    event = paid("00000000-0000-7000-8000-000000000000")
    answers = at_once(20, lambda _: deliver(event))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False] + [True] * 19
    assert len(stored()) == 1


def test_an_unknown_type_is_stored_as_ignored():
    answer = deliver(happened("customer.tax_id.created", {"id": "txi_1"}))
    assert answer.status_code == 200
    (kept,) = stored()
    assert kept.state == "ignored" and kept.finished_at is not None
    assert work_off() == 0


def test_storing_costs_one_statement(handler):
    event = paid("00000000-0000-7000-8000-000000000000")
    with CaptureQueriesContext(connections["admin"]) as admin, no_queries("default"):
        deliver(event)
    assert len(admin) == 1


@contextmanager
def no_queries(alias: str):
    with CaptureQueriesContext(connections[alias]) as captured:
        yield
    assert len(captured) == 0


NOW = int(time.time())
GOOD = json.dumps(happened(KIND, {"id": "pi_1"}))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        "t=,v1=",
        f"t={NOW}",
        f"v1={'0' * 64}",
        f"t={NOW},v1={'0' * 64}",
        f"t={NOW},v0={'0' * 64}",
        f"t={NOW},v1=",
        f"t={'9' * 5000},v1={'0' * 64}",
        f"t={NOW},v1=" + "é" * 64,
        f"t={NOW},v1={'0' * 64}\x00",
        "t=" + ",v1=0" * 100_000,
    ],
    ids=range(13),
)
def test_what_is_not_signed_is_refused(handler, header):
    assert refused(GOOD, header) == "bad_signature"


def test_what_is_signed_with_another_secret_is_refused(handler):
    assert refused(GOOD, signature(GOOD, secret="whsec_another")) == "bad_signature"


def test_a_body_that_was_changed_or_cut_is_refused(handler):
    header = signature(GOOD)
    for body in (GOOD + " ", GOOD[:-1], GOOD[: len(GOOD) // 2], "", GOOD.replace("pi_1", "pi_2")):
        assert refused(body, header) == "bad_signature"
    assert refused(b"\xff\xfe" + GOOD.encode(), header) == "bad_signature"


@pytest.mark.parametrize("age", [301, 3_600, 86_400 * 365, -305, -3_599, -86_400])
def test_old_and_future_signatures_are_refused(handler, age):
    """C-9: 300 s, both ways; the library alone lets an hour of future pass."""
    assert refused(GOOD, signature(GOOD, at=int(time.time()) - age)) == "bad_signature"


@pytest.mark.parametrize("age", [295, 0, -295])
def test_signatures_within_300_seconds_are_taken(handler, age):
    assert post(GOOD, signature(GOOD, at=int(time.time()) - age)).status_code == 200
    assert len(stored()) == 1


def test_one_of_two_signatures_is_enough(handler):
    """While a secret is rotated Stripe signs with both."""
    time_part, ours = signature(GOOD).split(",")
    assert post(GOOD, f"{time_part},v1={'0' * 64},{ours}").status_code == 200


def test_two_megabytes_are_refused_unread(handler):
    body = json.dumps(happened(KIND, {"id": "pi_1", "note": "x" * 2_000_000}))
    assert refused(body, signature(body)) == "invalid"


def test_just_under_a_megabyte_is_taken(handler):
    body = json.dumps(happened(KIND, {"id": "pi_1", "note": "x" * 990_000}))
    assert post(body, signature(body)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "null",
        '"event"',
        "{}",
        '{"object": "event"}',
        "{",
        '{"object": "event", "id": NaN}',
        '{"object": "event", "id": "evt_1", "type": "x", "data": {"object": {"a": 1e999}}}',
        "[" * 50_000,
        '{"a":' * 50_000,
        json.dumps({**json.loads(GOOD), "object": "v2.core.event"}),
        json.dumps({**json.loads(GOOD), "id": 5}),
        json.dumps({**json.loads(GOOD), "id": "evt_\0"}),
        json.dumps({**json.loads(GOOD), "id": "evt_" + "1" * 300}),
        json.dumps({**json.loads(GOOD), "type": ""}),
        json.dumps({**json.loads(GOOD), "type": ["x"]}),
        json.dumps({**json.loads(GOOD), "data": {}}),
        json.dumps({**json.loads(GOOD), "data": {"object": "pi_1"}}),
    ],
    ids=range(18),
)
def test_what_is_signed_but_no_event_is_refused(handler, body):
    """X-5."""
    assert refused(body, signature(body)) == "invalid"


def test_text_that_the_database_refuses_does_not_lose_a_payment(handler):
    """X-5: NULs and halves of characters in a name."""
    body = GOOD.replace('"pi_1"', '"pi_1", "name": "A\\u0000b\\ud800c \\ud83d\\ude00"')
    assert post(body, signature(body)).status_code == 200
    assert stored()[0].payload["data"]["object"]["name"] == "A\N{REPLACEMENT CHARACTER}b?c 😀"


def test_the_local_server_signs_as_stripe_does(local_stripe):
    """C-16: test payments go by the same door."""
    customer = stripe_client().v1.customers.create({"name": "Acme"})
    (event,) = local_stripe.events
    assert post(*local_stripe.signed(event)).status_code == 200
    assert post(*local_stripe.signed(event, time.time() - 301)).status_code == 400
    (kept,) = stored()
    assert kept.stripe_event_id == event["id"]
    assert kept.payload["data"]["object"]["id"] == customer.id
    assert deliver_all(local_stripe) == 0, "it is stored already"


def test_other_methods_are_refused(handler):
    for method in ("get", "put", "delete", "patch"):
        assert getattr(Client(), method)("/api/webhooks/stripe").status_code == 405


def test_a_signed_in_browser_gets_no_further():
    """Neither a session nor its CSRF token stands for a signature."""
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/api/webhooks/stripe", GOOD, content_type="application/json")
    assert answer.status_code == 400
    assert stored() == []


def test_refusals_are_security_events(handler):
    """A-8; a hundred of a kind are one."""
    for _ in range(3):
        post(GOOD, signature(GOOD, secret="whsec_another"))
    with system_context():
        (noted,) = SecurityEvent.objects.all()
    assert (noted.kind, noted.ip) == ("signature_failed", "127.0.0.1")
    assert noted.workspace_id is None and noted.detail["webhook"] == "stripe"
    assert noted.endpoint == "/api/webhooks/stripe"


def test_there_is_no_limit_for_stripe(handler):
    for number in range(150):
        assert deliver(paid("x", f"pi_{number}")).status_code == 200
    assert len(stored()) == 150
