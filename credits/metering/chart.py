"""The days as bars: plain numbers for an SVG whose height is 100."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .queries import Day, Tally

STEP, WIDTH, HEIGHT = 12, 9, 100
# A day with a call is never quite invisible.
LEAST = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: from `x` on, `top` to the bottom; its errors from `error_top` to the bottom."""

    day: date
    tally: Tally
    x: int
    top: float
    height: float
    error_top: float
    error_height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """All bars, and the day with the most calls."""

    bars: list[Bar]
    peak: Day

    @property
    def span(self) -> int:
        """How wide it is."""
        return len(self.bars) * STEP


def chart_of(days: Sequence[Day]) -> Chart:
    """The bars of `days`, the highest as high as the chart."""
    peak = max(days, key=lambda one: one.tally.calls)
    bars = []
    for at, one in enumerate(days):
        height = _height(one.tally.calls, peak.tally.calls)
        errors = _height(one.tally.errors, peak.tally.calls)
        bars.append(
            Bar(one.day, one.tally, at * STEP, HEIGHT - height, height, HEIGHT - errors, errors)
        )
    return Chart(bars, peak)


def _height(calls: int, most: int) -> float:
    return max(LEAST, round(HEIGHT * calls / most, 2)) if calls else 0.0
