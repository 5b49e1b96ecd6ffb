"""14 months of a subscription, told in any order, several times and at once (C-9, C-13)."""

import itertools
import random
from datetime import timedelta

import pytest

from credits.ledger.checks import find_differences
from credits.stripe import runner
from tests.credits.books import at_once
from tests.credits.plans.subscribing import Subscriber
from tests.credits.stripe.paying import deliver, stored

UPGRADED = [100] * 4 + [1500] * 4
EXPECTED = [*UPGRADED, *[100] * 7]


def live(alice: Subscriber) -> None:
    """Pro for four months, Enterprise for four, one month late, then Pro until it is cancelled.

    Nothing of it has been told yet but the beginning, which changes need.
    """
    alice.subscribe("pro")
    for _ in range(3):
        alice.stripe.advance(_after(alice, 31))
    alice.change("enterprise")
    alice.stripe.advance(_after(alice, 31))
    alice.stripe.set_card(alice.customer, "4000000000000002")
    alice.stripe.advance(_after(alice, 31))
    alice.stripe.set_card(alice.customer, "4242424242424242")
    alice.stripe.advance(_after(alice, 31))
    alice.change("pro")
    for _ in range(7):
        alice.stripe.advance(_after(alice, 31))
    alice.cancel()
    alice.stripe.advance(_after(alice, 32))


def _after(alice: Subscriber, days: int):
    return alice.now() + timedelta(days=days)


def told(alice: Subscriber) -> tuple:
    subscription = alice.subscription()
    return (
        alice.grants(),
        [(one.plan.code, one.start, one.end, bool(one.granted_at)) for one in alice.periods()],
        [(one.stripe_id, one.state, one.cents) for one in alice.invoices()],
        (subscription.status, subscription.plan.code, subscription.ended_at),
        sorted((one.kind, one.key) for one in alice.mails() if one.kind != "plan_payment_failed"),
    )


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(2))
def test_the_same_books_come_of_any_order(alice, seed):
    chance = random.Random(seed)
    live(alice)
    events = alice.stripe.events
    copies = [
        {**event, "id": f"{event['id']}_{number}"}
        for event in events
        for number in range(chance.choice((1, 1, 2, 3)))
    ]
    chance.shuffle(copies)
    for event in copies:
        deliver(event)
        if chance.random() < 0.1:
            at_once(4, lambda _: runner.process_due_events(seconds=0.1))
    failures = [one for one in at_once(4, lambda _: runner.process_due_events(60)) if one is None]
    assert failures == []
    assert {(event.state, event.error) for event in stored()} <= {("done", ""), ("ignored", "")}
    found = told(alice)
    # A period that nobody granted, of which only its invoice tells, is there all the same.
    assert sorted(found[0]) == sorted(EXPECTED), found[0]
    periods = found[1]
    assert [plan for plan, *_ in periods] == ["pro"] * 4 + ["enterprise"] * 4 + ["pro"] * 7
    assert all(granted for *_, granted in periods)
    assert all(one[2] == after[1] for one, after in itertools.pairwise(periods))
    assert found[3][0] == "canceled" and alice.terms().plan.code == "free"
    assert find_differences() == []
    # Told once more, in order: nothing is left to change.
    for event in events:
        deliver({**event, "id": f"{event['id']}_last"})
    runner.process_due_events(60)
    assert told(alice) == found
