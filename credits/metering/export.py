"""Usage as CSV: each endpoint on each day."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from uuid import UUID

from django.utils import timezone

from cursive.lib import limits
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.tables.writing import BOM, safe_cell

from .queries import EndpointUsage, endpoints_on

EXPORTS_A_DAY = limits.Limit(
    "usage-exports", "10/day", "Your workspace has made its 10 exports of usage today."
)
COLUMNS = (
    "Day (UTC)",
    "Endpoint",
    "Route",
    "Calls",
    "Errors",
    "Refused",
    "Median ms",
    "95% under ms",
)


def note_export(*, workspace_id: UUID, actor: Actor, days: int) -> None:
    """Count an export, and write it into the audit log. Raises `TooMany` past 10 a day."""
    limits.hit(EXPORTS_A_DAY, workspace_id)
    record(
        action="export",
        resource="usage",
        resource_id=workspace_id,
        actor=actor,
        workspace_id=workspace_id,
        new={"days": days},
    )


def file_name() -> str:
    """What the file is called on the reader's machine."""
    return f"api-usage-{timezone.now():%Y-%m-%d}.csv"


def usage_lines(workspace_id: UUID, days: int) -> Iterator[str]:
    """The header, then a piece of text for each day, newest first."""
    yield BOM + _text([COLUMNS])
    today = timezone.now().astimezone(UTC).date()
    for back in range(days):
        day = today - timedelta(days=back)
        if found := endpoints_on(workspace_id, day):
            yield _text([_row(day, one) for one in found])


def _row(day: date, one: EndpointUsage) -> tuple[str, ...]:
    counts = (one.tally.calls, one.tally.errors, one.tally.refused)
    return (
        day.isoformat(),
        safe_cell(one.path),
        safe_cell(one.endpoint),
        *map(str, counts),
        _number(one.p50_ms),
        _number(one.p95_ms),
    )


def _number(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:.1f}"


def _text(rows: list[tuple[str, ...]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()
