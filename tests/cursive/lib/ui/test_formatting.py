"""Numbers, money and times by locale and in the active time zone (X-13)."""

import datetime
from decimal import Decimal

import pytest
from django.utils import formats, timezone, translation

from cursive.lib.ui import formatting as f

NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)


def test_credits_line_up_and_group():
    assert f.format_credits(Decimal("1240.5")) == "1,240.50"
    assert f.format_credits_short(Decimal("1240.00")) == "1,240"
    assert f.format_credits_short(Decimal("0.50")) == "0.50"
    assert f.format_signed(Decimal("-12.5")) == f.MINUS + "12.50"
    assert f.format_signed(100) == "+100.00"
    assert f.format_signed(0) == "0.00"


def test_money_is_cents_or_dollars():
    assert f.format_cents(149_900) == "$1,499.00"
    assert f.format_cents_short(4900) == "$49"
    assert f.format_cents_short(4950) == "$49.50"
    assert f.format_money(Decimal("-0.001"), 3) == f.MINUS + "$0.001"


def test_numbers_follow_the_locale():
    with translation.override("de"):
        assert f.format_credits(Decimal("1240.5")) == "1.240,50"


@pytest.mark.parametrize(
    "function",
    [
        f.format_number, f.format_compact, f.format_credits, f.format_credits_short,
        f.format_signed, f.format_cents, f.format_cents_short, f.format_percent, f.format_bytes,
    ],
)  # fmt: skip
def test_nothing_is_a_dash_and_zero_is_not(function):
    assert function(None) == function("") == f.NOTHING
    assert "0" in function(0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999, "999"),
        (1234, "1.2k"),
        (20_000, "20k"),
        (10_400_000, "10.4m"),
        (-1500, f.MINUS + "1.5k"),
    ],
)
def test_compact_counts(value, text):
    assert f.format_compact(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (59, "59 s"), (90, "1 min 30 s"), (1200, "20 min"), (3725, "1 h 2 min"),
        (3600, "1 h"), (90_000, "1 d 1 h"), (None, f.NOTHING),
    ],
)  # fmt: skip
def test_durations_name_two_units_at_most(seconds, text):
    assert f.format_duration(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (1536, "1.5 KB"), (5 * 1024**3, "5.0 GB")])
def test_sizes(size, text):
    assert f.format_bytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3, "just now"), (-3, "in a moment"), (60, "1 minute ago"), (119, "1 minute ago"),
        (7200, "2 hours ago"), (86_400 * 3, "3 days ago"), (-3600, "in 1 hour"),
    ],
)  # fmt: skip
def test_how_long_ago(seconds, text):
    assert f.format_ago(NOW - datetime.timedelta(seconds=seconds), NOW) == text


def test_past_a_month_it_is_a_date():
    assert "2025" in f.format_ago(datetime.datetime(2025, 12, 24, tzinfo=datetime.UTC), NOW)


def test_moments_are_told_in_the_active_time_zone():
    """X-13: the workspace's time zone; a day can be another one there."""
    moment = datetime.datetime(2026, 3, 1, 2, 30, tzinfo=datetime.UTC)
    with timezone.override("America/Los_Angeles"):
        assert "28" in f.format_date(moment)
        assert f.format_datetime(moment).endswith("PST")
    with timezone.override("Asia/Tokyo"):
        assert f.format_datetime(moment).endswith("JST")
    assert f.format_date(None) == f.format_datetime(None) == f.NOTHING


def test_a_time_element_carries_the_exact_moment():
    html = f.time_element(NOW, "then")
    assert 'datetime="2026-03-01T12:00:00+00:00"' in html
    assert "title=" in html


def test_our_own_english_dates(settings):
    settings.FORMAT_MODULE_PATH = "cursive.lib.ui.formats"
    formats.reset_format_cache()
    try:
        assert f.format_date(NOW) == "Mar 1, 2026"
        assert f.format_datetime(NOW) == "Mar 1, 2026, 12:00 UTC"
    finally:
        formats.reset_format_cache()
