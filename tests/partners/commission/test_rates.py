"""P-6: how much of a price is commission, as arithmetic."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from partners.commission.models import CommissionRate
from partners.commission.rates import NOTHING, Facts, commission_cents, pass_rate, percent_of
from partners.commission.wording import reason_lines

LISTED = datetime(2026, 11, 1, 12, tzinfo=UTC)
WEEK, INSTANT = timedelta(days=7), timedelta(microseconds=1)


def percent(after: timedelta = timedelta(days=30), *, passing=None, nth=1, **terms):
    passing = None if passing is None else Decimal(passing)
    found, reasons = percent_of(
        CommissionRate(**terms), Facts(LISTED, LISTED + after, passing, nth)
    )
    return found, list(reasons)


@pytest.mark.parametrize(
    ("facts", "expected", "reasons"),
    [
        ({}, 30, ["base"]),
        ({"after": WEEK}, 40, ["base", "early"]),
        ({"after": WEEK + INSTANT}, 30, ["base"]),
        ({"passing": "95"}, 35, ["base", "verified"]),
        ({"passing": "94.99999"}, 30, ["base"]),
        ({"nth": 9_999}, 30, ["base"]),
        ({"nth": 10_000}, 35, ["base", "volume"]),
        # All together come to exactly the most there is.
        (
            {"after": WEEK, "passing": "100", "nth": 10_000},
            50,
            ["base", "early", "verified", "volume"],
        ),
        (
            {"after": WEEK, "passing": "100", "nth": 10_000, "base_percent": 40},
            50,
            ["base", "early", "verified", "volume", "cap"],
        ),
        ({"after": WEEK, "early_points": 0}, 30, ["base"]),
    ],
)
def test_bonuses_add_up_to_the_cap(facts, expected, reasons):
    assert percent(**facts) == (expected, reasons)


def test_without_terms_nothing_is_promised():
    assert percent_of(NOTHING, Facts(LISTED, LISTED, Decimal(100), 10**6)) == (0, {})


@pytest.mark.parametrize(
    ("valid", "invalid", "expected"),
    [(0, 0, None), (19, 1, 95), (0, 3, 0), (1_899_999, 100_001, Decimal("94.99995"))],
)
def test_the_pass_rate_is_exact_and_unknown_without_an_answer(valid, invalid, expected):
    assert pass_rate(valid, invalid) == expected


@pytest.mark.parametrize(
    ("price", "rate", "cents"),
    [
        (100, "30", 30),
        (15, "30", 5),  # 4.5, half up
        (13, "35", 5),  # 4.55
        (11, "40", 4),  # 4.4
        (10, "45", 5),  # 4.5
        (500, "50", 250),
        (10, "0", 0),
        (333, "33.33", 111),
    ],
)
def test_commissions_are_rounded_half_up_to_the_cent(price, rate, cents):
    """ADR 0025."""
    assert commission_cents(price, Decimal(rate)) == cents


def test_reasons_in_words():
    said = reason_lines({"base": "30.00", "early": "10", "cap": "-2.50"})
    assert said == ["30 base", "+10 sold soon after approval", "-2.5 kept to the most there is"]
