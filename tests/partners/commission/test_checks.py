"""The proof of the partners' books finds what is wrong, and nothing else (C-1, P-6)."""

from io import StringIO

import pytest
from django.core.management import call_command

from cursive.lib.actors import Actor
from partners.commission import tasks
from partners.commission.checks import CHECKS, find_differences
from partners.commission.payouts import mark_paid, plan_payouts
from tests.credits.books import superuser
from tests.partners.books import Seller, refund

STAFF = Actor.system("staff")
ACCOUNT = "the account is the sum of its entries"
CHAIN = "what an entry says was then is the sum of those before"
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
