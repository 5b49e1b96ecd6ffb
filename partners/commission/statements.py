"""The partners' books in SQL: every change is a few statements, however many leads and partners.

Accounts are locked first, in the order of their workspaces (ADR 0025), and only then is anything
changed: so entries get their numbers under the lock, and nobody waits in a circle. Whoever calls
is the system, in a transaction.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cursive.lib.actors import Actor
from cursive.lib.tenancy import connection, uuid7

from .models import MAX_TEXT, PartnerAccount, SoldLead

_ACCOUNT = (
    *("id", "workspace_id", "held_cents", "due_cents", "paying_cents", "paid_cents", "month"),
    *("sold_in_month", "checked_on", "checked_valid", "checked_invalid", "created_at"),
)
_MAKE = """
INSERT INTO partners_partneraccount (id, workspace_id)
SELECT * FROM unnest(%(ids)s::uuid[], %(workspaces)s::uuid[])
ON CONFLICT (workspace_id) DO NOTHING
"""
_LOCK = f"""
SELECT {", ".join(_ACCOUNT)} FROM partners_partneraccount
WHERE workspace_id = ANY(%(workspaces)s::uuid[])
ORDER BY workspace_id FOR NO KEY UPDATE
"""
_CHANGE = """
WITH wanted AS (
    SELECT * FROM unnest(
        %(workspaces)s::uuid[], %(held)s::bigint[], %(due)s::bigint[], %(paying)s::bigint[],
        %(paid)s::bigint[], %(leads)s::int[], %(references)s::uuid[], %(keys)s::text[]
    ) AS t (workspace_id, held, due, paying, paid, leads, reference_id, key)
), account AS (
    UPDATE partners_partneraccount AS a SET
        held_cents = a.held_cents + w.held, due_cents = a.due_cents + w.due,
        paying_cents = a.paying_cents + w.paying, paid_cents = a.paid_cents + w.paid
    FROM wanted w WHERE a.workspace_id = w.workspace_id
    RETURNING a.workspace_id, a.held_cents AS held_after, a.due_cents AS due_after
)
INSERT INTO partners_partnerentry (
    workspace_id, kind, held_cents, due_cents, paying_cents, paid_cents, held_after, due_after,
    leads, reference_id, key, note, actor_kind, actor_id, actor_label, created_at)
SELECT w.workspace_id, %(kind)s, w.held, w.due, w.paying, w.paid, held_after, due_after,
    w.leads, w.reference_id, w.key, %(note)s, %(actor_kind)s, %(actor_id)s, %(actor_label)s,
    clock_timestamp()
FROM wanted w JOIN account USING (workspace_id)
ORDER BY w.workspace_id
"""
_KEEP_CHECKS = """
UPDATE partners_partneraccount AS a SET
    checked_on = %(today)s, checked_valid = t.valid, checked_invalid = t.invalid
FROM unnest(%(workspaces)s::uuid[], %(valid)s::int[], %(invalid)s::int[])
    AS t (workspace_id, valid, invalid)
WHERE a.workspace_id = t.workspace_id
"""
_COUNT_SOLD = """
UPDATE partners_partneraccount AS a SET month = t.month, sold_in_month = t.sold
FROM unnest(%(workspaces)s::uuid[], %(months)s::date[], %(sold)s::int[])
    AS t (workspace_id, month, sold)
WHERE a.workspace_id = t.workspace_id
"""
_LINE = {
    "id": "uuid",
    "workspace_id": "uuid",
    "line_id": "uuid",
    "listing_id": "bigint",
    "submission_id": "uuid",
    "price_cents": "int",
    "percent": "numeric",
    "reasons": "jsonb",
    "commission_cents": "int",
    "quality": "smallint",
    "verification_status": "text",
    "collected_on": "date",
    "listed_at": "timestamptz",
    "sold_at": "timestamptz",
    "due_at": "timestamptz",
    "sale_id": "uuid",
}
_INSERT_LINES = f"""
WITH new AS (
    INSERT INTO partners_soldlead ({", ".join(_LINE)}, state, refund_reason)
    SELECT *, 'held', '' FROM unnest(
        {", ".join(f"%({name})s::{kind}[]" for name, kind in _LINE.items())})
    ON CONFLICT (line_id) DO NOTHING
    RETURNING workspace_id, commission_cents
)
SELECT workspace_id, sum(commission_cents), count(*) FROM new GROUP BY workspace_id
"""
_MATURE = """
WITH due AS (
    UPDATE partners_soldlead AS s SET state = 'due', matured_id = t.matured_id
    FROM unnest(%(workspaces)s::uuid[], %(references)s::uuid[]) AS t (workspace_id, matured_id)
    WHERE s.workspace_id = t.workspace_id AND s.state = 'held' AND s.due_at <= %(now)s
    RETURNING s.workspace_id, s.commission_cents
)
SELECT workspace_id, sum(commission_cents), count(*) FROM due GROUP BY workspace_id
"""
# `was` is the row before: a refund is taken from where the commission stood.
_REFUND = """
WITH was AS (
    SELECT id, workspace_id, state, commission_cents FROM partners_soldlead
    WHERE line_id = ANY(%(lines)s::uuid[]) AND state <> 'refunded'
), gone AS (
    UPDATE partners_soldlead AS s SET state = 'refunded', refund_id = t.refund_id,
        refunded_at = clock_timestamp(), refund_reason = %(reason)s
    FROM was, unnest(%(workspaces)s::uuid[], %(references)s::uuid[])
        AS t (workspace_id, refund_id)
    WHERE s.id = was.id AND t.workspace_id = was.workspace_id
    RETURNING was.workspace_id, was.state, was.commission_cents
)
SELECT workspace_id, coalesce(sum(commission_cents) FILTER (WHERE state = 'held'), 0),
    coalesce(sum(commission_cents) FILTER (WHERE state <> 'held'), 0), count(*)
FROM gone GROUP BY workspace_id
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What is added to one partner's account by one entry, in cents."""

    workspace_id: UUID
    reference_id: UUID
    key: str
    held: int = 0
    due: int = 0
    paying: int = 0
    paid: int = 0
    leads: int = 0


def lock_accounts(workspace_ids: Iterable[UUID]) -> dict[UUID, PartnerAccount]:
    """The partners' accounts, made where there were none, ours until the transaction ends."""
    workspaces = sorted(set(workspace_ids))
    with connection().cursor() as cursor:
        values = {"ids": [uuid7() for _ in workspaces], "workspaces": workspaces}
        cursor.execute(_MAKE, values)
        cursor.execute(_LOCK, values)
        rows = cursor.fetchall()
    found = [PartnerAccount.from_db(connection().alias, _ACCOUNT, row) for row in rows]
    return {account.workspace_id: account for account in found}


def write_entries(kind: str, changes: Sequence[Change], actor: Actor, note: str = "") -> None:
    """Change locked accounts, one entry each; those that change nothing are left out."""
    told = [one for one in changes if one.held or one.due or one.paying or one.paid]
    if not told:
        return
    _run(
        _CHANGE,
        {
            "workspaces": [one.workspace_id for one in told],
            "held": [one.held for one in told],
            "due": [one.due for one in told],
            "paying": [one.paying for one in told],
            "paid": [one.paid for one in told],
            "leads": [one.leads for one in told],
            "references": [one.reference_id for one in told],
            "keys": [one.key for one in told],
            "kind": kind,
            "note": note[:MAX_TEXT],
            "actor_kind": actor.kind,
            "actor_id": actor.user_id or actor.key_id,
            "actor_label": actor.label[:200],
        },
    )


def keep_checks(counts: Mapping[UUID, tuple[int, int]], today: date) -> None:
    """Keep on the locked accounts what was counted today."""
    _run(
        _KEEP_CHECKS,
        {
            "workspaces": list(counts),
            "valid": [valid for valid, _ in counts.values()],
            "invalid": [invalid for _, invalid in counts.values()],
            "today": today,
        },
    )


def keep_sold(sold: Mapping[UUID, tuple[date, int]]) -> None:
    """Keep on the locked accounts how many leads were sold in which month."""
    _run(
        _COUNT_SOLD,
        {
            "workspaces": list(sold),
            "months": [month for month, _ in sold.values()],
            "sold": [number for _, number in sold.values()],
        },
    )


def insert_lines(lines: Sequence[SoldLead]) -> dict[UUID, tuple[int, int]]:
    """Write sold leads; (cents, leads) by partner of those that weren't there yet."""
    values = {name: [getattr(line, name) for line in lines] for name in _LINE}
    values["reasons"] = [json.dumps(line.reasons) for line in lines]
    rows = _rows(_INSERT_LINES, values)
    return {workspace: (int(cents), leads) for workspace, cents, leads in rows}


def mature_lines(ids: Mapping[UUID, UUID], now: datetime) -> dict[UUID, tuple[int, int]]:
    """Let leads whose time has come be due; `ids` says under which id for each partner."""
    rows = _rows(_MATURE, {**_named(ids), "now": now})
    return {workspace: (int(cents), leads) for workspace, cents, leads in rows}


def refund_lines(
    lines: Sequence[UUID], ids: Mapping[UUID, UUID], reason: str
) -> dict[UUID, tuple[int, int, int]]:
    """Mark leads refunded that weren't: by partner (cents held, cents not held, leads)."""
    values = {**_named(ids), "lines": list(lines), "reason": reason[:MAX_TEXT]}
    return {
        workspace: (int(held), int(due), leads)
        for workspace, held, due, leads in _rows(_REFUND, values)
    }


def _named(ids: Mapping[UUID, UUID]) -> dict[str, Any]:
    return {"workspaces": list(ids), "references": list(ids.values())}


def _rows(statement: str, values: Mapping[str, Any]) -> list[Any]:
    with connection().cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _run(statement: str, values: Mapping[str, Any]) -> None:
    with connection().cursor() as cursor:
        cursor.execute(statement, values)
