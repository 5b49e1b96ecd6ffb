"""Reading security events, and finding whose an id is."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet, UUIDField

from cursive.lib.tenancy import TenantModel, connection, system_context
from cursive.lib.ui.pagination import keyset_page

from .models import SecurityEvent

ORDER = ("-created_at", "-id")
EXPORT_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Pick:
    """Which events are wanted; what is empty doesn't matter. `until` isn't included."""

    kind: str = ""
    risk: str = ""
    since: datetime | None = None
    until: datetime | None = None


def events_of(workspace_id: UUID, pick: Pick) -> QuerySet[SecurityEvent]:
    """The workspace's events that `pick` wants, in no order."""
    events: QuerySet[SecurityEvent] = SecurityEvent.objects.filter(workspace_id=workspace_id)
    if pick.kind:
        events = events.filter(kind=pick.kind)
    if pick.risk:
        events = events.filter(risk=pick.risk)
    if pick.since:
        events = events.filter(created_at__gte=pick.since)
    if pick.until:
        events = events.filter(created_at__lt=pick.until)
    return events


def in_batches(workspace_id: UUID, pick: Pick) -> Iterator[list[SecurityEvent]]:
    """All events that `pick` wants, newest first, a batch a query; good across transactions."""
    cursor: str | None = None
    while True:
        page = keyset_page(
            events_of(workspace_id, pick), order=ORDER, cursor=cursor, page_size=EXPORT_BATCH
        )
        yield list(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


class Owned(NamedTuple):
    """Something with its owner."""

    id: UUID
    workspace_id: UUID
    what: str


def owner_of(ids: Sequence[UUID], *, besides: Collection[UUID]) -> Owned | None:
    """The first of these ids that a workspace other than those in `besides` owns, or None.

    One look-up by primary key in each table of workspaces; across workspaces, so its answer is
    for staff's eyes only.
    """
    values = {"ids": list(ids), "besides": list(besides)}
    with system_context(), connection().cursor() as cursor:
        cursor.execute(owner_sql(), values)
        row = cursor.fetchone()
    return Owned(*row) if row else None


@cache
def owner_sql() -> str:
    """The look-up behind `owner_of`, over every table that has workspaces and ids of our kind."""
    tables = {
        model._meta.db_table: str(model._meta.verbose_name).replace("'", "''")
        for model in apps.get_models()
        if issubclass(model, TenantModel) and isinstance(model._meta.pk, UUIDField)
    }
    asked = [
        "SELECT id, id AS workspace_id, 'workspace' AS what FROM \"accounts_workspace\""
        " WHERE id = ANY(%(ids)s)"
    ]
    asked += [
        f"SELECT id, workspace_id, '{name}' FROM \"{table}\" WHERE id = ANY(%(ids)s)"
        for table, name in sorted(tables.items())
    ]
    return (
        f"SELECT id, workspace_id, what FROM ({' UNION ALL '.join(asked)}) AS found"
        " WHERE NOT workspace_id = ANY(%(besides)s) LIMIT 1"
    )
