"""Periods of subscriptions: months that keep the day of their first, where it exists."""

import calendar
from datetime import UTC, datetime, timedelta

DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "year": 12}


def step(anchor: int, recurring: dict[str, object], count: int) -> int:
    """The moment `count` periods after `anchor`: 31 January, 28 February, 31 March."""
    interval = str(recurring["interval"])
    count *= int(str(recurring["interval_count"]))
    moment = datetime.fromtimestamp(anchor, UTC)
    if interval in DAYS:
        return int((moment + timedelta(days=count * DAYS[interval])).timestamp())
    months = moment.month - 1 + count * MONTHS[interval]
    year, month = moment.year + months // 12, months % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return int(moment.replace(year=year, month=month, day=day).timestamp())


def end_after(anchor: int, recurring: dict[str, object], start: int) -> int:
    """The end of the period that begins at `start`, counted from the anchor."""
    count = 1
    while step(anchor, recurring, count) <= start:
        count += 1
    return step(anchor, recurring, count)
