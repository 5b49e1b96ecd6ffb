"""Two checkouts at once end in one subscription, whatever is paid (C-13)."""

import logging
import threading

import pytest
from django.db import connections
from django.test import Client

from credits.ledger.checks import find_differences
from credits.plans.models import PlanCheckout, Subscription
from credits.receipts.operations import send_due_mail
from credits.stripe.local.errors import Refusal
from credits.stripe.models import StripeEvent
from cursive.lib.tenancy import system_context
from tests import cast
from tests.credits.plans.rows import subscription
from tests.credits.plans.subscribing import KEY
from tests.credits.stripe.paying import deliver, deliver_all, settle, work_off

REFUNDS = "/v1/refunds"


def open_two(alice) -> list[str]:
    """Both forms of the plan page sent at the same moment; the sessions that they lead to."""
    start, answers = threading.Barrier(2), {}
    # Everybody asks Stripe before anybody has written down what it answered.
    alice.stripe.slow("/v1/checkout/sessions", 0.5, times=2)

    def send(plan: str, key: str, client: Client) -> None:
        start.wait()
        try:
            answers[plan] = client.post("/credits/plan/checkout/", {"plan": plan, "key": key})
        finally:
            connections.close_all()

    cookies = alice.client.cookies
    threads = []
    for number, plan in enumerate(("pro", "enterprise"), 1):
        client = Client(raise_request_exception=False)
        client.cookies = cookies
        threads.append(threading.Thread(target=send, args=(plan, KEY.format(number), client)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [alice.session_of(answers[plan]) for plan in ("pro", "enterprise")]


def pay_two(alice) -> None:
    """Two hosted pages, both open and both paid: what a lost call to close one would leave."""
    first = alice.session_of(alice.open_checkout("pro"))
    with system_context():
        PlanCheckout.objects.all().delete()
    second = alice.session_of(alice.open_checkout("enterprise", KEY.format(2)))
    alice.stripe.pay(first)
    alice.stripe.pay(second)


def subscriptions(alice) -> list[Subscription]:
    with system_context():
        found = Subscription.objects.filter(workspace=alice.workspace).select_related("plan")
        return list(found.order_by("started_at", "stripe_id"))


def refunded(alice) -> list[int]:
    events = [one for one in alice.stripe.events if one["type"] == "refund.created"]
    return [one["data"]["object"]["amount"] for one in events]


def test_of_two_checkouts_at_once_one_can_be_paid(alice):
    alice.price("pro"), alice.price("enterprise")
    sessions = open_two(alice)
    states = {key: alice.stripe.get(key)["status"] for key in sessions}
    assert sorted(states.values()) == ["expired", "open"]
    (is_open,) = (key for key, state in states.items() if state == "open")
    with system_context():
        assert PlanCheckout.objects.get().session_id == is_open
    (is_closed,) = set(sessions) - {is_open}
    with pytest.raises(Refusal):
        alice.stripe.pay(is_closed)
    alice.stripe.pay(is_open)
    settle(alice.stripe)
    assert alice.subscription().status == "active"


def test_of_two_that_were_paid_the_later_ends_and_is_refunded(alice, caplog, mailoutbox):
    with caplog.at_level(logging.ERROR):
        pay_two(alice)
        settle(alice.stripe)
    kept, ended = sorted(subscriptions(alice), key=lambda one: bool(one.double_of))
    assert (kept.status, ended.status) == ("active", "canceled")
    assert ended.double_of == kept.stripe_id and kept.double_of == ""
    assert alice.stripe.get(ended.stripe_id)["status"] == "canceled"
    assert refunded(alice) == [ended.plan.price_cents]
    assert alice.balance() == kept.plan.credits
    assert find_differences() == []
    assert [one.kind for one in alice.mails("plan_double")] == ["plan_double"]
    assert alice.mails("plan_ended") == []
    assert [one for one in caplog.records if one.message == "second_subscription"]
    send_due_mail()
    (mail,) = (one for one in mailoutbox if "second plan" in one.subject)
    assert ended.plan.name in mail.body and mail.to == ["alice@cast.example"]


def test_every_event_again_and_backwards_changes_nothing(alice):
    pay_two(alice)
    settle(alice.stripe)
    before = subscriptions(alice), alice.mails(), alice.balance()
    for event in reversed(alice.stripe.events):
        deliver({**event, "id": f"{event['id']}_again"})
    work_off()
    assert (subscriptions(alice), alice.mails(), alice.balance()) == before
    assert len(refunded(alice)) == 1


@pytest.mark.parametrize("broken", ["/v1/subscriptions/", REFUNDS])
def test_what_breaks_off_is_done_when_it_is_tried_again(alice, broken):
    """Also where Stripe did it, and only the answer was lost."""
    pay_two(alice)
    alice.stripe.fail(broken, status=500, times=2, lost=True)
    deliver_all(alice.stripe)
    work_off(well=False)
    with system_context():
        StripeEvent.objects.filter(state="pending").update(next_attempt_at="2020-01-01T00:00Z")
    work_off(well=False)
    alice.stripe.heal()
    settle(alice.stripe)
    assert sorted(one.status for one in subscriptions(alice)) == ["active", "canceled"]
    assert len(refunded(alice)) == 1
    assert len(alice.mails("plan_double")) == 1


def test_credits_that_were_granted_before_the_other_was_known_are_taken_back(alice):
    """The second is only known to Stripe when the first one's month has been granted."""
    first = alice.session_of(alice.open_checkout("pro"))
    with system_context():
        PlanCheckout.objects.all().delete()
    second = alice.session_of(alice.open_checkout("enterprise", KEY.format(2)))
    alice.stripe.pay(second)
    settle(alice.stripe)
    assert alice.balance() == 1500
    alice.stripe.pay(first)
    settle(alice.stripe)
    kept = next(one for one in subscriptions(alice) if not one.double_of)
    assert alice.balance() == kept.plan.credits and find_differences() == []


def test_one_living_subscription_a_workspace_is_part_of_the_proof(db):
    workspace, _ = cast.acme()
    subscription(workspace, "pro")
    assert find_differences() == []
    subscription(workspace, "enterprise")
    (found,) = find_differences()
    assert found.check == "one living subscription a workspace" and found.found == "2"
