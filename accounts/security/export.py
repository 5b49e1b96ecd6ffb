"""Security events as CSV."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from django.utils import timezone

from cursive.lib.tables import writing

from .models import SecurityEvent

COLUMNS = (
    "time",
    "kind",
    "risk",
    "who",
    "who_kind",
    "user_id",
    "key_id",
    "ip",
    "user_agent",
    "method",
    "endpoint",
    "request_id",
    "detail",
)


def csv_lines(
    batches: Iterable[Sequence[SecurityEvent]], *, workspace: bool = False
) -> Iterator[str]:
    """The header, then one piece of text a batch. Times are UTC, details JSON.

    `workspace` puts the workspace's id in front, for exports across workspaces.
    """
    front = ["workspace"] if workspace else []
    yield "".join(writing.csv_lines([[*front, *COLUMNS]]))
    for batch in batches:
        rows = [[*([event.workspace_id] if workspace else []), *_row(event)] for event in batch]
        yield "".join(writing.csv_lines(rows))


def file_name() -> str:
    """What the file is called on the reader's machine."""
    return f"security-events-{timezone.localdate():%Y-%m-%d}.csv"


def _row(event: SecurityEvent) -> list[Any]:
    return [
        event.created_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        event.kind,
        event.risk,
        event.actor_label,
        event.actor_kind,
        event.user_id,
        event.key_id,
        event.ip,
        event.user_agent,
        event.method,
        event.endpoint,
        event.request_id,
        json.dumps(event.detail, ensure_ascii=False, sort_keys=True) if event.detail else "",
    ]
