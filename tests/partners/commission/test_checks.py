"""The proof of the partners' books finds what is wrong, and nothing else (C-1, P-6)."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from cursive.lib.actors import Actor
from cursive.lib.tenancy import atomic, system_context
from marketplace.purchases import registry
from marketplace.purchases.models import OrderLine
from marketplace.purchases.registry import tell_sold
from partners.commission import tasks
from partners.commission.checks import CHECKS, find_differences
from partners.commission.operations import refund_sales
from partners.commission.payouts import mark_paid, plan_payouts
from tests import market
from tests.credits.books import superuser
from tests.marketplace.purchases.buying import buyer
from tests.partners.books import Seller, refund

STAFF = Actor.system("staff")
ACCOUNT = "the account is the sum of its entries"
CHAIN = "what an entry says was then is the sum of those before"
LINES = "sold leads are order lines"
REFUNDS = "refunded leads are refunded order lines"
FAULTS = {
    "UPDATE partners_partneraccount SET paid_cents = 1": {ACCOUNT, "paid is paid payouts"},
    "UPDATE partners_partneraccount SET paying_cents = paying_cents + 1": {
        ACCOUNT,
        "paying is open payouts",
    },
    "UPDATE partners_partneraccount SET due_cents = due_cents + 1": {ACCOUNT},
    "UPDATE partners_partneraccount SET held_cents = held_cents + 1": {
        ACCOUNT,
        "held is the commissions of held leads",
    },
    "UPDATE partners_partnerentry SET due_after = due_after + 1 WHERE kind = 'paid'": {CHAIN},
    "UPDATE partners_partnerentry SET reference_id = gen_random_uuid() WHERE kind = 'matured'": {
        "leads that became due are entries"
    },
    "UPDATE partners_soldlead SET refund_id = gen_random_uuid() WHERE state = 'refunded'": {
        "refunds are the commissions of refunded leads"
    },
    "UPDATE partners_soldlead SET commission_cents = commission_cents - 1 WHERE state = 'held'": {
        "a commission is its percentage of the price",
        "commissions of sold leads are entries",
        "held is the commissions of held leads",
    },
    "UPDATE partners_payout SET state = 'sending' WHERE state = 'planned'": set(),
    "UPDATE partners_payout SET cents = cents + 1 WHERE state = 'planned'": {
        "paying is open payouts",
        "payouts are entries",
    },
    "UPDATE partners_payout SET state = 'failed' WHERE state = 'planned'": {
        "failed payouts are entries",
        "leads are paid by paid payouts",
        "paying is open payouts",
    },
    "DELETE FROM partners_partnerentry WHERE kind = 'paid'": {
        ACCOUNT,
        "paid payouts are entries",
    },
    "DELETE FROM partners_soldlead WHERE state = 'refunded'": {
        LINES,
        "commissions of sold leads are entries",
        "leads that became due are entries",
        "refunds are the commissions of refunded leads",
    },
    "DELETE FROM marketplace_orderline WHERE refunded_at IS NULL": {LINES},
    "UPDATE marketplace_orderline SET cents = cents - 1 WHERE refunded_at IS NULL": {LINES},
    "UPDATE marketplace_orderline SET listing_id = listing_id + 1": {LINES},
    "UPDATE marketplace_orderline SET seller_id = gen_random_uuid()": {LINES},
    "UPDATE marketplace_orderline SET refunded_at = now() WHERE refunded_at IS NULL": {REFUNDS},
    "UPDATE marketplace_orderline SET refunded_at = NULL WHERE refunded_at IS NOT NULL": {REFUNDS},
}


@pytest.fixture
def busy(db) -> Seller:
    """A partner with something in every state."""
    seller = Seller()
    sales = seller.earn(6_000)
    plan_payouts()
    mark_paid(payout_id=seller.payouts()[0].id, reference="wire", actor=STAFF)
    refund(sales[:1])
    seller.payout(6_000)
    seller.earn(300)
    seller.sell(2)
    assert find_differences() == []
    return seller


def test_every_fault_is_found(busy):
    """Each by exactly the checks that it breaks."""
    with superuser() as connection:
        for fault, checks in FAULTS.items():
            with connection.transaction(force_rollback=True):
                connection.execute(fault)
                found = {
                    name: connection.execute(check).fetchall() for name, check in CHECKS.items()
                }
            told = {name: rows for name, rows in found.items() if rows}
            assert set(told) == checks, fault
            assert {row[0] for rows in told.values() for row in rows} <= {busy.id}


def test_an_entry_less_is_found_though_the_account_is_made_to_fit(busy):
    with superuser() as connection:
        connection.execute("DELETE FROM partners_partnerentry WHERE kind = 'commission'")
    checks = {one.check for one in find_differences()}
    assert {ACCOUNT, CHAIN, "commissions of sold leads are entries"} <= checks


def test_a_sale_that_the_books_werent_told_of_is_found(petra, monkeypatch):
    """P-6: what was bought without a commission, and given back without taking it back."""
    acme = buyer()
    told, untold = (market.listing(petra.workspace) for _ in range(2))
    acme.buy([told])
    monkeypatch.setattr(registry, "_listeners", [])
    acme.buy([untold])
    (found,) = find_differences()
    assert (found.check, found.workspace, found.found) == (LINES, str(petra.id), "nothing")
    assert str(untold.id) in found.expected
    monkeypatch.undo()
    with system_context():
        lines = OrderLine.objects.all()
        sold, line = lines.get(listing_id=told.id), lines.get(listing_id=untold.id)
        with atomic():
            tell_sold([petra.sale(line_id=line.id, listing_id=untold.id)])
        assert find_differences() == []
        lines.filter(id=sold.id).update(refunded_at=timezone.now())
    (found,) = find_differences()
    assert (found.check, found.expected, found.found) == (REFUNDS, "refunded", "held")
    with system_context(), atomic():
        refund_sales([sold.id], reason="Bounced")


def test_the_command_says_what_it_proved_or_what_differs(busy):
    told = StringIO()
    call_command("check_partner_ledger", stdout=told)
    assert told.getvalue() == (
        f"The partners' ledger is right: {len(CHECKS)} checks, no difference.\n"
    )
    with superuser() as connection:
        connection.execute("UPDATE partners_partneraccount SET due_cents = due_cents + 1")
    told = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_partner_ledger", stdout=told)
    assert ended.value.code == 1
    assert ACCOUNT in told.getvalue() and str(busy.id) in told.getvalue()


def test_it_is_proven_every_night_once_and_reported(busy, caplog):
    with superuser() as connection:
        connection.execute("UPDATE partners_partneraccount SET due_cents = due_cents + 1")
    assert tasks.check_partner_ledger() == 1
    assert any("partner_ledger_difference" in line.message for line in caplog.records)
    assert tasks.check_partner_ledger() == 0
