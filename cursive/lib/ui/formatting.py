"""Numbers, credits, money and times as people read them: by locale, in the active time zone.

The request's middleware activates the workspace's time zone; everything here only reads it.
"""

import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
MINUTE, HOUR, DAY, MONTH = 60, 3_600, 86_400, 2_592_000
UNITS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))


def format_number(value: Any, places: int = 0) -> str:
    """`value` with grouped thousands and `places` decimals; a dash for None or ''."""
    if value is None or value == "":
        return NOTHING
    text = formats.number_format(abs(Decimal(str(value))), places, force_grouping=True)
    return MINUS + text if Decimal(str(value)) < 0 else text


def format_compact(value: Any) -> str:
    """A count in three figures or so, for tight places: 1,234 → 1.2k, 10,400,000 → 10.4m."""
    if value is None or value == "":
        return NOTHING
    number = Decimal(str(value))
    for size, letter in ((10**9, "b"), (10**6, "m"), (10**3, "k")):
        if abs(number) >= size:
            short = (number / size).quantize(Decimal("0.1"), ROUND_HALF_UP)
            return format_number(short, 0 if short == short.to_integral() else 1) + letter
    return format_number(number)


def format_credits(value: Any) -> str:
    """Credits with two places always, so that columns line up: 1,240.50."""
    return format_number(value, 2)


def format_credits_short(value: Any) -> str:
    """Credits without a useless .00: 1,240 but 1,240.50."""
    if value is None or value == "":
        return NOTHING
    number = Decimal(str(value))
    return format_number(number, 0 if number == number.to_integral() else 2)


def format_signed(value: Any) -> str:
    """A change of credits with its sign, as in +100.00."""
    if value is None or value == "":
        return NOTHING
    return ("+" if Decimal(str(value)) > 0 else "") + format_number(value, 2)


def format_cents(cents: Any) -> str:
    """Integer US cents as dollars: 4900 → $49.00."""
    if cents is None or cents == "":
        return NOTHING
    return format_money(Decimal(str(cents)) / 100)


def format_cents_short(cents: Any) -> str:
    """Integer US cents as dollars, whole dollars without .00: 4900 → $49."""
    if cents is None or cents == "":
        return NOTHING
    amount = Decimal(str(cents)) / 100
    return format_money(amount, 0 if amount == amount.to_integral() else 2)


def format_money(amount: Any, places: int = 2) -> str:
    """US dollars: 1234.5 → $1,234.50."""
    if amount is None or amount == "":
        return NOTHING
    text = format_number(amount, places)
    return f"{MINUS}${text[1:]}" if text.startswith(MINUS) else f"${text}"


def format_percent(value: Any, places: int = 0) -> str:
    """A number that is already in percent: 12.34 → 12%."""
    return NOTHING if value is None or value == "" else f"{format_number(value, places)}%"


def format_bytes(value: Any) -> str:
    """A size in bytes in the unit that fits: 1536 → 1.5 KB."""
    if value is None or value == "":
        return NOTHING
    size = Decimal(str(value))
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            break
        size /= 1024
    return f"{format_number(size, 0 if unit == 'B' or size >= 100 else 1)} {unit}"


def format_date(value: datetime.date | datetime.datetime | None) -> str:
    """A day in the locale's medium form; a moment counts in the active time zone."""
    if value is None:
        return NOTHING
    return formats.date_format(_local(value), "DATE_FORMAT")


def format_datetime(value: datetime.datetime | None) -> str:
    """A moment with its time zone's name, for titles and logs."""
    if value is None:
        return NOTHING
    local = _local(value)
    text = formats.date_format(local, "DATETIME_FORMAT")
    name = local.tzname() if isinstance(local, datetime.datetime) else ""
    return f"{text} {name}".strip()


def format_duration(seconds: float | None) -> str:
    """How long, in at most two units: 3725 → 1 h 2 min."""
    if seconds is None:
        return NOTHING
    whole = max(0, round(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        minutes, rest = divmod(whole, MINUTE)
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    if whole < DAY:
        hours, rest = divmod(whole, HOUR)
        return f"{hours} h {rest // MINUTE} min" if rest >= MINUTE else f"{hours} h"
    days, rest = divmod(whole, DAY)
    return f"{days} d {rest // HOUR} h" if rest >= HOUR else f"{days} d"


def format_ago(value: datetime.datetime, now: datetime.datetime | None = None) -> str:
    """How far a moment is from now: just now, 5 minutes ago, in 3 days; a date past a month."""
    seconds = ((now or timezone.now()) - value).total_seconds()
    distance = abs(seconds)
    if distance < 45:
        return "just now" if seconds >= 0 else "in a moment"
    if distance >= MONTH:
        return format_date(value)
    size, name = next((unit for unit in UNITS if distance >= unit[0]), UNITS[-1])
    count = max(1, int(distance // size))
    words = ngettext(f"{count} {name}", f"{count} {name}s", count)
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def time_element(value: datetime.datetime | None, text: str, *, live: bool = False) -> SafeString:
    """A `<time>` with the exact moment as its title; a `live` one is kept true by the page."""
    if value is None:
        return format_html('<span class="text-secondary">{}</span>', NOTHING)
    return format_html(
        '<time{} datetime="{}" title="{}">{}</time>',
        SafeString(" data-ago" if live else ""),
        value.isoformat(),
        format_datetime(value),
        text,
    )


def _local(value: datetime.date | datetime.datetime) -> datetime.date | datetime.datetime:
    if isinstance(value, datetime.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value
