"""C-20: each closed period is invoiced once, whatever runs twice, at once or half."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from credits.metering.models import UsageCount
from credits.overage import operations
from credits.overage.models import SETTLING, OverageCharge
from credits.overage.tasks import bill_overage
from credits.plans.models import Period
from credits.stripe.providers import stripe_client
from cursive.lib.tenancy import system_context
from tests import cast
from tests.credits.books import at_once
from tests.credits.plans.subscribing import Subscriber
from tests.credits.stripe.paying import local_stripe

__all__ = ["local_stripe"]
ITEMS, INVOICES = "/v1/invoiceitems", "/v1/invoices"


@pytest.fixture
def alice(local_stripe) -> Subscriber:
    """Owns Acme, which is on Pro."""
    workspace, owner = cast.acme()
    made = Subscriber(workspace, owner, local_stripe)
    made.subscribe("pro")
    return made


@pytest.fixture
def carol(local_stripe) -> Subscriber:
    """Owns Rival, which is on Pro."""
    workspace, owner = cast.rival()
    made = Subscriber(workspace, owner, local_stripe)
    made.subscribe("pro")
    return made


def called(who: Subscriber, calls: int, start: datetime | None = None) -> None:
    """So many calls were counted in a period: the running one unless said otherwise."""
    with system_context():
        UsageCount.objects.update_or_create(
            workspace=who.workspace,
            period_start=start or who.terms().period_start,
            source="test",
            defaults={"calls": calls},
        )


def closed(who: Subscriber) -> datetime:
    """Let the running period close and be settled; Stripe's time then."""
    who.later(days=32)
    return who.now()


def charges(who: Subscriber) -> list[OverageCharge]:
    with system_context():
        found = OverageCharge.objects.filter(workspace=who.workspace)
        return list(found.order_by("period__start").select_related("period"))


def items(who: Subscriber) -> list:
    """The invoice items of a customer at Stripe."""
    return list(stripe_client().v1.invoice_items.list({"customer": who.customer}).data)


def run(now: datetime) -> tuple[int, int]:
    operations.count_overage(now)
    return operations.bill_overage()


def test_a_closed_period_is_one_item_on_one_invoice_that_is_paid(alice):
    called(alice, 101_234)
    subscription = alice.subscription()
    start, end = subscription.period_start, subscription.period_end
    now = closed(alice)
    assert run(now) == (1, 0)
    (item,) = items(alice)
    assert item.amount == 123  # 1,234 calls at 0.1 cent
    assert (item.quantity, str(item.pricing.unit_amount_decimal)) == (1234, "0.1")
    assert (item.period.start, item.period.end) == (start.timestamp(), end.timestamp())
    (charge, running) = charges(alice)
    assert (charge.state, charge.over, charge.cents) == ("billed", 1234, 123)
    assert running.state == "running"
    invoice = alice.stripe.get(charge.invoice_id)
    assert invoice["total"] == 123 and len(invoice["lines"]["data"]) == 1
    alice.later(hours=2)
    assert alice.stripe.get(charge.invoice_id)["status"] == "paid"
    paid = alice.invoices()[-1]
    assert paid.description.startswith("API calls past the limit") and paid.cents == 123
    assert charge.invoice_id in alice.mails("plan_receipt")[-1].key
    assert alice.grants() == [100, 100]


def test_run_twice_and_twice_at_once_it_is_one_item(alice):
    """Must show."""
    called(alice, 150_000)
    now = closed(alice)
    outcomes = at_once(4, lambda _: run(now))
    assert sum(billed for billed, _ in outcomes) == 1
    assert run(now) == (0, 0)
    bill_overage()
    (item,) = items(alice)
    assert item.amount == 5000
    posts = [call for call in alice.stripe.calls if call[:2] == ("POST", ITEMS)]
    assert len(posts) == 1


def test_one_customers_failure_is_reported_and_stops_nobody(alice, carol, caplog):
    """Must show."""
    called(alice, 100_600)
    called(carol, 100_700)
    now = closed(alice)
    alice.stripe.fail(ITEMS, status=500)
    assert run(now) == (1, 1)
    states = {who: charges(who)[0] for who in (alice, carol)}
    failed = next(one for one in states.values() if one.state == "failed")
    assert "StripeUnavailable" in failed.error and failed.attempts == 1
    assert any("overage_not_billed" in line.message for line in caplog.records)
    assert run(now) == (1, 0)
    assert [len(items(who)) for who in (alice, carol)] == [1, 1]
    assert [item.amount for who in (alice, carol) for item in items(who)] == [60, 70]
    assert {charges(who)[0].state for who in (alice, carol)} == {"billed"}


@pytest.mark.parametrize("path", [INVOICES, ITEMS])
def test_an_answer_that_was_lost_is_not_charged_again(alice, path):
    """Stripe did it, we never heard; a day later its keys are forgotten."""
    called(alice, 101_000)
    now = closed(alice)
    alice.stripe.fail(path, status=0, lost=True)
    assert run(now) == (0, 1)
    alice.later(days=2)
    assert run(now) == (1, 0)
    assert len(items(alice)) == 1
    made = stripe_client().v1.invoices.list({"customer": alice.customer})
    named = [one for one in made.data if one.to_dict()["metadata"].get("overage")]
    assert [one.total for one in named] == [100]


def test_what_a_dead_process_left_is_gone_on_with(alice):
    called(alice, 101_000)
    now = closed(alice)
    operations.count_overage(now)
    (charge, _) = charges(alice)
    claimed = operations._claim(charge.id)
    assert claimed is not None
    claimed.invoice_id = operations.draft_invoice(operations._bill_of(claimed))
    # It dies here. Nobody else takes it before its lease ends.
    assert operations.bill_overage() == (0, 0)
    with system_context():
        OverageCharge.objects.update(lease_until=datetime(2020, 1, 1, tzinfo=UTC))
    assert operations.bill_overage() == (1, 0)
    (charge, _) = charges(alice)
    assert charge.invoice_id == claimed.invoice_id and len(items(alice)) == 1


def test_a_running_period_is_counted_and_not_invoiced(alice):
    called(alice, 100_010)
    assert run(alice.now()) == (0, 0)
    (charge,) = charges(alice)
    assert (charge.state, charge.over) == ("running", 10)
    called(alice, 100_020)
    end = charge.period.end
    assert run(end + SETTLING - timedelta(seconds=1)) == (0, 0)
    assert charges(alice)[0].over == 20 and items(alice) == []
    assert run(end + SETTLING) == (1, 0)


@pytest.mark.parametrize("calls", [0, 99_999, 100_000])
def test_within_the_limit_nothing_is_invoiced(alice, calls):
    called(alice, calls)
    assert run(closed(alice)) == (0, 0)
    assert charges(alice)[0].state == "nothing" and items(alice) == []


def test_numbers_of_a_closed_period_are_final(alice):
    called(alice, 100_500)
    start = alice.terms().period_start
    now = closed(alice)
    operations.count_overage(now)
    called(alice, 200_000, start)
    run(now)
    assert [item.amount for item in items(alice)] == [50]


def test_unlimited_calls_cost_nothing_and_an_upgrade_closes_pros_period(alice):
    called(alice, 103_000)
    alice.later(days=5)
    alice.change("enterprise")
    alice.later(hours=1)
    called(alice, 9_000_000)
    now = closed(alice)
    assert run(now) == (1, 0)
    assert [item.amount for item in items(alice) if "API calls" in (item.description or "")] == [
        300
    ]
    assert [one.state for one in charges(alice)] == ["billed", "nothing", "running"]


def test_a_plan_that_ended_is_still_invoiced_for_its_last_period(alice):
    called(alice, 100_900)
    alice.cancel()
    now = closed(alice)
    assert alice.terms().plan.code == "free"
    assert run(now) == (1, 0)
    assert [item.amount for item in items(alice)] == [90]
    alice.later(hours=2)
    assert alice.stripe.get(charges(alice)[0].invoice_id)["status"] == "paid"


def test_what_is_less_than_a_charge_waits_on_the_customers_balance(alice):
    called(alice, 100_123)
    now = closed(alice)
    assert run(now) == (1, 0)
    alice.later(hours=2)
    assert alice.stripe.get(alice.customer)["balance"] == 12
    assert alice.mails("plan_receipt")[-1].context["cents"] == 12


def test_the_trouble_of_counting_one_period_is_its_own(alice, carol, caplog):
    called(alice, 100_600)
    called(carol, 100_700)
    with system_context():
        Period.objects.filter(workspace=alice.workspace).update(start=datetime(1, 1, 1, tzinfo=UTC))
    now = closed(carol)
    run(now)
    assert [item.amount for item in items(carol)] == [70]


def test_prices_of_a_fraction_of_a_cent_are_exact():
    charge = OverageCharge(calls=100_005, included=100_000, call_price_usd=Decimal("0.001"))
    assert (charge.over, charge.cents) == (5, 1)  # half a cent, rounded up as Stripe does
