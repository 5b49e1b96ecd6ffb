"""P-6: payouts by hand, from $50 due; suspended partners; refunds after a payout."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from credits.receipts.operations import send_due_mail
from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tenancy import uuid7
from partners.commission import tasks
from partners.commission.operations import mature_commissions
from partners.commission.payouts import cancel_payout, mark_paid, plan_payouts, start_transfer
from tests import cast
from tests.partners.books import Seller, later, refund

STAFF = Actor.system("staff")


def pay(payout, reference="wire 1"):
    return mark_paid(payout_id=payout.id, reference=reference, actor=STAFF)


def test_a_payout_is_planned_from_fifty_dollars_on(petra):
    petra.earn(4_980)
    assert plan_payouts() == 0 and petra.money() == (0, 4_980, 0, 0)
    petra.earn(30)
    petra.sell()  # held, so none of it
    assert plan_payouts() == 1
    (payout,) = petra.payouts()
    assert (payout.cents, payout.state) == (5_010, "planned")
    assert petra.money() == (30, 0, 5_010, 0)
    before = petra.snapshot()
    assert plan_payouts() == 0
    assert petra.snapshot() == before


def test_one_payout_is_open_at_a_time_and_the_rest_comes_with_the_next(petra):
    payout = petra.payout()
    petra.earn(9_000)
    assert plan_payouts() == 0
    pay(payout)
    assert plan_payouts() == 1
    assert [one.cents for one in petra.payouts()] == [6_000, 9_000]


def test_the_night_lets_commissions_be_due_and_plans_payouts(petra):
    long_ago = timezone.now() - timedelta(days=15)
    petra.sell(40, price_cents=500, sold_at=long_ago, listed_at=long_ago - timedelta(days=30))
    assert (tasks.count_pass_rates(), tasks.count_pass_rates()) == (1, 0)
    assert tasks.mature_commissions() == 40
    assert petra.money() == (0, 0, 6_000, 0)
    before = petra.snapshot()
    assert (tasks.mature_commissions(), tasks.send_transfers()) == (0, 0)
    assert petra.snapshot() == before


def test_payouts_of_many_partners_are_planned_in_batches(petra, monkeypatch):
    monkeypatch.setattr("partners.commission.payouts.BATCH", 1)
    other = Seller("Other", owner=cast.user("Oscar"))
    petra.earn(6_000)
    other.earn(9_000)
    assert plan_payouts() == 2
    assert (petra.money(), other.money()) == ((0, 0, 6_000, 0), (0, 0, 9_000, 0))


def test_staff_mark_a_payout_as_paid_and_the_partner_is_told(petra):
    payout = pay(petra.payout(), "  wire   77 ")
    assert (payout.state, payout.method, payout.reference) == ("paid", "manual", "wire 77")
    assert petra.money() == (0, 0, 0, 6_000)
    assert set(petra.states()) == {"paid"}
    assert petra.kinds()[-2:] == ["payout", "paid"]
    send_due_mail()
    (told,) = mail.outbox
    assert told.to == [petra.owner.email] and "$60.00" in told.subject
    assert "wire 77" in told.body and payout.number in told.body


def test_a_double_click_pays_once_and_another_reference_is_refused(petra):
    payout = petra.payout()
    pay(payout)
    before = petra.snapshot()
    assert pay(payout).state == "paid"
    with pytest.raises(Conflict, match="paid already"):
        pay(payout, "wire 2")
    with pytest.raises(Conflict, match="paid already"):
        start_transfer(payout_id=payout.id, actor=STAFF)
    with pytest.raises(Conflict, match="paid already"):
        cancel_payout(payout_id=payout.id, reason="Oops", actor=STAFF)
    assert petra.snapshot() == before


@pytest.mark.parametrize("reference", ["", "  ", "x" * 121])
def test_a_payout_needs_a_reference(petra, reference):
    payout = petra.payout()
    before = petra.snapshot()
    with pytest.raises(InvalidInput):
        pay(payout, reference)
    assert petra.snapshot() == before


def test_a_payout_that_is_not_there(petra):
    with pytest.raises(NotFound):
        mark_paid(payout_id=uuid7(), reference="wire", actor=STAFF)


def test_a_partner_suspended_between_sale_and_payout_is_not_paid(petra):
    """Bad input: neither planned nor paid, and what was earned stays theirs."""
    petra.earn(6_000)
    petra.sell()
    petra.suspend()
    assert plan_payouts() == 0
    petra.suspend("approved")
    assert plan_payouts() == 1
    (payout,) = petra.payouts()
    petra.suspend()
    before = petra.snapshot()
    with pytest.raises(Conflict, match="suspended"):
        pay(payout)
    with pytest.raises(Conflict, match="suspended"):
        start_transfer(payout_id=payout.id, actor=STAFF)
    assert petra.snapshot() == before
    petra.suspend("approved")
    assert pay(payout).state == "paid"


def test_a_payout_that_is_given_up_is_due_again_and_in_the_next(petra):
    payout = petra.payout()
    with pytest.raises(InvalidInput):
        cancel_payout(payout_id=payout.id, reason=" ", actor=STAFF)
    cancel_payout(payout_id=payout.id, reason="Wrong account", actor=STAFF)
    assert petra.money() == (0, 6_000, 0, 0)
    assert set(petra.states()) == {"due"} and petra.kinds()[-1] == "payout_failed"
    with pytest.raises(Conflict, match="failed"):
        pay(payout)
    assert plan_payouts() == 1
    first, second = petra.payouts()
    assert (first.state, second.state, second.cents) == ("failed", "planned", 6_000)
    pay(second)
    assert petra.money() == (0, 0, 0, 6_000)


# ---- Refunds after a payout -------------------------------------------------------------------


def test_a_refund_after_the_payout_is_a_debt_that_the_next_payout_settles(petra):
    """Bad input: nothing is taken from what was paid, and nothing is paid until it is settled."""
    sales = petra.earn(6_000)
    plan_payouts()
    pay(petra.payouts()[0])
    refund(sales[:2])
    assert petra.money() == (0, -300, 0, 6_000)
    assert petra.states().count("refunded") == 2
    petra.earn(5_010)
    assert plan_payouts() == 0, "47.10 are left of it"
    petra.earn(300)
    assert plan_payouts() == 1
    assert petra.payouts()[-1].cents == 5_010
    pay(petra.payouts()[-1], "wire 2")
    assert petra.money() == (0, 0, 0, 11_010)


def test_a_refund_while_the_payout_is_open_leaves_its_amount(petra):
    """Whoever pays by hand pays what they saw."""
    sales = petra.earn(6_000)
    plan_payouts()
    refund(sales[:1])
    (payout,) = petra.payouts()
    assert payout.cents == 6_000 and petra.money() == (0, -150, 6_000, 0)
    pay(payout)
    assert petra.money() == (0, -150, 0, 6_000)


def test_a_refund_in_a_payout_that_fails_is_no_debt(petra):
    sales = petra.earn(6_000)
    plan_payouts()
    refund(sales[:1])
    cancel_payout(payout_id=petra.payouts()[0].id, reason="Wrong account", actor=STAFF)
    assert petra.money() == (0, 5_850, 0, 0)
    mature_commissions(later())
    assert plan_payouts() == 1
    assert petra.payouts()[-1].cents == 5_850
