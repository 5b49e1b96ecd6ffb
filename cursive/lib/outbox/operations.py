"""Writing events."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from .models import Event


def emit(workspace_id: UUID, type: str, payload: Mapping[str, Any]) -> Event:
    """Write an event in the current transaction: never lost, never sent for a rolled back change.

    `payload` is JSON; it names things by id and holds no secret.
    """
    return Event.objects.create(workspace_id=workspace_id, type=type, payload=dict(payload))


def emit_all(workspace_id: UUID, type: str, payloads: Iterable[Mapping[str, Any]]) -> int:
    """Write several events of one type at once, as `emit` does one; how many."""
    events = [
        Event(workspace_id=workspace_id, type=type, payload=dict(payload)) for payload in payloads
    ]
    return len(Event.objects.bulk_create(events))
