"""The audit log as CSV."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from django.utils import timezone

from .models import AuditEntry

COLUMNS = (
    "time",
    "who",
    "kind",
    "action",
    "resource",
    "resource_id",
    "old",
    "new",
    "severity",
    "ip",
    "user_agent",
    "method",
    "endpoint",
    "request_id",
)
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(batches: Iterable[Sequence[AuditEntry]], *, workspace: bool = False) -> Iterator[str]:
    """The header, then one piece of text a batch. Times are UTC, values JSON.

    `workspace` puts the workspace's id in front, for exports across workspaces.
    """
    yield _text([[*(["workspace"] if workspace else []), *COLUMNS]])
    for batch in batches:
        if batch:
            rows = [
                [*([entry.workspace_id or ""] if workspace else []), *_row(entry)]
                for entry in batch
            ]
            yield _text(rows)


def file_name() -> str:
    """What the file is called on the reader's machine."""
    return f"audit-log-{timezone.localdate():%Y-%m-%d}.csv"


def _row(entry: AuditEntry) -> list[Any]:
    return [
        entry.created_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        entry.actor_label,
        entry.actor_kind,
        entry.action,
        entry.resource,
        entry.resource_id,
        _json(entry.old),
        _json(entry.new),
        entry.severity,
        entry.ip or "",
        entry.user_agent,
        entry.method,
        entry.endpoint,
        entry.request_id,
    ]


def _json(values: Any) -> str:
    return "" if values is None else json.dumps(values, ensure_ascii=False, sort_keys=True)


def _text(rows: Iterable[Iterable[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([_safe(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def _safe(cell: Any) -> str:
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
