"""The rows of the report, how a figure is judged, and how all of them are printed and kept."""

import json
import math
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

MET = "met"
TIMES = "×"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `yardstick` is in the same `unit`; `ratio` is value to yardstick.

    `target` says in words what was aimed at, `met` is 'met', 'missed by …', or '' without target.
    """

    section: str
    name: str
    value: float
    unit: str
    yardstick: float | None = None
    ratio: float | None = None
    target: str = ""
    met: str = ""


def figure(
    section: str,
    name: str,
    value: float,
    unit: str,
    *,
    yardstick: float | None = None,
    at_most: float | None = None,
    at_least: float | None = None,
    ratio_at_most: float | None = None,
    ratio_at_least: float | None = None,
) -> Row:
    """A judged row. Where several targets are given, all have to be met."""
    ratio = value / yardstick if yardstick else None
    targets, missed = [], []
    for measured, limit, words, is_ceiling in (
        (ratio, ratio_at_most, TIMES, True),
        (ratio, ratio_at_least, TIMES, False),
        (value, at_most, unit, True),
        (value, at_least, unit, False),
    ):
        if limit is None:
            continue
        sign = "≤" if is_ceiling else "≥"
        targets.append(f"{sign} {number(limit)} {words}".rstrip())
        if measured is None:
            missed.append("not measured")
            continue
        excess = measured - limit if is_ceiling else limit - measured
        if excess > 0:
            share = f" ({excess / limit:.0%})" if limit else ""
            missed.append(f"{number(excess)} {words}".rstrip() + share)
    verdict = (f"missed by {' and '.join(missed)}" if missed else MET) if targets else ""
    return Row(section, name, value, unit, yardstick, ratio, " and ".join(targets), verdict)


def number(value: float) -> str:
    """A figure as people read it: three digits that count, thousands apart."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` of them don't exceed. ValueError without any."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("nothing was measured")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one section: its rows, or in `error` why there are none.

    `yardstick` says in words what its figures are compared with.
    """

    section: str
    rows: tuple[Row, ...] = ()
    error: str = ""
    seconds: float = 0.0
    yardstick: str = ""


HEADINGS = ("", "measured", "yardstick", "ratio", "target", "")


def render(outcomes: Sequence[Outcome]) -> str:
    """The report for people: a table a section, then how many targets are met."""
    lines: list[str] = []
    for outcome in outcomes:
        against = f", against {outcome.yardstick}" if outcome.yardstick else ""
        lines += ["", f"{outcome.section}{against} ({outcome.seconds:.0f} s)"]
        if outcome.rows:
            table = [HEADINGS, *(_cells(row) for row in outcome.rows)]
            widths = [max(map(len, column)) for column in zip(*table, strict=True)]
            lines += [_line(cells, widths) for cells in table]
        if outcome.error:
            lines.append(f"  could not be measured: {outcome.error}")
    judged = [row for outcome in outcomes for row in outcome.rows if row.target]
    met = sum(row.met == MET for row in judged)
    lines += ["", f"{met} of {len(judged)} targets met."]
    if failed := [outcome.section for outcome in outcomes if outcome.error]:
        lines.append(f"Not measured: {', '.join(failed)}.")
    return "\n".join(lines).lstrip("\n")


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        f"{number(row.value)} {row.unit}".rstrip(),
        "" if row.yardstick is None else f"{number(row.yardstick)} {row.unit}".rstrip(),
        "" if row.ratio is None else f"{number(row.ratio)} {TIMES}",
        row.target,
        row.met,
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures = cells
    parts = [name.ljust(widths[0])]
    parts += [cell.rjust(width) for cell, width in zip(figures[:3], widths[1:4], strict=True)]
    parts += [cell.ljust(width) for cell, width in zip(figures[3:], widths[4:], strict=True)]
    return f"  {'   '.join(parts)}".rstrip()


def keep(outcomes: Sequence[Outcome], folder: Path, **facts: object) -> Path:
    """Write the report as JSON into `folder` with `facts` beside it; the file's path."""
    now = datetime.now(UTC)
    content = {
        "at": now.isoformat(timespec="seconds"),
        "machine": machine(),
        **facts,
        "sections": [asdict(outcome) for outcome in outcomes],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"report-{now:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path


def machine() -> dict[str, object]:
    """What it was measured on. `memory_mb` is 0 where the system doesn't say."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    except (ValueError, OSError):
        memory = 0
    return {
        "processors": os.cpu_count() or 1,
        "memory_mb": memory,
        "system": platform.platform(),
        "python": platform.python_version(),
    }
