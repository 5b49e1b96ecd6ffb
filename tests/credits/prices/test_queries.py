"""Prices are rows; the calculator's mix is the cheapest there is."""

import itertools
from decimal import Decimal

import pytest
from django.db import IntegrityError
from hypothesis import given, settings
from hypothesis import strategies as st

from credits.prices.models import Package, Price
from credits.prices.queries import (
    MAX_WANTED,
    _best_choices,
    charge_of,
    cheapest_mix,
    packages,
    plans,
    price_labels,
    price_of,
    prices,
    prices_by_cents,
)
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast


@pytest.mark.parametrize(
    ("action", "credits"),
    [
        ("pull", "0.50"),
        ("batch_enrichment", "0.25"),
        ("lead_enrichment", "1"),
        ("email_verification", "0.02"),
        ("analysis_light", "1"),
        ("analysis_deep", "3"),
        ("analysis_xray", "5"),
    ],
)
def test_the_price_list_as_it_is_delivered(db, action, credits):
    assert price_of(action) == Decimal(credits)
    assert action in price_labels() and action in {price.action for price in prices()}


@pytest.mark.parametrize(
    ("cents", "credits"), [(50, "1"), (100, "2"), (1, "0.02"), (2_499, "49.98"), (333, "6.66")]
)
def test_a_marketplace_lead_costs_the_partners_price_at_face_value(db, cents, credits):
    assert price_of("marketplace_lead", partner_cents=cents) == Decimal(credits)
    with pytest.raises(ValueError, match="depends on the partner"):
        price_of("marketplace_lead")


def test_it_is_rounded_up_to_a_hundredth(db):
    with system_context():
        Price.objects.filter(action="marketplace_lead").update(per_cents=30)
    assert price_of("marketplace_lead", partner_cents=100) == Decimal("3.34")
    assert price_of("marketplace_lead", partner_cents=30) == 1


def test_a_batch_is_charged_for_100_records_at_least(db):
    assert charge_of("batch_enrichment", 1) == 25
    assert charge_of("batch_enrichment", 100) == 25
    assert charge_of("batch_enrichment", 101) == Decimal("25.25")
    assert charge_of("batch_enrichment", 0) == 0
    assert charge_of("pull", 3) == Decimal("1.50")


def test_a_price_that_staff_change_counts_at_once(db):
    workspace, _ = cast.acme()
    with tenant_context(workspace.id):
        assert price_of("pull") == Decimal("0.50")
    with system_context():
        Price.objects.filter(action="pull").update(credits=Decimal("0.75"))
    with tenant_context(workspace.id):
        assert price_of("pull") == Decimal("0.75")


def test_an_action_without_a_price_is_a_mistake(db):
    with pytest.raises(KeyError):
        price_of("nothing")


def test_nothing_is_free(db):
    with system_context(), pytest.raises(IntegrityError):
        Price.objects.filter(action="pull").update(credits=0)


def test_packages_with_what_they_save_against_starter(db):
    assert [
        (one.name, one.credits, one.price_cents, one.cents_a_credit, one.saving_percent)
        for one in packages()
    ] == [
        ("Starter", 100, 4_900, 49, 0),
        ("Growth", 500, 19_900, 40, 19),
        ("Pro", 1_000, 34_900, 35, 29),
        ("Enterprise", 5_000, 149_900, 30, 39),
    ]
    assert [one.name for one in packages() if one.popular] == ["Growth"]


def test_a_package_off_sale_is_not_offered(db):
    with system_context():
        Package.objects.filter(code="pro").update(active=False)
    assert "Pro" not in [one.name for one in packages()]
    assert all(package.code != "pro" for package, _ in cheapest_mix(1_000).items)


def test_plans(db):
    assert [
        (one.name, one.price_cents, one.credits, one.calls, one.overage) for one in plans()
    ] == [
        ("Free", 0, 0, 1_000, "then paused until the next month"),
        ("Pro", 4_900, 100, 100_000, "then $0.001 a call"),
        ("Enterprise", 49_900, 1_500, None, ""),
    ]


# ---- The calculator ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "items", "cents"),
    [
        (1, {"starter": 1}, 4_900),
        (100, {"starter": 1}, 4_900),
        (101, {"starter": 2}, 9_800),
        (400, {"starter": 4}, 19_600),  # cheaper than Growth
        (401, {"growth": 1}, 19_900),  # five Starters would be $245
        (900, {"pro": 1}, 34_900),  # more credits for less than Growth and four Starters
        (1_100, {"pro": 1, "starter": 1}, 39_800),
        (4_300, {"enterprise": 1}, 149_900),
        (5_001, {"enterprise": 1, "starter": 1}, 154_800),
        (1_000_000, {"enterprise": 200}, 200 * 149_900),
    ],
)
def test_the_cheapest_mix(db, wanted, items, cents):
    mix = cheapest_mix(wanted)
    assert {package.code: count for package, count in mix.items} == items
    assert mix.cents == cents and mix.credits >= wanted


@pytest.mark.parametrize("wanted", [0, -1, MAX_WANTED + 1])
def test_the_calculator_has_bounds(db, wanted):
    with pytest.raises(ValueError, match="1 to"):
        cheapest_mix(wanted)


def test_nothing_for_sale_is_no_mix(db):
    with system_context():
        Package.objects.update(active=False)
    assert cheapest_mix(100) is None and packages() == []


def brute_force(offers: list[tuple[int, int]], wanted: int) -> int:
    """The least cents of any counts of packages that give enough."""
    counts = [range(-(-wanted // credits) + 1) for credits, _ in offers]
    return min(
        sum(count * cents for count, (_, cents) in zip(chosen, offers, strict=True))
        for chosen in itertools.product(*counts)
        if sum(count * credits for count, (credits, _) in zip(chosen, offers, strict=True))
        >= wanted
    )


@settings(max_examples=60)
@given(
    offers=st.lists(
        st.tuples(st.integers(2, 30).map(lambda n: n * 10), st.integers(1, 3_000)),
        min_size=1,
        max_size=3,
    ),
    wanted=st.integers(1, 400),
)
def test_no_mix_is_cheaper(db, offers, wanted):
    """Any packages: exactly what trying all of them finds."""
    with system_context():
        Package.objects.all().delete()
        for number, (credits, cents) in enumerate(offers):
            Package.objects.create(code=f"p{number}", name="P", credits=credits, price_cents=cents)
    mix = cheapest_mix(wanted)
    assert mix.credits >= wanted
    assert mix.cents == brute_force(offers, wanted)
    _best_choices.cache_clear()


def test_prices_of_many_partners_are_those_of_each(db, django_assert_num_queries):
    cents = [10, 33, 33, 500]
    with django_assert_num_queries(1):
        found = prices_by_cents("marketplace_lead", cents)
    assert found == {one: price_of("marketplace_lead", partner_cents=one) for one in cents}
    with pytest.raises(KeyError):
        prices_by_cents("nonsense", cents)
