"""P-6a: the partner's score, a lead's freshness, and the price that follows."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from partners.commission.scores import freshness, partner_score, suggested_cents

ALL = {"pass_rate": 90, "duplicates": 10, "completeness": 60, "freshness": 50, "kept": 100}


def score(**parts):
    return partner_score(**{**ALL, **parts})


def test_the_score_is_the_weighted_mean():
    # 35 × 90 + 20 × 80 + 15 × (60 + 50 + 100), of 100
    assert score().value == 79
    assert [(part.weight, part.value) for part in score().parts] == [
        (35, 90),
        (20, 80),
        (15, 60),
        (15, 50),
        (15, 100),
    ]


def test_a_part_that_is_not_known_is_said_and_left_out():
    found = score(freshness=None, kept=None)
    assert found.value == round((35 * 90 + 20 * 80 + 15 * 60) / 70)
    assert [part.missing for part in found.parts if part.value is None] == [
        "Nothing was sold yet",
        "Nothing was sold yet",
    ]
    assert partner_score(**dict.fromkeys(ALL)).value is None


@pytest.mark.parametrize(("duplicates", "value"), [(0, 100), (25, 50), (50, 0), (90, 0)])
def test_duplicates_count_twice_and_never_below_nothing(duplicates, value):
    assert score(duplicates=duplicates).parts[1].value == value


@pytest.mark.parametrize(
    ("days", "expected"), [(30, 50), (0, 98.9), (-5, 98.9), (41, 16.1), (42, 15), (10**6, 15)]
)
def test_freshness_falls_to_its_floor(days, expected):
    assert freshness(days) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(
    ("quality", "days", "cents"),
    [(100, 0, 495), (80, 30, 160), (60, 0, 180), (0, 0, 10), (100, 365, 75), (10, 365, 10)],
)
def test_a_price_is_suggested(quality, days, cents):
    assert suggested_cents(quality, timezone.localdate() - timedelta(days=days)) == cents


@given(st.integers(0, 100), st.integers(-10, 5_000))
def test_every_suggestion_is_a_price_that_may_be_asked(quality, days):
    """P-2: 10 to 500 cents; more quality or fresher never costs less."""
    day = timezone.localdate() - timedelta(days=days)
    found = suggested_cents(quality, day)
    assert 10 <= found <= 500 and found % 5 == 0
    assert suggested_cents(min(quality + 1, 100), day) >= found
    assert suggested_cents(quality, day + timedelta(days=1)) >= found
