"""N-8, N-9: staff's figures are what the rows say."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from accounts.workspaces.models import Membership, User, Workspace
from analytics.staff.queries import business_overview, users_page
from credits.ledger.models import Entry
from credits.metering.models import DailyUsage
from credits.overage.models import OverageCharge
from credits.plans.models import Invoice, Period
from credits.plans.queries import current_terms
from credits.prices.models import Plan
from credits.purchases.models import CreditPurchase
from cursive.lib.errors import InvalidInput
from cursive.lib.tenancy import system_context, uuid7
from tests import cast
from tests.credits.plans.rows import day, subscription

NOW = day(2026, 6, 15)
PRO, ENTERPRISE = 4_900, 49_900


@pytest.fixture
def acme(db) -> Workspace:
    return cast.acme()[0]


@pytest.fixture
def rival(db) -> Workspace:
    return cast.rival()[0]


def living(workspace, plan="pro", **fields):
    """A subscription that is in its June's period."""
    given = {
        "started_at": day(2026, 3, 10),
        "period_start": day(2026, 6, 10),
        "period_end": day(2026, 7, 10),
    }
    return subscription(workspace, plan, **given | fields)


def period(of, start, plan):
    with system_context():
        return Period.objects.create(
            workspace_id=of.workspace_id,
            subscription=of,
            start=start,
            end=start + timedelta(days=30),
            plan=Plan.objects.get(code=plan),
        )


def entry(workspace, kind, amount, action, at, **more):
    with system_context():
        return Entry.objects.create(
            workspace=workspace,
            kind=kind,
            amount=Decimal(amount),
            balance_after=Decimal(1_000),
            action=action,
            reference_kind="test",
            reference_id="1",
            key=str(uuid7()),
            actor_kind="system",
            actor_label="test",
            created_at=at,
            **more,
        )


def invoice(workspace, cents, at, state="paid"):
    with system_context():
        Invoice.objects.create(
            workspace=workspace,
            stripe_id=f"in_{uuid7()}",
            description="Pro",
            cents=cents,
            state=state,
            created_at=at,
            observed_at=at,
        )


def purchase(workspace, cents, at, **fields):
    paid = {"state": "paid", "paid_at": at} | fields
    with system_context():
        CreditPurchase.objects.create(
            workspace=workspace,
            key=str(uuid7()),
            package_code="growth",
            package_name="Growth",
            credits=500,
            cents=cents,
            created_at=at,
            **paid,
        )


def month(found, name):
    return next(one for one in found.months if f"{one.month:%Y-%m}" == name)


def test_nothing_yet(db):
    found = business_overview(NOW)
    assert (found.workspaces, found.customers, found.mrr_cents) == (0, 0, 0)
    assert [f"{one.month:%Y-%m}" for one in found.months] == [
        *(f"2025-{number:02}" for number in range(7, 13)),
        *(f"2026-{number:02}" for number in range(1, 7)),
    ]
    assert found.top_workspaces == []
    assert users_page({}).total == 0


def test_workspaces_by_plan_are_counted_as_their_terms_say(acme, rival):
    """One statement for all says what `current_terms` says for each."""
    cases = [
        {},
        {"status": "past_due", "past_due_since": NOW - timedelta(days=6)},
        {"status": "past_due", "past_due_since": NOW - timedelta(days=8)},
        {"cancel_at": NOW - timedelta(hours=1)},
        {"cancel_at": NOW + timedelta(hours=1)},
        {"status": "canceled", "ended_at": NOW - timedelta(days=1)},
        {"status": "incomplete"},
        {"status": "trialing"},
        {"period_start": day(2026, 5, 1), "period_end": day(2026, 6, 1)},  # too long ago
        {"period_start": day(2026, 5, 9), "period_end": day(2026, 6, 9)},  # late
    ]
    owner = cast.user("Olga")
    expected = {"free": 2, "pro": 0, "enterprise": 0}
    for number, fields in enumerate(cases):
        here = cast.workspace(f"W{number}", owner=owner)
        living(here, **fields)
        with system_context():
            expected[current_terms(here.id, NOW).plan.code] += 1
    living(acme, "pro")
    living(acme, "enterprise")  # of two the dearer one counts
    expected["enterprise"] += 1
    expected["free"] -= 1
    with system_context():
        Workspace.objects.filter(name="W0").update(deleted_at=NOW)
    expected["pro"] -= 1
    found = business_overview(NOW)
    assert {line.code: line.workspaces for line in found.plans} == expected
    assert found.workspaces == sum(expected.values())
    assert {line.code: line.mrr_cents for line in found.plans}["pro"] == expected["pro"] * PRO


def test_recurring_revenue_month_by_month(acme, rival):
    upgraded = living(acme, "enterprise", started_at=day(2026, 2, 10))
    for start, plan in ((day(2026, 2, 10), "pro"), (day(2026, 5, 10), "enterprise")):
        period(upgraded, start, plan)
    left = living(
        rival,
        started_at=day(2026, 1, 5),
        ended_at=day(2026, 4, 5),
        status="canceled",
        period_start=day(2026, 3, 5),
        period_end=day(2026, 4, 5),
    )
    period(left, day(2026, 1, 5), "pro")
    found = business_overview(NOW)

    def told(name):
        one = month(found, name)
        return (
            one.customers,
            one.mrr_cents,
            one.new_mrr_cents,
            one.lost_mrr_cents,
            one.expansion_mrr_cents,
            one.contraction_mrr_cents,
        )

    assert told("2025-12") == (0, 0, 0, 0, 0, 0)
    assert told("2026-01") == (1, PRO, PRO, 0, 0, 0)
    assert told("2026-02") == (2, 2 * PRO, PRO, 0, 0, 0)
    assert told("2026-03") == (2, 2 * PRO, 0, 0, 0, 0)
    assert told("2026-04") == (1, PRO, 0, PRO, 0, 0)
    assert told("2026-05") == (1, ENTERPRISE, 0, 0, ENTERPRISE - PRO, 0)
    assert told("2026-06") == (1, ENTERPRISE, 0, 0, 0, 0)
    assert (found.customers, found.mrr_cents) == (1, ENTERPRISE)
    for before, after in zip(found.months, found.months[1:], strict=False):
        assert after.mrr_cents == (
            before.mrr_cents
            + after.new_mrr_cents
            - after.lost_mrr_cents
            + after.expansion_mrr_cents
            - after.contraction_mrr_cents
        )


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "trialing"},
        {"status": "incomplete"},
        {"status": "past_due", "past_due_since": NOW - timedelta(days=8)},
        {"cancel_at": NOW - timedelta(hours=1)},
        {"started_at": NOW + timedelta(days=1)},
    ],
)
def test_what_pays_nothing_now_is_no_recurring_revenue(acme, fields):
    living(acme, **fields)
    found = business_overview(NOW)
    assert (found.customers, found.mrr_cents) == (0, 0)


def test_money_and_credits_month_by_month(acme, rival):
    invoice(acme, 4_900, day(2026, 5, 31, 23))
    invoice(acme, 4_900, day(2026, 6, 1))
    invoice(rival, 1_000, day(2026, 6, 2))
    invoice(rival, 99_900, day(2026, 6, 2), state="open")
    entry(acme, "grant", "500", "purchase", day(2026, 5, 2))
    entry(acme, "grant", "100", "subscription", day(2026, 5, 3))
    spent = entry(acme, "spend", "-40.50", "pull", day(2026, 5, 4))
    entry(acme, "refund", "10.25", "pull", day(2026, 5, 5), refunds=spent)
    entry(acme, "spend", "-200", "purchase_refund", day(2026, 5, 6))
    entry(acme, "spend", "-20", "adjustment", day(2026, 5, 7))  # staff took back what they gave
    charged = living(rival)
    with system_context():
        OverageCharge.objects.create(
            workspace=rival,
            period=period(charged, day(2026, 4, 10), "pro"),
            calls=100_505,
            included=100_000,
            call_price_usd=Decimal("0.001"),
            state="billed",
            item_id="ii_1",
            billed_at=day(2026, 5, 11),
        )
        charge = OverageCharge.objects.get()
    found = business_overview(NOW)
    may, june = month(found, "2026-05"), month(found, "2026-06")
    assert (may.revenue_cents, june.revenue_cents) == (4_900, 5_900)
    assert (may.overage_cents, june.overage_cents) == (charge.cents, 0) == (51, 0)
    assert (may.credits.sold, may.credits.given, may.credits.spent) == (
        Decimal(300),
        Decimal(80),
        Decimal("30.25"),
    )
    assert june.credits.spent == 0
    first, second = found.top_workspaces
    assert (first.name, first.plan, first.revenue_cents, first.credits_spent) == (
        "Acme",
        "free",
        9_800,
        Decimal("30.25"),
    )
    assert (second.name, second.plan, second.revenue_cents) == ("Rival", "pro", 1_000)


def test_packages_count_with_what_stayed_of_their_money(acme, rival):
    purchase(acme, 19_900, day(2026, 5, 2))
    purchase(acme, 19_900, day(2026, 5, 3), refunded_cents=4_900)
    purchase(acme, 4_900, day(2026, 6, 3), state="refunded", refunded_cents=4_900)
    for state in ("pending", "failed", "expired"):
        purchase(rival, 99_900, day(2026, 6, 4), state=state, paid_at=None)
    invoice(acme, 4_900, day(2026, 6, 5))
    found = business_overview(NOW)
    assert month(found, "2026-05").revenue_cents == 34_900
    assert month(found, "2026-06").revenue_cents == 4_900
    assert [(one.name, one.revenue_cents) for one in found.top_workspaces] == [("Acme", 39_800)]
    lines = {line.name: line.revenue_cents for line in users_page({}, NOW).items}
    assert lines == {"Alice": 39_800, "Carol": 0}


def test_new_workspaces_are_counted_by_month(acme, rival):
    with system_context():
        Workspace.objects.filter(id=acme.id).update(created_at=day(2026, 4, 30, 23))
        Workspace.objects.filter(id=rival.id).update(created_at=day(2026, 5, 1))
    found = business_overview(NOW)
    assert [month(found, f"2026-0{n}").new_workspaces for n in (4, 5, 6)] == [1, 1, 0]


# --- users --------------------------------------------------------------------------------------


@pytest.fixture
def people(acme, rival):
    """Alice owns Acme (Pro); Carol owns Rival and is in Acme; Zoe is in none."""
    zoe = cast.user("Zoe")
    carol = User.objects.get(name="Carol")
    with system_context():
        Membership.objects.create(workspace=acme, user=carol)
        DailyUsage.objects.create(
            workspace=rival,
            day=NOW.date() - timedelta(days=1),
            endpoint="api-leads",
            calls=70,
            errors=0,
            refused=0,
        )
    living(acme)
    invoice(acme, 4_900, day(2025, 1, 1))
    invoice(rival, 9_900, day(2026, 6, 1))
    entry(acme, "spend", "-12.50", "pull", NOW - timedelta(days=2))
    entry(acme, "spend", "-99", "pull", NOW - timedelta(days=40))
    return zoe


def names(params=None):
    return [line.name for line in users_page(params or {}, NOW).items]


def test_each_user_once_with_what_their_workspaces_do(people):
    found = {line.name: line for line in users_page({}, NOW).items}
    alice, carol, zoe = found["Alice"], found["Carol"], found["Zoe"]
    assert (alice.plan, alice.revenue_cents, alice.credits_spent, alice.api_calls) == (
        "pro",
        4_900,
        Decimal("12.50"),
        0,
    )
    assert (carol.plan, carol.revenue_cents, carol.credits_spent, carol.api_calls) == (
        "pro",
        9_900,
        Decimal("12.50"),
        70,
    )
    assert [(one.name, one.role, one.plan) for one in carol.workspaces] == [
        ("Acme", "member", "pro"),
        ("Rival", "owner", "free"),
    ]
    assert (zoe.plan, zoe.revenue_cents, zoe.workspaces) == ("", 0, [])


def test_sorting_filtering_searching(people):
    assert names() == ["Carol", "Alice", "Zoe"]
    assert names({"sort": "-activity"}) == ["Zoe", "Alice", "Carol"]
    assert names({"sort": "revenue"}) == ["Carol", "Alice", "Zoe"]
    assert names({"sort": "-revenue"}) == ["Zoe", "Alice", "Carol"]
    assert names({"sort": "email"}) == ["Alice", "Carol", "Zoe"]
    assert sorted(names({"plan": "pro"})) == ["Alice", "Carol"]
    assert names({"plan": "free"}) == []
    assert names({"q": "ZOE@"}) == ["Zoe"]
    for nothing in ("%", "_", "\\", "\x00no", "x" * 10_000, "\ud800"):
        assert names({"q": nothing}) == [], nothing
    page = users_page({"page": "2", "pageSize": "2"}, NOW)
    assert (page.total, [line.name for line in page.items]) == (3, ["Zoe"])
    assert users_page({"page": "9"}, NOW).total == 3


@pytest.mark.parametrize(
    "params",
    [
        {"sort": "password"},
        {"sort": "--revenue"},
        {"sort": "revenue; DROP TABLE accounts_user"},
        {"plan": "gold"},
        {"plan": "\x00"},
        {"page": "0"},
        {"page": "x"},
        {"pageSize": "-1"},
    ],
)
def test_what_cannot_be_asked_is_said(people, params):
    with pytest.raises(InvalidInput):
        users_page(params, NOW)


def test_the_number_of_queries_does_not_grow(people):
    def count(call):
        with CaptureQueriesContext(connections["admin"]) as queries:
            call()
        return len(queries)

    before = count(lambda: business_overview(NOW)), count(lambda: users_page({}, NOW))
    for number in range(8):
        here = cast.workspace(f"More{number}", owner=cast.user(f"Olga{number}"))
        living(here)
        invoice(here, 100, NOW)
    after = count(lambda: business_overview(NOW)), count(lambda: users_page({}, NOW))
    assert after == before
    assert max(before) <= 8
