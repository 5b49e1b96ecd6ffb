"""How much of a lead's price is commission (P-6): pure arithmetic on terms and facts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from .models import CommissionRate

# With no partner's or general terms in force nothing is promised.
NOTHING = CommissionRate(
    base_percent=0, early_points=0, verified_points=0, volume_points=0, cap_percent=0
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the bonuses of one sale depend on.

    `pass_rate` is in percent, None where nothing was checked; `nth_in_month` counts the leads that
    the partner sold in this calendar month, this one included.
    """

    listed_at: datetime
    sold_at: datetime
    pass_rate: Decimal | None
    nth_in_month: int


def percent_of(terms: CommissionRate, facts: Facts) -> tuple[Decimal, dict[str, str]]:
    """(the percentage, what it is made of: reason → points as text).

    Base, plus a bonus for a sale within some days of approval (the moment they end is in), for a
    pass rate, and for the month's volume, kept to the cap.
    """
    points = {"base": Decimal(terms.base_percent)}
    if facts.sold_at - facts.listed_at <= timedelta(days=terms.early_days):
        points["early"] = Decimal(terms.early_points)
    if facts.pass_rate is not None and facts.pass_rate >= terms.verified_from:
        points["verified"] = Decimal(terms.verified_points)
    if facts.nth_in_month >= terms.volume_from:
        points["volume"] = Decimal(terms.volume_points)
    found = sum(points.values(), Decimal(0))
    over = found - Decimal(terms.cap_percent)
    if over > 0:
        points["cap"] = -over
        found -= over
    return found, {code: str(value) for code, value in points.items() if value}


def pass_rate(valid: int, invalid: int) -> Decimal | None:
    """The share of valid among those with a definite answer, in percent; None where none has.

    Exact up to what is compared: 94.996 % is less than 95 %.
    """
    checked = valid + invalid
    return Decimal(100 * valid) / checked if checked else None


def commission_cents(price_cents: int, percent: Decimal) -> int:
    """The commission on one lead, halves of a cent up (ADR 0025)."""
    exact = Decimal(price_cents) * percent / 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
