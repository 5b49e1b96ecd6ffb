"""C-9, C-12, C-13: all events of four purchases, refunds, a dispute and 14 months of a plan.

They are delivered in random orders, each one to ten times, eight at once, while the workers that
process them are killed: the books are the same each time.
"""

import os
import random
import sys
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models import Max

from credits.ledger.checks import find_differences
from credits.ledger.models import Account, Entry
from credits.plans.models import Invoice, Period, Subscription
from credits.purchases.models import CreditPurchase, Dispute, Reversal
from credits.receipts.models import PaymentMail
from credits.stripe import runner
from credits.stripe.local.errors import Refusal
from credits.stripe.models import StripeEvent
from cursive.lib.tenancy import system_context
from tests import cast
from tests.conftest import Emptier
from tests.credits.books import Books, at_once
from tests.credits.plans.subscribing import Subscriber
from tests.credits.purchases.shop import Shop
from tests.credits.stripe.paying import deliver, local_stripe, pass_time
from tests.faults.doom import KILLED, ended, hire

__all__ = ["local_stripe"]
pytestmark = pytest.mark.faults

SEED = int(os.environ.get("FAULT_SEED", "20261121"))
# All 200 take over an hour; so many are tried with FAULT_ORDERS=200.
ORDERS = int(os.environ.get("FAULT_ORDERS", "2"))
THREADS = 8
WORKERS = 2
MONTHS = 14
# Statements that a doomed worker begins: from its first event to some dozens of them.
DEATH_AFTER = (3, 400)
LIFETIME = 60.0
DISPOSED = {StripeEvent.State.DONE, StripeEvent.State.IGNORED}


@pytest.fixture
def acme(local_stripe, settings):
    """Acme as it is when Stripe has all to tell and has told nothing; what Stripe has to tell."""
    settings.JOB_LEASE_SECONDS = 1
    workspace, alice = cast.acme()
    shop = Shop(Books(workspace), local_stripe)
    subscriber = Subscriber(workspace, alice, local_stripe)
    refunded, disputed = shop.start("growth"), shop.start("pro")
    returned, expired = shop.start("starter"), shop.start("starter")
    with pytest.raises(Refusal):
        local_stripe.pay(refunded.session_id, card="4000000000000002")
    for purchase in (refunded, disputed, returned):
        local_stripe.pay(purchase.session_id)
    local_stripe.expire(expired.session_id)
    local_stripe.pay(subscriber.session_of(subscriber.open_checkout("pro")))
    paid = {
        str(each["metadata"].get("purchase_id")): each["id"]
        for each in (local_stripe.get(one["data"]["object"]["id"]) for one in local_stripe.events)
        if each["object"] == "payment_intent"
    }
    local_stripe.refund(paid[str(refunded.id)], 5_000)
    local_stripe.refund(paid[str(returned.id)])
    dispute = local_stripe.dispute(paid[str(disputed.id)])
    (customer,) = {one["data"]["object"]["id"] for one in local_stripe.events
                   if one["type"] == "customer.created"}  # fmt: skip
    for month in range(1, MONTHS + 1):
        if month == 6:
            local_stripe.set_card(customer, "4000000000000341")
        local_stripe.advance(subscriber.now() + timedelta(days=31))
        if month == 6:  # the card failed; a better one is charged at the next try
            local_stripe.set_card(customer, "4242424242424242")
    local_stripe.refund(paid[str(refunded.id)], 2_500)
    local_stripe.close_dispute(dispute["id"], won=True)
    return workspace, local_stripe.events


def state_of(workspace) -> dict[str, object]:
    """The books and all that must not depend on how the events came."""
    with system_context():
        account = Account.objects.get(workspace=workspace)
        mine = {"workspace": workspace}
        return {
            "account": (account.balance, account.held, account.frozen),
            "entries": sorted(
                Entry.objects.filter(**mine).values_list("key", "kind", "action", "amount")
            ),
            "purchases": sorted(
                CreditPurchase.objects.filter(**mine).values_list(
                    "package_code", "state", "payment_intent_id", "refunded_cents"
                )
            ),
            "reversals": sorted(
                Reversal.objects.filter(**mine).values_list(
                    "stripe_id", "credits", "taken", "state"
                )
            ),
            "disputes": sorted(Dispute.objects.filter(**mine).values_list("stripe_id", "status")),
            "subscriptions": sorted(
                Subscription.objects.filter(**mine).values_list(
                    "stripe_id", "status", "plan__code", "period_start", "period_end"
                )
            ),
            "periods": sorted(
                Period.objects.filter(**mine).values_list("start", "end", "invoice_id")
            ),
            "invoices": sorted(
                Invoice.objects.filter(**mine).values_list("stripe_id", "state", "cents")
            ),
            "mails": sorted(PaymentMail.objects.filter(**mine).values_list("kind", "key")),
        }


def deliver_at_once(deliveries: list[dict]) -> None:
    """Post them all, from several threads."""
    answers = at_once(
        THREADS, lambda at: {deliver(event).status_code for event in deliveries[at::THREADS]}
    )
    assert answers == [{200}] * THREADS


def process_for_ever() -> None:
    """Process what comes, until the worker is killed or has lived long enough."""
    ends = time.monotonic() + LIFETIME
    while time.monotonic() < ends:
        runner.process_due_events()
        time.sleep(0.02)


def process_all() -> None:
    """Process what is due, and what waits for its next attempt or a dead worker's lease."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        runner.process_due_events()
        with system_context():
            if not StripeEvent.objects.filter(state=StripeEvent.State.PENDING).exists():
                return
        pass_time(timedelta(hours=12))
    raise AssertionError("events are still pending")


def test_the_books_are_the_same_however_the_events_come(acme):
    workspace, events = acme
    baseline = Emptier(connections["default"].settings_dict["NAME"])
    for event in events:
        assert deliver(event).status_code == 200
    process_all()
    wanted = state_of(workspace)
    granted = [entry for entry in wanted["entries"] if entry[2] == "subscription"]
    assert len(granted) == MONTHS + 1, "one grant a paid period"
    assert find_differences() == []

    chance = random.Random(SEED)
    sys.stderr.write(f"FAULT_SEED={SEED}, {len(events)} events\n")
    killed = retried = 0
    for order in range(ORDERS):
        baseline()
        deliveries = [event for event in events for _ in range(chance.randint(1, 10))]
        chance.shuffle(deliveries)
        workers = [
            hire(process_for_ever, dies_at=chance.randrange(*DEATH_AFTER)) for _ in range(WORKERS)
        ]
        deliver_at_once(deliveries)
        killed += sum(ended(worker) == KILLED for worker in workers)
        process_all()
        assert state_of(workspace) == wanted, f"order {order}"
        with system_context():
            stored = StripeEvent.objects.all()
            assert stored.count() == len(events)
            assert set(stored.values_list("state", flat=True)) <= DISPOSED
            retried += stored.aggregate(most=Max("attempts"))["most"] > 1
        assert find_differences() == []
    assert killed >= ORDERS, "too few workers died"
    assert retried, "no event was in a dead worker's hands"
    baseline.connection.close()
