"""Employee and revenue bands out of counts, ranges and words."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right

from leads.filters.vocabulary import EMPLOYEE_BANDS, REVENUE_BANDS

_EMPLOYEE_TOPS = (
    (10, "1-10"),
    (50, "11-50"),
    (200, "51-200"),
    (500, "201-500"),
    (1000, "501-1000"),
    (5000, "1001-5000"),
    (10_000, "5001-10000"),
    (math.inf, "10001+"),
)
_REVENUE_TOPS = (
    (1e6, "under_1m"),
    (1e7, "1m_10m"),
    (5e7, "10m_50m"),
    (1e8, "50m_100m"),
    (5e8, "100m_500m"),
    (1e9, "500m_1b"),
    (math.inf, "over_1b"),
)
_EMPLOYEE_BOUNDS = [top for top, _ in _EMPLOYEE_TOPS]
_REVENUE_BOUNDS = [top for top, _ in _REVENUE_TOPS]
_UNITS = {
    "": 1.0,
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mm": 1e6,
    "mn": 1e6,
    "mio": 1e6,
    "mil": 1e6,
    "million": 1e6,
    "millions": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "billions": 1e9,
    "t": 1e12,
    "trillion": 1e12,
}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")
_THOUSANDS = re.compile(r"(?<=\d)[,'\u00a0\u202f ](?=\d{3}(?!\d))")
#: What a spreadsheet makes of 1-10 and 11-50 when it takes them for dates.
_EATEN = {
    **dict.fromkeys(("jan-10", "10-jan", "1-oct", "oct-1", "01-oct", "oct-01"), "1-10"),
    **dict.fromkeys(("nov-50", "50-nov", "11/1/1950"), "11-50"),
    **dict.fromkeys(("02-oct", "2-oct", "oct-02", "feb-10", "10-feb"), "1-10"),
}
_UNDER = re.compile(r"^(?:<|less than|under|below|fewer than|up to|max)")
_OVER = re.compile(
    r"^(?:>|more than|over|above|at least|greater than)|(?:\+|plus|and more|or more)$"
)
_ALONE = frozenset({"self-employed", "self employed", "freelance", "freelancer", "myself only"})


def employee_band(value: str) -> str | None:
    """Return the band of '1,234', '1000-5000', '51 to 200', '10K+', 'self-employed'."""
    text = value.strip().lower()
    if text in EMPLOYEE_BANDS:
        return text
    if text in _EATEN:
        return _EATEN[text]
    if text in _ALONE:
        return "1-10"
    count = _estimate(text)
    if count is None or count < 1:
        return None
    return _EMPLOYEE_TOPS[bisect_left(_EMPLOYEE_BOUNDS, count)][1]


def revenue_band(value: str) -> str | None:
    """Return the band of '$10M+', '1000000', '10-50 million', 'under $1M', in dollars a year."""
    text = value.strip().lower()
    if text in REVENUE_BANDS:
        return text
    amount = _estimate(text)
    if amount is None or amount < 0:
        return None
    return _REVENUE_TOPS[bisect_right(_REVENUE_BOUNDS, amount)][1]


def _estimate(text: str) -> float | None:
    """A single number for an amount or range; None when there is no number."""
    if text.startswith("-") or len(text) > 60:
        return None
    if text.isascii() and text.isdecimal():
        return float(text)
    plain = _THOUSANDS.sub("", text)
    found = [(float(number), unit) for number, unit in _AMOUNT.findall(plain)]
    if not found or len(found) > 2:
        return None
    if len(found) == 2 and not found[0][1]:
        # '10-50 million': the unit is said once.
        found[0] = (found[0][0], found[1][1] if found[1][1] in _UNITS else "")
    amounts = [number * _UNITS.get(unit, 1.0) for number, unit in found]
    if len(amounts) == 2:
        low, high = min(amounts), max(amounts)
        return math.sqrt(max(low, 1) * max(high, 1))
    bare = re.sub(r"\b(?:employees|people|staff|usd|eur|gbp|revenue)\b|[$€£~]", " ", plain).strip()
    if _UNDER.search(bare):
        return max(amounts[0] - 1, 1)
    if _OVER.search(bare):
        return amounts[0] + 1
    return amounts[0]
