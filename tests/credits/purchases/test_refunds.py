"""What was refunded goes back as far as the balance reaches; the rest is owed (C-12)."""

from decimal import Decimal

import pytest

from accounts.audit.models import AuditEntry
from credits.ledger.checks import find_differences
from credits.purchases.refunds import collect_owed, reverse_credits, waive_owed
from cursive.lib.errors import Conflict
from cursive.lib.tenancy import system_context, tenant_context
from tests.credits.books import SYSTEM, amount
from tests.credits.stripe import paying


def test_a_whole_refund_takes_unused_credits_back(shop):
    purchase = shop.buy("growth")
    shop.stripe.refund(purchase.payment_intent_id)
    shop.settle()
    after = shop.purchase(purchase.id)
    assert (after.state, after.refunded_cents) == ("refunded", 19_900)
    assert shop.amounts() == ["500.00", "-500.00"]
    (reversal,) = shop.reversals()
    assert (reversal.state, reversal.taken, reversal.owed) == ("clear", 500, 0)
    entry = shop.books.entries()[-1]
    assert (entry.action, entry.reference_id) == ("purchase_refund", str(purchase.id))
    assert find_differences() == []


def test_what_was_spent_is_owed_and_a_later_purchase_does_not_pay_it(shop):
    purchase = shop.buy("starter")
    shop.books.spend(70)
    shop.stripe.refund(purchase.payment_intent_id)
    shop.settle()
    assert shop.books.state() == (0, 0)
    (reversal,) = shop.reversals()
    assert (reversal.state, reversal.taken, reversal.owed) == ("owed", 30, 70)
    shop.buy("growth")
    for event in shop.stripe.events:
        paying.deliver({**event, "id": f"{event['id']}x"})
    paying.work_off()
    assert shop.books.state() == (500, 0)
    assert shop.reversals()[0].owed == 70
    assert find_differences() == []


def test_partial_refunds_add_up_to_the_whole(shop):
    purchase = shop.buy("growth")  # 500 credits for 19,900 cents
    for cents in (3_333, 3_333, 13_234):
        shop.stripe.refund(purchase.payment_intent_id, cents)
        shop.settle()
    taken = [one.taken for one in shop.reversals()]
    assert taken == [Decimal("83.74"), Decimal("83.75"), Decimal("332.51")]
    assert sum(taken) == 500
    assert shop.purchase(purchase.id).state == "refunded"
    assert shop.books.state() == (0, 0)


def test_a_partly_refunded_purchase_stays_paid(shop):
    purchase = shop.buy("growth")
    shop.stripe.refund(purchase.payment_intent_id, 9_950)
    shop.settle()
    after = shop.purchase(purchase.id)
    assert after.state == "paid" and after.is_partly_refunded
    assert shop.books.state() == (250, 0)


def test_a_refund_that_is_told_before_the_payment(shop):
    """Both events come in the wrong order: credited once, then taken back."""
    purchase = shop.start("starter")
    shop.stripe.pay(purchase.session_id)
    paid = next(
        one for one in shop.stripe.account.all("payment_intent") if one["status"] == "succeeded"
    )
    shop.stripe.refund(paid["id"])
    for event in reversed(shop.stripe.events):
        paying.deliver(event)
        paying.work_off()
    assert shop.amounts() == ["100.00", "-100.00"]
    assert shop.purchase(purchase.id).state == "refunded"
    assert find_differences() == []


def test_a_refund_is_mailed_once(shop):
    purchase = shop.buy("growth")
    shop.books.spend(400)
    shop.stripe.refund(purchase.payment_intent_id)
    shop.settle()
    for event in shop.stripe.events:
        paying.deliver({**event, "id": f"{event['id']}x"})
    paying.work_off()
    (mail,) = shop.mails("refund")
    assert mail.context["taken"] == "100.00" and mail.recipients == ["alice@cast.example"]


# ---- Staff decide -----------------------------------------------------------------------------


@pytest.fixture
def owed(shop):
    """70 credits that were refunded after they were spent."""
    purchase = shop.buy("starter")
    shop.books.spend(70)
    shop.stripe.refund(purchase.payment_intent_id)
    shop.settle()
    return shop.reversals()[0]


def decide(shop, decision, reversal, reason="Agreed by phone"):
    with tenant_context(shop.workspace.id):
        return decision(
            workspace_id=shop.workspace.id, reversal_id=reversal.id, actor=SYSTEM, reason=reason
        )


def test_staff_collect_it_in_parts(shop, owed):
    with pytest.raises(Conflict):
        decide(shop, collect_owed, owed)
    assert shop.reversals()[0].owed == 70
    shop.books.grant(50)
    assert decide(shop, collect_owed, owed).owed == 20
    shop.books.grant(100)
    assert decide(shop, collect_owed, owed).state == "clear"
    assert shop.books.state() == (80, 0)
    with pytest.raises(Conflict):
        decide(shop, collect_owed, owed)
    assert find_differences() == []
    with system_context():
        noted = AuditEntry.objects.filter(resource="credits_owed", action="collect")
        assert [one.new["taken"] for one in noted.order_by("id")] == ["50.00", "20.00"]


def test_staff_let_it_go(shop, owed):
    shop.books.grant(50)
    assert decide(shop, waive_owed, owed).owed == 0
    assert shop.books.state() == (50, 0)
    for again in (waive_owed, collect_owed):
        with pytest.raises(Conflict):
            decide(shop, again, owed)
    assert find_differences() == []


def test_credits_of_other_payments_go_back_the_same_way(shop):
    """A plan's month, say: no purchase belongs to it."""
    shop.books.grant(30, action="subscription")
    for _ in range(2):
        with tenant_context(shop.workspace.id):
            reverse_credits(
                workspace_id=shop.workspace.id,
                cause="refund",
                stripe_id="re_1",
                cents=4900,
                credits=amount(100),
                actor=SYSTEM,
            )
    (reversal,) = shop.reversals()
    assert (reversal.taken, reversal.owed) == (30, 70)
    assert find_differences() == []
