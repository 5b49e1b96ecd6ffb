"""The partners' books under threads: sales, refunds, maturing and payouts at once."""

import time
from datetime import timedelta
from threading import Thread

import pytest
from django.utils import timezone

from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict
from cursive.lib.tenancy import atomic, system_context
from partners.commission.operations import adjust_earnings, mature_commissions
from partners.commission.payouts import mark_paid, plan_payouts
from partners.program.models import Partner
from tests import cast
from tests.credits.books import at_once, start_and_wait, superuser
from tests.partners.books import Seller, later, refund, sell

pytestmark = pytest.mark.faults
STAFF = Actor.system("staff")


def raised(results: list) -> list:
    return [one for one in results if isinstance(one, Exception)]


def test_twenty_sales_and_refunds_at_once_on_one_account(petra):
    old = [petra.sell() for _ in range(10)]

    def work(number: int) -> None:
        if number % 2:
            refund(old[number // 2])
        else:
            petra.sell()

    assert raised(at_once(20, work)) == []
    assert petra.money() == (300, 0, 0, 0)
    assert sorted(petra.states()) == ["held"] * 10 + ["refunded"] * 10
    assert len(petra.entries()) == 30


def test_first_sales_of_several_partners_in_any_order_do_not_wait_in_a_circle(petra):
    sellers = [petra, *(Seller(f"P{n}", owner=petra.owner) for n in range(3))]

    def work(number: int) -> None:
        order = sellers[number % 4 :] + sellers[: number % 4]
        sales = [seller.sale() for seller in order]
        sell(sales if number % 2 else sales[::-1])

    assert raised(at_once(12, work)) == []
    assert {seller.money() for seller in sellers} == {(360, 0, 0, 0)}


def test_one_refund_told_by_several_is_taken_once(petra):
    sales = petra.sell(3)
    assert raised(at_once(6, lambda _: refund(sales))) == []
    assert petra.money() == (0, 0, 0, 0)
    assert petra.kinds().count("refund") == 1


def test_maturing_at_once_with_refunds_and_sales(petra):
    sales = [petra.sell() for _ in range(6)]
    day = timezone.now() + timedelta(days=15)

    def work(number: int) -> object:
        if number < 4:
            return mature_commissions(day)
        return refund(sales[number - 4]) if number < 8 else petra.sell(sold_at=day)

    results = at_once(10, work)
    assert raised(results) == []
    mature_commissions(day)
    held, due, _, _ = petra.money()
    assert (held, due) == (60, 60)
    assert petra.states().count("refunded") == 4


def test_who_is_being_suspended_does_not_mature(petra):
    """P-6: what they earned stays held."""
    other = Seller("Other", owner=cast.user("Oscar"))
    petra.sell()
    other.sell()
    matured: list = []
    maturing = Thread(
        target=lambda: matured.extend(at_once(1, lambda _: mature_commissions(later())))
    )
    with system_context(), atomic():
        Partner.objects.select_for_update().get(workspace_id=petra.id)
        Partner.objects.filter(workspace_id=petra.id).update(status=Partner.Status.SUSPENDED)
        assert start_and_wait(maturing)
    maturing.join()
    assert matured == [1]
    assert (petra.money(), other.money()) == ((30, 0, 0, 0), (0, 30, 0, 0))


def test_payouts_planned_at_once_are_one(petra):
    other = Seller("Other", owner=cast.user("Oscar"))
    petra.earn(6_000)
    other.earn(9_000)
    assert sum(at_once(5, lambda _: plan_payouts())) == 2
    assert [one.cents for one in petra.payouts()] == [6_000]
    assert [one.cents for one in other.payouts()] == [9_000]


def test_two_staff_pay_one_payout_at_once(petra):
    payout = petra.payout()
    results = at_once(
        6,
        lambda number: mark_paid(payout_id=payout.id, reference=f"wire {number % 2}", actor=STAFF),
    )
    refused = raised(results)
    assert len(refused) == 3 and all(isinstance(one, Conflict) for one in refused)
    assert petra.money() == (0, 0, 0, 6_000)
    assert petra.kinds().count("paid") == 1


def test_refunds_while_it_is_planned_and_paid(petra):
    sales = petra.earn(6_000)

    def work(number: int) -> object:
        if number < 4:
            return refund([sales[number]])
        if number < 6:
            return plan_payouts()
        return [
            mark_paid(payout_id=one.id, reference="wire", actor=STAFF) for one in petra.payouts()
        ]

    assert raised(at_once(8, work)) == []
    plan_payouts()
    for payout in petra.payouts():
        mark_paid(payout_id=payout.id, reference="wire", actor=STAFF)
    _, due, paying, paid = petra.money()
    assert (paying, due + paid) == (0, 6_000 - 4 * 150)


def test_one_form_sent_by_two_sets_right_once(petra):
    petra.sell()

    def work(_: int) -> object:
        return adjust_earnings(
            workspace_id=petra.id, cents=-10, reason="Fee", key="staff:1", actor=STAFF
        )

    assert raised(at_once(4, work)) == []
    assert petra.money() == (30, -10, 0, 0)
    mature_commissions(later())
    assert petra.money() == (0, 20, 0, 0)


def waiting() -> int:
    """How many statements wait for a lock."""
    with superuser() as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        ).fetchone()
    return found[0]


def test_who_pays_while_the_partner_is_being_suspended_holds_up_no_sale(petra):
    """A suspension waits for listings, a sale for the account: nobody may wait in a circle."""
    payout = petra.payout()
    refused: list = []
    sold: list = []

    def pay(_: int) -> object:
        return mark_paid(payout_id=payout.id, reference="wire", actor=STAFF)

    paying = Thread(target=lambda: refused.extend(at_once(1, pay)))
    selling = Thread(target=lambda: sold.extend(at_once(1, lambda _: petra.sell())))
    with system_context(), atomic():
        Partner.objects.select_for_update().get(workspace_id=petra.id)
        paying.start()
        ends = time.monotonic() + 20
        while not waiting() and time.monotonic() < ends:
            time.sleep(0.01)
        selling.start()
        selling.join(timeout=20)
        in_time = bool(sold)
        Partner.objects.update(status=Partner.Status.SUSPENDED)
    paying.join()
    selling.join()
    assert in_time and isinstance(refused[0], Conflict)
    assert petra.money() == (30, 0, 6_000, 0)
