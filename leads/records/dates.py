"""Days in the many forms in which tables have them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

DayOrder = Literal["dmy", "mdy"]

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:$|[T ])")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:$|T|\d{6}$)")
_NUMERIC = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2}|\d{4})(?:$|[T ,])")
_DAY_MONTH = re.compile(
    r"(?:[a-z]{3,9},? )?(\d{1,2})(?:st|nd|rd|th)?[- /.]+([a-z]{3,9})\.?,?[- /.]+"
    r"(\d{4}|\d{2})(?:$|[ T,])"
)
_MONTH_DAY = re.compile(
    r"(?:[a-z]{3,9},? )?([a-z]{3,9})\.?[- /]+(\d{1,2})(?:st|nd|rd|th)?,?[- /]+"
    r"(\d{4}|\d{2})(?:$|[ T,])"
)
_MONTHS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6},
    **{"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12},
}
_EXCEL_EPOCH = datetime.date(1899, 12, 30)


@lru_cache(maxsize=16_384)
def clean_date(value: str, order: DayOrder = "mdy") -> datetime.date | None:
    """Return the day of a date or moment; None for text that isn't one.

    ISO dates, compact ones, days with month names, Unix times, Excel's day numbers, and numeric
    dates: `order` decides those that could be read both ways.
    """
    text = value.strip()
    match = _ISO.match(text)
    if match:
        return _day(match[1], match[2], match[3])
    match = _NUMERIC.match(text)
    if match:
        first, second, year = match.groups()
        day, month = (first, second) if order == "dmy" else (second, first)
        found = _day(year, month, day)
        return found if found else _day(year, day, month)
    if text.isascii() and text.replace(".", "", 1).isdecimal():
        return _of_number(text)
    lower = text.lower()
    match = _DAY_MONTH.match(lower)
    if match and match[2][:3] in _MONTHS:
        return _day(match[3], _MONTHS[match[2][:3]], match[1])
    match = _MONTH_DAY.match(lower)
    if match and match[1][:3] in _MONTHS:
        return _day(match[3], _MONTHS[match[1][:3]], match[2])
    return None


def day_order(values: Iterable[str], otherwise: DayOrder) -> DayOrder:
    """Return how a column writes numeric dates, by those that can be read in only one way."""
    votes = {"dmy": 0, "mdy": 0}
    for value in values:
        match = _NUMERIC.match(value.strip())
        if match:
            first, second = int(match[1]), int(match[2])
            if first > 12 >= second:
                votes["dmy"] += 1
            elif second > 12 >= first:
                votes["mdy"] += 1
    if votes["dmy"] == votes["mdy"]:
        return otherwise
    return "dmy" if votes["dmy"] > votes["mdy"] else "mdy"


def _day(year: str, month: str | int, day: str) -> datetime.date | None:
    number = int(year)
    if len(year) == 2:
        number += 1900 if number >= 70 else 2000
    try:
        return datetime.date(number, int(month), int(day))
    except ValueError:
        return None


def _of_number(text: str) -> datetime.date | None:
    compact = _COMPACT.fullmatch(text) or (_COMPACT.match(text) if len(text) == 14 else None)
    if compact and 1900 <= int(compact[1]) <= 2199:
        return _day(compact[1], compact[2], compact[3])
    number = float(text)
    if 20_000 <= number < 80_000:
        return _EXCEL_EPOCH + datetime.timedelta(days=int(number))
    if 1e12 <= number < 5e12:
        number /= 1000
    if 5e8 <= number < 5e9:
        return datetime.datetime.fromtimestamp(number, datetime.UTC).date()
    return None
