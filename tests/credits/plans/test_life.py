"""The life of a subscription: begun, renewed, changed, unpaid, ended, as Stripe tells it (C-13)."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from credits.ledger.checks import find_differences
from credits.ledger.models import Entry
from credits.ledger.queries import balance_of
from credits.ledger.totals import moved_in
from credits.plans.models import Invoice
from credits.purchases.models import Reversal
from credits.stripe.providers import stripe_client
from cursive.lib.tenancy import system_context, tenant_context
from cursive.lib.ui.formatting import format_date
from tests.credits.books import Books
from tests.credits.stripe.paying import deliver, settle, stored, work_off


def test_subscribing_gives_the_plan_its_credits_and_a_receipt_once(alice):
    subscription = alice.subscribe("pro")
    assert (subscription.status, subscription.plan.code) == ("active", "pro")
    terms = alice.terms()
    assert terms.plan.code == "pro" and terms.subscription_id == subscription.stripe_id
    assert terms.period_start == subscription.period_start
    assert alice.grants() == [100]
    (invoice,) = alice.invoices()
    assert (invoice.cents, invoice.state, invoice.description) == (4900, "paid", "Pro plan")
    assert [one.kind for one in alice.mails()] == ["plan_receipt"]
    (period,) = alice.periods()
    assert period.granted_at and period.invoice_id == invoice.stripe_id
    assert find_differences() == []


def test_every_event_again_changes_nothing(alice):
    alice.subscribe("pro")
    alice.later(days=32)
    before = alice.grants(), alice.periods(), alice.invoices(), alice.mails()
    for event in alice.stripe.events:
        deliver({**event, "id": f"{event['id']}_again"})
    work_off()
    assert (alice.grants(), alice.periods(), alice.invoices(), alice.mails()) == before
    assert before[0] == [100, 100]
    assert {event.state for event in stored()} <= {"done", "ignored"}


def test_each_month_is_granted_once(alice):
    alice.subscribe("pro")
    for _ in range(3):
        alice.later(days=31)
    assert alice.grants() == [100] * 4
    starts = [period.start for period in alice.periods()]
    assert len(set(starts)) == 4
    ends = [period.end for period in alice.periods()]
    assert ends[:-1] == starts[1:]
    assert alice.terms().period_start == starts[-1]
    assert [one.cents for one in alice.invoices()] == [4900] * 4


def test_an_upgrade_counts_at_once_and_begins_a_period(alice):
    alice.subscribe("pro")
    alice.later(days=10)
    alice.change("enterprise")
    alice.later(hours=1)
    assert alice.grants() == [100, 1500]
    first, second = alice.periods()
    assert (first.plan.code, second.plan.code) == ("pro", "enterprise")
    assert first.end == second.start  # cut short
    terms = alice.terms()
    assert terms.plan.code == "enterprise" and terms.period_start == second.start
    paid = alice.invoices()[-1]
    assert paid.description == "Change to Enterprise"
    assert 49900 - 4900 < paid.cents < 49900
    alice.later(days=32)
    assert alice.grants() == [100, 1500, 1500]


def taken_back(alice) -> list[Decimal]:
    with system_context():
        entries = Entry.objects.filter(workspace=alice.workspace, action="plan_proration")
        return [-entry.amount for entry in entries.order_by("id")]


def test_an_upgrade_takes_back_what_its_old_month_had_left(alice):
    """Stripe pays the unused days back, so their credits go too (decision 0017)."""
    alice.subscribe("pro")
    alice.later(days=10)
    alice.change("enterprise")
    alice.later(hours=1)
    first, second = alice.periods()
    share = (first.billed_end - second.start) / (first.billed_end - first.start)
    (taken,) = taken_back(alice)
    assert 0 <= Decimal(100 * share) - taken < Decimal("0.02") and 60 < taken < 70
    assert first.prorated_at and not second.prorated_at
    with tenant_context(alice.workspace.id):
        assert balance_of(alice.workspace.id).available == 1600 - taken
    with system_context():
        assert moved_in([(first.start - timedelta(days=1), timezone.now())])[0].spent == 0
    for event in reversed(alice.stripe.events):
        deliver({**event, "id": f"{event['id']}_again"})
    work_off()
    alice.later(days=32)
    assert taken_back(alice) == [taken] and alice.grants() == [100, 1500, 1500]
    assert find_differences() == []
    assert "Unused credits of the plan before" in alice.client.get("/credits/").content.decode()


def test_an_upgrade_takes_no_more_than_there_is(alice):
    alice.subscribe("pro")
    books = Books(alice.workspace)
    books.spend(99)
    alice.later(minutes=5)
    alice.change("enterprise")
    alice.later(hours=1)
    (taken,) = taken_back(alice)
    assert Decimal("99.9") < taken <= 100  # of the new month: the money for 100 went back
    assert find_differences() == []


def test_a_downgrade_and_a_cancellation_take_nothing_back(alice):
    alice.subscribe("enterprise")
    alice.change("pro")
    alice.later(days=32)
    alice.cancel()
    alice.later(days=32)
    assert alice.grants() == [1500, 100] and taken_back(alice) == []


def test_a_downgrade_waits_for_the_periods_end(alice):
    alice.subscribe("enterprise")
    alice.change("pro")
    alice.later(days=1)
    subscription = alice.subscription()
    assert subscription.plan.code == "enterprise" and subscription.pending_plan.code == "pro"
    assert subscription.pending_from == subscription.period_end
    assert alice.terms().plan.code == "enterprise"
    page = alice.client.get("/credits/plan/").content.decode()
    assert "to Pro, $49 a month" in page
    alice.later(days=31)
    subscription = alice.subscription()
    assert subscription.plan.code == "pro" and subscription.pending_plan is None
    assert alice.grants() == [1500, 100]


def test_a_cancelled_plan_ends_with_its_period(alice):
    alice.subscribe("pro")
    alice.cancel()
    alice.later(days=1)
    subscription = alice.subscription()
    assert subscription.status == "active" and subscription.cancel_at == subscription.period_end
    assert alice.terms().plan.code == "pro"
    assert "then Free" in alice.client.get("/credits/plan/").content.decode()
    alice.later(days=32)
    subscription = alice.subscription()
    assert subscription.status == "canceled" and subscription.ended_at
    assert alice.terms().plan.code == "free"
    assert alice.grants() == [100]
    assert [one.kind for one in alice.mails()] == ["plan_receipt", "plan_ended"]
    page = alice.client.get("/credits/plan/").content.decode()
    assert "Subscribe" in page


def test_a_failed_payment_leaves_seven_days_then_free_and_comes_back(alice):
    subscription = alice.subscribe("pro")
    due = subscription.period_end
    alice.stripe.set_card(alice.customer, "4000000000000002")
    alice.later(days=32)
    subscription = alice.subscription()
    assert subscription.status == "past_due" and subscription.past_due_since == due
    assert alice.grants() == [100]
    failed = alice.mails("plan_payment_failed")
    assert failed and failed[0].context["ends"] == format_date(due + timedelta(days=7))
    assert alice.terms(due + timedelta(days=6, hours=23)).plan.code == "pro"
    assert alice.terms(due + timedelta(days=7)).plan.code == "free"
    assert alice.invoices()[-1].state == Invoice.State.OPEN
    # The second of Stripe's tries finds a good card.
    alice.stripe.set_card(alice.customer, "4242424242424242")
    alice.later(days=8)
    subscription = alice.subscription()
    assert subscription.status == "active" and subscription.past_due_since is None
    assert alice.grants() == [100, 100]
    assert alice.terms().plan.code == "pro"


def test_a_plan_that_is_never_paid_ends(alice):
    alice.subscribe("pro")
    alice.stripe.set_card(alice.customer, "4000000000009995")
    alice.later(days=60)
    assert alice.subscription().status == "canceled"
    assert alice.grants() == [100]
    assert alice.terms().plan.code == "free"


def test_a_price_that_is_no_plans_fails_visibly(alice):
    """Staff may sell something else at Stripe: it is nobody's plan, and says so."""
    subscription = alice.subscribe("pro")
    stripe = alice.stripe
    v1 = stripe_client().v1
    product = v1.products.create({"name": "Something else"})
    price = v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 100,
            "recurring": {"interval": "month"},
        }
    )
    item = stripe.get(subscription.stripe_id)["items"]["data"][0]["id"]
    v1.subscriptions.update(subscription.stripe_id, {"items": [{"id": item, "price": price.id}]})
    for event in stripe.events[-3:]:
        deliver(event)
    work_off(well=False)
    troubled = stored(type="customer.subscription.updated", state="pending")
    assert troubled and "belongs to no plan" in troubled[-1].error
    assert alice.subscription().plan.code == "pro"


# ---- Refunds ----------------------------------------------------------------------------------


def intent_of(alice, invoice: Invoice) -> str:
    paid = stripe_client().v1.invoice_payments.list({"invoice": invoice.stripe_id})
    return str(paid.data[0].payment.payment_intent)


def reversals(alice) -> list[tuple[str, str, str]]:
    with system_context():
        found = Reversal.objects.filter(workspace=alice.workspace).order_by("created_at")
        return [(str(one.credits), str(one.taken), one.state) for one in found]


def test_refunds_of_a_month_take_its_unused_credits_back(alice):
    """C-12."""
    alice.subscribe("pro")
    (invoice,) = alice.invoices()
    alice.stripe.refund(intent_of(alice, invoice), 2450)
    settle(alice.stripe)
    assert reversals(alice) == [("50.00", "50.00", "clear")]
    books = Books(alice.workspace)
    books.spend(30)
    alice.stripe.refund(intent_of(alice, invoice))
    settle(alice.stripe)
    assert reversals(alice)[1:] == [("50.00", "20.00", "owed")]
    assert books.state()[0] == 0
    for event in alice.stripe.events:
        deliver({**event, "id": f"{event['id']}_again"})
    work_off()
    assert len(reversals(alice)) == 2 and alice.grants() == [100]
    assert find_differences() == []


def test_a_refund_that_is_told_before_the_payment_grants_first(alice):
    alice.stripe.pay(alice.session_of(alice.open_checkout()))
    paid = stripe_client().v1.invoices.list({"customer": alice.customer}).data[0]
    alice.stripe.refund(str(intent_of(alice, Invoice(stripe_id=paid.id))))
    for event in reversed(alice.stripe.events):
        deliver(event)
        work_off()
    assert alice.grants() == [100] and reversals(alice) == [("100.00", "100.00", "clear")]
    assert Books(alice.workspace).state()[0] == 0
