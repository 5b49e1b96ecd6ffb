"""Reading the audit log: what people pick, and what there is to pick from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from cursive.lib.ui.pagination import keyset_page

from .models import AuditEntry, words

ORDER = ("-created_at", "-id")
# What there is to pick from is read from this many of the newest entries.
LOOKED_AT = 5_000
EXPORT_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Pick:
    """Which entries are wanted; what is empty doesn't matter.

    `who` is `user:<id>`, `key:<id>` or `system:<label>`; `since` is included, `until` isn't.
    """

    action: str = ""
    resource: str = ""
    who: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(slots=True)
class Choices:
    """What the newest entries name, as (value, label) pairs."""

    actions: list[tuple[str, str]] = field(default_factory=list)
    resources: list[tuple[str, str]] = field(default_factory=list)
    people: list[tuple[str, str]] = field(default_factory=list)


def entries_of(workspace_id: UUID, pick: Pick) -> QuerySet[AuditEntry]:
    """The workspace's entries that `pick` wants, in no order."""
    entries = AuditEntry.objects.filter(workspace_id=workspace_id)
    if pick.action:
        entries = entries.filter(action=pick.action)
    if pick.resource:
        entries = entries.filter(resource=pick.resource)
    if pick.since:
        entries = entries.filter(created_at__gte=pick.since)
    if pick.until:
        entries = entries.filter(created_at__lt=pick.until)
    return _by(entries, pick.who) if pick.who else entries


def choices_of(workspace_id: UUID) -> Choices:
    """What the newest entries of the workspace name."""
    newest = (
        AuditEntry.objects.filter(workspace_id=workspace_id)
        .order_by(*ORDER)
        .values("action", "resource", "actor_kind", "actor_label", "user_id", "key_id")[:LOOKED_AT]
    )
    actions: dict[str, str] = {}
    resources: dict[str, str] = {}
    people: dict[str, str] = {}
    for row in newest:
        actions.setdefault(row["action"], words(row["action"]))
        resources.setdefault(row["resource"], words(row["resource"]))
        # The newest label wins: people change their address, keys their name.
        ident = row["user_id"] or row["key_id"] or row["actor_label"]
        people.setdefault(f"{row['actor_kind']}:{ident}", row["actor_label"])
    return Choices(_sorted(actions), _sorted(resources), _sorted(people))


def in_batches(workspace_id: UUID, pick: Pick) -> Iterator[list[AuditEntry]]:
    """All entries that `pick` wants, newest first, a batch a query; good across transactions."""
    cursor: str | None = None
    while True:
        page = keyset_page(
            entries_of(workspace_id, pick), order=ORDER, cursor=cursor, page_size=EXPORT_BATCH
        )
        yield list(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _by(entries: QuerySet[AuditEntry], who: str) -> QuerySet[AuditEntry]:
    kind, _, ident = who.partition(":")
    column = {"user": "user_id", "key": "key_id"}.get(kind)
    entries = entries.filter(actor_kind=kind)
    if column is None:
        return entries.filter(actor_label=ident)
    try:
        return entries.filter(**{column: UUID(ident)})
    except ValueError:
        return entries.none()


def _sorted(found: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(found.items(), key=lambda pair: pair[1].casefold())
