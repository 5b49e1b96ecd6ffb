"""Every night our purchases are compared with Stripe's records; nothing is mended (C-7)."""

import io
import logging

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.audit.models import AuditEntry
from credits.ledger.checks import find_differences
from credits.purchases.models import CreditPurchase, StripeDifference
from credits.purchases.reconciliation import (
    SETTLING,
    accept_difference,
    compare_once_a_day,
    compare_with_stripe,
)
from credits.stripe.providers import StripeUnavailable
from cursive.lib.errors import InvalidInput
from cursive.lib.tenancy import system_context
from tests.credits.books import SYSTEM, superuser


def compare(hours: float = 2):
    return compare_with_stripe(timezone.now() + SETTLING * hours)


def change(**values) -> None:
    with system_context():
        CreditPurchase.objects.update(**values)


def test_right_books_agree(shop):
    purchase = shop.buy("growth")
    shop.stripe.refund(purchase.payment_intent_id, 5_000)
    shop.buy("starter", keep_card=True)
    shop.start("pro")
    shop.settle()
    assert compare() == [] == find_differences()


def test_what_was_paid_and_not_credited_is_found(shop, caplog):
    purchase = shop.start("growth")
    shop.stripe.pay(purchase.session_id)
    assert compare(hours=0) == []  # it may still be on its way
    with caplog.at_level(logging.ERROR):
        (found,) = compare()
    assert (found.what, found.expected, found.found) == (
        "paid but not credited",
        "19900 usd",
        "nothing",
    )
    assert found.workspace == str(shop.workspace.id)
    assert any(record.message == "stripe_difference" for record in caplog.records)
    assert shop.amounts() == [] and shop.purchase(purchase.id).state == "pending"
    (shown,) = find_differences()
    assert shown.check == "purchases agree with Stripe" and found.subject in shown.subject
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("check_ledger", stdout=out)
    assert "paid but not credited" in out.getvalue()
    shop.settle()
    assert compare() == [] == find_differences()
    with system_context():
        assert StripeDifference.objects.get().gone_at is not None


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"cents": 100}, {"another amount"}),
        ({"refunded_cents": 1}, {"other refunds"}),
        (
            {"payment_intent_id": "pi_unknown"},
            {"credited but not paid", "paid but not credited"},
        ),
    ],
)
def test_what_differs_is_found(shop, values, names):
    shop.buy("growth")
    change(**values)
    assert {one.what for one in compare()} == names


def test_a_refund_that_we_never_heard_of_is_found(shop):
    purchase = shop.buy("growth")
    shop.stripe.refund(purchase.payment_intent_id, 700)
    (found,) = compare()
    assert (found.what, found.expected) == ("other refunds", "700 usd refunded")


def test_a_difference_stays_until_it_is_mended_however_old(shop):
    purchase = shop.start("growth")
    shop.stripe.pay(purchase.session_id)
    compare()
    for days in (3, 10, 40):
        compare_with_stripe(timezone.now() + SETTLING * 24 * days)
        assert len(find_differences()) == 1
    with system_context():
        assert StripeDifference.objects.count() == 1


def test_staff_accept_one_with_a_reason(shop):
    purchase = shop.start("growth")
    shop.stripe.pay(purchase.session_id)
    compare()
    with system_context():
        row = StripeDifference.objects.get()
        with pytest.raises(InvalidInput):
            accept_difference(difference_id=row.id, actor=SYSTEM, reason=" ")
        accept_difference(difference_id=row.id, actor=SYSTEM, reason="Paid back by hand")
    assert find_differences() == []
    compare()
    assert find_differences() == []
    with system_context():
        (noted,) = AuditEntry.objects.filter(resource="stripe_difference")
        assert noted.new["reason"] == "Paid back by hand"


def test_once_a_day_and_again_where_stripe_was_down(shop):
    purchase = shop.start("growth")
    shop.stripe.pay(purchase.session_id)
    with shop.stripe.account.lock:
        for charge in shop.stripe.account.all("charge"):
            charge["created"] -= 2 * 3600
    shop.stripe.fail("/v1/charges", status=500)
    with pytest.raises(StripeUnavailable):
        compare_once_a_day()
    with system_context():
        assert StripeDifference.objects.count() == 0
    assert compare_once_a_day() == 1
    asked = len(shop.stripe.calls)
    assert compare_once_a_day() == 0 and len(shop.stripe.calls) == asked


# ---- By our own tables ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plant", "check"),
    [
        ("UPDATE credits_creditpurchase SET credits = credits + 1", "paid purchases are credited"),
        (
            "UPDATE credits_creditpurchase SET state = 'failed', paid_at = NULL",
            "credited purchases are paid",
        ),
        (
            "UPDATE credits_reversal SET taken = taken - 1, state = 'owed'",
            "refunded credits are taken or owed",
        ),
        (
            "UPDATE credits_account SET frozen = true",
            "accounts are frozen while a dispute is undecided",
        ),
    ],
)
def test_what_is_planted_is_found(shop, plant, check):
    purchase = shop.buy("growth")
    shop.stripe.refund(purchase.payment_intent_id, 9_950)
    shop.settle()
    assert find_differences() == []
    with superuser() as connection:
        connection.execute(plant)
    assert {one.check for one in find_differences()} == {check}
