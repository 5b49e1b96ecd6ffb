"""Which plan and period count: one query, whatever Stripe has said or hasn't (C-13)."""

from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from credits.plans.models import GRACE, Subscription
from credits.plans.queries import Terms, current_terms
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.credits.plans.rows import day, subscription

NOW = day(2026, 3, 20)


@pytest.fixture
def acme(db):
    return cast.acme()[0]


def terms(workspace, now=NOW) -> Terms:
    with tenant_context(workspace.id):
        return current_terms(workspace.id, now)


def told(found: Terms) -> tuple[str, str, str]:
    return found.plan.code, f"{found.period_start:%m-%d %H}", f"{found.period_end:%m-%d %H}"


def test_without_a_subscription_it_is_free_and_the_month(acme):
    found = terms(acme, day(2026, 12, 31, 23))
    assert told(found) == ("free", "12-01 00", "01-01 00")
    assert (found.calls, found.call_price_usd, found.subscription_id) == (1000, None, "")


def test_a_subscription_gives_its_plan_and_its_period(acme):
    mine = subscription(acme)
    found = terms(acme)
    assert told(found) == ("pro", "03-12 09", "04-12 09")
    assert found.calls == 100_000 and str(found.call_price_usd) == "0.00100"
    assert found.subscription_id == mine.stripe_id


def test_it_asks_once_in_both_contexts_and_only_for_its_own(acme):
    rival = cast.rival()[0]
    subscription(acme)
    subscription(rival, "enterprise")
    with tenant_context(acme.id), CaptureQueriesContext(connections["default"]) as asked:
        assert current_terms(acme.id, NOW).plan.code == "pro"
    assert len([one for one in asked if "credits_plan" in one["sql"]]) == 1
    with system_context(), CaptureQueriesContext(connections["admin"]) as asked:
        assert current_terms(rival.id, NOW).plan.code == "enterprise"
    assert len(asked) == 1
    assert terms(acme).plan.code == "pro"


@pytest.mark.parametrize("status", ["canceled", "incomplete", "incomplete_expired", "paused"])
def test_what_stripe_does_not_bill_is_free(acme, status):
    subscription(acme, status=status)
    assert terms(acme).plan.code == "free"


def test_a_cancelled_one_lasts_to_its_end_and_no_longer(acme):
    end = day(2026, 4, 12, 9)
    subscription(acme, cancel_at=end)
    assert terms(acme, end - timedelta(seconds=1)).plan.code == "pro"
    assert told(terms(acme, end)) == ("free", "04-01 00", "05-01 00")


@pytest.mark.parametrize("status", ["past_due", "unpaid"])
def test_a_failed_payment_leaves_seven_days(acme, status):
    failed = day(2026, 3, 14)
    subscription(acme, status=status, past_due_since=failed)
    assert GRACE.days == 7
    assert terms(acme, failed + GRACE - timedelta(seconds=1)).plan.code == "pro"
    assert terms(acme, failed + GRACE).plan.code == "free"


def test_a_renewal_that_nobody_told_of_is_counted_on_for_seven_days(acme):
    """Counters of the new period begin where Stripe will say that it began."""
    end = day(2026, 4, 12, 9)
    subscription(acme)
    assert told(terms(acme, end)) == ("pro", "04-12 09", "05-12 09")
    assert terms(acme, end + timedelta(days=7, seconds=-1)).plan.code == "pro"
    assert terms(acme, end + timedelta(days=7)).plan.code == "free"


def test_periods_end_on_the_anchors_day_or_the_months_last(acme):
    anchor = day(2026, 1, 31, 9)
    subscription(acme, anchor=anchor, period_start=anchor, period_end=day(2026, 2, 28, 9))
    assert told(terms(acme, day(2026, 3, 1))) == ("pro", "02-28 09", "03-31 09")
    with system_context():
        Subscription.objects.update(
            period_start=day(2026, 11, 30, 9), period_end=day(2026, 12, 31, 9)
        )
    assert told(terms(acme, day(2027, 1, 1))) == ("pro", "12-31 09", "01-31 09")


def test_of_two_the_dearer_one_counts(acme):
    subscription(acme, "enterprise")
    subscription(acme, "pro")
    found = terms(acme)
    assert found.plan.code == "enterprise" and found.calls is None
    with system_context():
        Subscription.objects.filter(plan__code="enterprise").update(past_due_since=day(2026, 3, 12))
    assert terms(acme).plan.code == "pro"
