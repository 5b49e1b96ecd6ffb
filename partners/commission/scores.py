"""Scores of partners and a price for their leads (P-6a): pure formulas, in percent.

A partner's score is a weighted mean of five parts; a part of which nothing is known yet is left
out, and the others weigh more. A lead's freshness falls along a curve that is 50 at 30 days.
"""

import math
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from marketplace.listings.models import CHEAPEST_CENTS, DEAREST_CENTS

STALEST = 15
STEEPNESS, HALF_DAYS = 0.15, 30
OLDEST_DAYS = 400  # from there on nothing changes, and the power still fits a float


def freshness_sql(days: str) -> str:
    """The formula of `freshness` over an SQL expression of whole days."""
    # As a double: a power of exact numbers took 1.4 s for a million leads.
    power = f"{STEEPNESS}::float8 * (least(greatest({days}, 0), {OLDEST_DAYS}) - {HALF_DAYS})"
    return f"greatest({STALEST}, (100 / (1 + exp({power})))::numeric)"


FRESHNESS_SQL = freshness_sql("(sold_at AT TIME ZONE 'UTC')::date - collected_on")
# Suggested prices are whole steps, as people would set them.
STEP_CENTS = 5


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a partner's score; `value` is None where nothing is known yet."""

    code: str
    label: str
    weight: int
    value: int | None
    missing: str


@dataclass(frozen=True, slots=True)
class Score:
    """0–100, None where no part is known; and the parts that it is made of."""

    value: int | None
    parts: tuple[Part, ...]


def freshness(days: int) -> float:
    """How fresh a lead is that many days after it was collected: 100 down to 15.

    100 / (1 + e^(0.15 (days − 30))), not under 15. A lead of tomorrow is as fresh as today's.
    """
    power = STEEPNESS * (min(max(days, 0), OLDEST_DAYS) - HALF_DAYS)
    return max(float(STALEST), 100 / (1 + math.exp(power)))


def share(part: int, whole: int) -> float | None:
    """`part` of `whole` in percent; None of nothing."""
    return 100 * part / whole if whole else None


def partner_score(
    *,
    pass_rate: float | None,
    duplicates: float | None,
    completeness: float | None,
    freshness: float | None,
    kept: float | None,
) -> Score:
    """A partner's score of percentages, each None where nothing is known yet.

    35 % verification pass rate, 20 % max(0, 100 − 2 × duplicates), 15 % completeness, 15 %
    freshness when sold, 15 % sales that weren't refunded (`kept`).
    """
    unique = None if duplicates is None else max(0.0, 100 - 2 * duplicates)
    parts = (
        _part("pass_rate", "Verification pass rate", 35, pass_rate, "Nothing was checked yet"),
        _part("unique", "Few duplicates", 20, unique, "Nothing was handed in yet"),
        _part("completeness", "Completeness", 15, completeness, "Nothing was handed in yet"),
        _part("freshness", "Freshness when sold", 15, freshness, "Nothing was sold yet"),
        _part("kept", "Sales not refunded", 15, kept, "Nothing was sold yet"),
    )
    known = [
        (part.weight, value)
        for part, value in zip(
            parts, (pass_rate, unique, completeness, freshness, kept), strict=True
        )
        if value is not None
    ]
    weights = sum(weight for weight, _ in known)
    value = sum(weight * value for weight, value in known) / weights if known else None
    return Score(None if value is None else _whole(value), parts)


def _part(code: str, label: str, weight: int, value: float | None, missing: str) -> Part:
    return Part(code, label, weight, None if value is None else _whole(value), missing)


def _whole(value: float) -> int:
    return math.floor(value + 0.5)


def suggested_cents(quality: int, collected_on: date) -> int:
    """A price in US cents for a lead of this quality (0–100), collected on that day: 10–500.

    500 × (quality / 100)² × freshness / 100, in steps of 5 cents: a perfect lead of today is $4.95,
    one of quality 80 from a month ago $1.60. Good lists earn more than twice what fair ones do.
    """
    days = (timezone.localdate() - collected_on).days
    exact = DEAREST_CENTS * (quality / 100) ** 2 * freshness(days) / 100
    steps = math.floor(exact / STEP_CENTS + 0.5) * STEP_CENTS
    return min(max(steps, CHEAPEST_CENTS), DEAREST_CENTS)
