"""The history as CSV, written while it is sent."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from uuid import UUID

from django.utils import timezone

from cursive.lib import limits
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.tables.writing import BOM, safe_cell

from .models import Entry
from .queries import HistoryFilter, Line, action_labels, as_lines, history

BATCH = 1_000
EXPORTS_A_DAY = limits.Limit(
    "credit-exports", "10/day", "Your workspace has made its 10 exports of the history today."
)
COLUMNS = (
    "When",
    "What",
    "Details",
    "Credits",
    "Balance after",
    "Who",
    "Action",
    "Reference",
    "Reference id",
    "Entry",
)


def note_export(*, workspace_id: UUID, actor: Actor, chosen: HistoryFilter) -> None:
    """Count an export, and write it into the audit log. Raises `TooMany` past 10 a day."""
    limits.hit(EXPORTS_A_DAY, workspace_id)
    record(
        action="export",
        resource="credits",
        resource_id=workspace_id,
        actor=actor,
        workspace_id=workspace_id,
        new={"action": chosen.action, "from": chosen.since, "to": chosen.until},
    )


def file_name(zone: tzinfo) -> str:
    """What the file is called on the reader's machine."""
    return f"credits-{timezone.localdate(timezone=zone):%Y-%m-%d}.csv"


def history_lines(workspace_id: UUID, chosen: HistoryFilter, zone: tzinfo) -> Iterator[str]:
    """The header, then a piece of text for each batch, newest first; times in `zone`.

    Each batch is one query from where the last ended, so that memory stays flat and no cursor
    lives from piece to piece.
    """
    yield BOM + _text([COLUMNS])
    last: Entry | None = None
    while True:
        entries = history(workspace_id, chosen, zone).newest_first()
        if last is not None:
            entries = entries.before(last)
        batch = list(entries[:BATCH])
        lines = as_lines(workspace_id, batch, action_labels())
        yield _text(_row(line, zone) for line in lines)
        if len(batch) < BATCH:
            return
        last = batch[-1]


def _row(line: Line[Entry], zone: tzinfo) -> Sequence[str]:
    entry = line.entry
    texts = (line.title, line.detail)
    causes = (line.who, entry.action, entry.reference_kind, entry.reference_id)
    return (
        entry.created_at.astimezone(zone).isoformat(sep=" ", timespec="seconds"),
        *map(safe_cell, texts),
        # A number of ours, so its minus sign is no formula.
        str(entry.amount),
        str(entry.balance_after),
        *map(safe_cell, causes),
        str(entry.id),
    )


def _text(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()
