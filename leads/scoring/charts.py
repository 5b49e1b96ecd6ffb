"""Scores as charts: plain numbers for an SVG whose height is 100. A table stands beside each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from leads.sidebar.queries import BANDS

from .models import ScoreDay
from .queries import Distribution, Effect
from .rule import today

HEIGHT, STEP, WIDTH = 100.0, 12, 10
# A bar of few leads is never quite invisible.
LEAST = 1.0


@dataclass(frozen=True, slots=True)
class Bar:
    """Ten points of score: how many leads now, and, where another setting is tried, then."""

    label: str
    x: int
    band: str
    now: int
    then: int
    now_height: float
    then_height: float

    @property
    def now_top(self) -> float:
        """Where the bar begins."""
        return HEIGHT - self.now_height

    @property
    def then_top(self) -> float:
        """Where the bar of the tried setting begins."""
        return HEIGHT - self.then_height


@dataclass(frozen=True, slots=True)
class Band:
    """One of the four bands (L-9): how many leads, and how many of a hundred."""

    label: str
    tone: str
    low: int
    high: int
    now: int
    then: int
    now_percent: int
    then_percent: int

    @property
    def change(self) -> int:
        """How many more leads the band would have."""
        return self.then - self.now


TONES = ("excellent", "good", "fair", "low")


def bars_of(now: Distribution, then: Distribution | None = None) -> list[Bar]:
    """A bar for each ten points; the highest of both is as high as the chart."""
    then = then or now
    most = max(*now.bins, *then.bins, 1)
    bars = []
    for at, (one, other) in enumerate(zip(now.bins, then.bins, strict=True)):
        low, high = at * 10, 100 if at == 9 else at * 10 + 9
        band = next(
            tone for tone, (bottom, _) in zip(TONES, BANDS.values(), strict=True) if low >= bottom
        )
        bars.append(
            Bar(
                f"{low}–{high}",
                at * STEP,
                band,
                one,
                other,
                _height(one, most),
                _height(other, most),
            )
        )
    return bars


def bands_of(now: Distribution, then: Distribution | None = None) -> list[Band]:
    """The four bands from the top."""
    then = then or now
    found = []
    for (label, (low, high)), tone in zip(BANDS.items(), TONES, strict=True):
        one, other = now.between(low, high), then.between(low, high)
        shares = round(100 * one / max(now.leads, 1)), round(100 * other / max(then.leads, 1))
        found.append(Band(label, tone, low, high, one, other, *shares))
    return found


@dataclass(frozen=True, slots=True)
class Point:
    """One day of the trend: from 0 to 100 on both axes, `y` from the top."""

    day: date
    average: float
    leads: int
    best: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Trend:
    """The average score by day; where a night is missing, the line goes straight on."""

    points: list[Point]

    @property
    def line(self) -> str:
        """The points of an SVG polyline."""
        return " ".join(f"{point.x:.2f},{point.y:.2f}" for point in self.points)


def trend_of(days: Sequence[ScoreDay], now: Distribution) -> Trend:
    """The kept days, and today as it is now."""
    last = today()
    kept = [(day.day, Distribution(tuple(day.histogram), day.total)) for day in days]
    found = [*((day, one) for day, one in kept if day < last), (last, now)]
    first = found[0][0]
    # A young workspace's few days are drawn over the whole width; a day alone is at its end.
    span = max((last - first).days, 1)
    points = [
        Point(
            day,
            one.average,
            one.leads,
            one.between(80, 100),
            100.0 * (span - (last - day).days) / span,
            HEIGHT - one.average,
        )
        for day, one in found
    ]
    return Trend(points)


def said(effect: Effect) -> str:
    """The effect in a sentence, for who can't see the chart."""
    better = effect.then.average - effect.now.average
    way = "stays" if abs(better) < 0.05 else "rises" if better > 0 else "falls"
    averages = (
        f"{effect.now.average}"
        if way == "stays"
        else f"from {effect.now.average} to {effect.then.average}"
    )
    return (
        f"{effect.rising:,} {'lead rises' if effect.rising == 1 else 'leads rise'},"
        f" {effect.falling:,} {'falls' if effect.falling == 1 else 'fall'}. The average {way}"
        f" {'at ' if way == 'stays' else ''}{averages}."
    )


def _height(leads: int, most: int) -> float:
    return max(LEAST, round(HEIGHT * leads / most, 2)) if leads else 0.0
