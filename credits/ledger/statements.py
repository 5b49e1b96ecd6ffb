"""The ledger's SQL. A change of an account and its entry are one statement.

Each statement that writes changes the account, and writes the entry from the changed account: so
the entry's number and time are drawn under the account's lock, and rise with the balance. It
answers with one row; or with none where the account's balance doesn't allow it.

Whether a key was used before is found by the insert alone. The row is empty then: the account was
changed, and that is undone, still under the lock, before anybody sees it. To look for the key
first would spare a repeated call that, but not one at the same moment; and while the statistics
of a busy account are old, PostgreSQL may look through all of the account's entries for it, which
halved what a new account could spend in a second.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from cursive.lib.errors import Conflict
from cursive.lib.money import MAX_CREDITS
from cursive.lib.tenancy import uuid7

from .models import Entry, Hold

Values = Mapping[str, Any]

ENTRY_COLUMNS = (
    "id",
    "workspace_id",
    "kind",
    "amount",
    "balance_after",
    "action",
    "reference_kind",
    "reference_id",
    "key",
    "refunds_id",
    "hold_id",
    "actor_kind",
    "actor_id",
    "actor_label",
    "metadata",
    "created_at",
)
HOLD_COLUMNS = (
    "id",
    "workspace_id",
    "amount",
    "captured",
    "released",
    "state",
    "action",
    "reference_kind",
    "reference_id",
    "key",
    "actor_kind",
    "actor_id",
    "actor_label",
    "created_at",
    "expires_at",
    "closed_at",
)

_LOCK = "SELECT 1 FROM credits_account WHERE workspace_id = %(workspace)s FOR NO KEY UPDATE"
_ACCOUNT = "SELECT balance, frozen FROM credits_account WHERE workspace_id = %(workspace)s"
_FREEZE = """
INSERT INTO credits_account (id, workspace_id, balance, held, frozen)
VALUES (%(account)s, %(workspace)s, 0, 0, %(frozen)s)
ON CONFLICT (workspace_id) DO UPDATE SET frozen = EXCLUDED.frozen
"""
_FIND_ENTRY = f"""
SELECT {", ".join(ENTRY_COLUMNS)} FROM credits_entry
WHERE workspace_id = %(workspace)s AND key = %(key)s
"""
_REFUNDED = """
SELECT coalesce(sum(amount), 0) FROM credits_entry
WHERE workspace_id = %(workspace)s AND refunds_id = %(refunds)s
"""
_UNDO = """
UPDATE credits_account SET balance = balance - %(amount)s WHERE workspace_id = %(workspace)s
"""


def _entry_statement(change: str) -> str:
    """`change` changes the account, and returns its balance and held."""
    return f"""
WITH {change}, written AS (
    INSERT INTO credits_entry (
        workspace_id, kind, amount, balance_after, action, reference_kind, reference_id, key,
        refunds_id, hold_id, actor_kind, actor_id, actor_label, metadata, created_at)
    SELECT %(workspace)s, %(kind)s, %(amount)s, balance + held, %(action)s, %(reference_kind)s,
        %(reference_id)s, %(key)s, %(refunds_id)s, %(hold_id)s, %(actor_kind)s, %(actor_id)s,
        %(actor_label)s, %(metadata)s, clock_timestamp()
    FROM account
    ON CONFLICT (workspace_id, key) DO NOTHING
    RETURNING id, balance_after, created_at
)
SELECT written.*,
    (SELECT low_credit_threshold FROM accounts_workspace WHERE id = %(workspace)s)
FROM account LEFT JOIN written ON true
"""


# `amount` is signed: negative for a spend, positive for a refund. A frozen account spends nothing
# but what `is_taken_back`.
_CHANGE = _entry_statement("""account AS (
    UPDATE credits_account SET balance = balance + %(amount)s
    WHERE workspace_id = %(workspace)s AND balance >= -(%(amount)s)
        AND (NOT frozen OR %(amount)s > 0 OR %(is_taken_back)s)
    RETURNING balance, held
)""")
# The statement that runs most is kept in the database, where each session plans it once: that
# halves what it costs, through any pooler. `0001_initial` makes the function.
_PARAMETERS = {
    "workspace": "uuid",
    "kind": "text",
    "amount": "numeric",
    "action": "text",
    "reference_kind": "text",
    "reference_id": "text",
    "key": "text",
    "refunds_id": "bigint",
    "hold_id": "uuid",
    "actor_kind": "text",
    "actor_id": "uuid",
    "actor_label": "text",
    "metadata": "jsonb",
    "is_taken_back": "boolean",
}
CREATE_CHANGE_BALANCE = f"""
CREATE FUNCTION credits_change_balance(
    {", ".join(f"p_{name} {kind}" for name, kind in _PARAMETERS.items())}
) RETURNS TABLE (entry_id bigint, after numeric, written_at timestamptz, threshold int)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY {_CHANGE % {name: f"p_{name}" for name in _PARAMETERS}};
END $$;
"""
DROP_CHANGE_BALANCE = "DROP FUNCTION credits_change_balance;"
CHANGE_BALANCE = f"""
SELECT * FROM credits_change_balance({", ".join(f"%({name})s" for name in _PARAMETERS)})
"""

ADD_TO_ACCOUNT = _entry_statement(f"""account AS (
    INSERT INTO credits_account AS a (id, workspace_id, balance, held)
    VALUES (%(account)s, %(workspace)s, %(amount)s, 0)
    ON CONFLICT (workspace_id) DO UPDATE SET balance = a.balance + EXCLUDED.balance
        WHERE a.balance + a.held + EXCLUDED.balance <= {MAX_CREDITS}
    RETURNING balance, held
)""")

# What is captured leaves `held`; it left `balance` when it was held.
TAKE_FROM_HOLD = _entry_statement("""taken AS (
    UPDATE credits_hold SET
        captured = captured - %(amount)s,
        state = CASE WHEN captured + released - %(amount)s = amount
            THEN 'closed' ELSE 'open' END,
        closed_at = CASE WHEN captured + released - %(amount)s = amount
            THEN clock_timestamp() END
    WHERE workspace_id = %(workspace)s AND id = %(hold_id)s
    RETURNING id
), account AS (
    UPDATE credits_account SET held = held + %(amount)s
    WHERE workspace_id = %(workspace)s AND EXISTS (SELECT 1 FROM taken)
    RETURNING balance, held
)""")

_FIND_HOLD = f"""
SELECT {", ".join(HOLD_COLUMNS)} FROM credits_hold
WHERE workspace_id = %(workspace)s AND key = %(key)s
"""
_HOLD_CREDITS = """
WITH account AS (
    UPDATE credits_account SET balance = balance - %(amount)s, held = held + %(amount)s
    WHERE workspace_id = %(workspace)s AND balance >= %(amount)s AND NOT frozen
    RETURNING balance
), written AS (
    INSERT INTO credits_hold (
        id, workspace_id, amount, captured, released, state, action, reference_kind, reference_id,
        key, actor_kind, actor_id, actor_label, created_at, expires_at)
    SELECT %(id)s, %(workspace)s, %(amount)s, 0, 0, 'open', %(action)s, %(reference_kind)s,
        %(reference_id)s, %(key)s, %(actor_kind)s, %(actor_id)s, %(actor_label)s,
        clock_timestamp(), %(expires)s
    FROM account
    ON CONFLICT (workspace_id, key) DO NOTHING
    RETURNING id
)
SELECT written.id FROM account LEFT JOIN written ON true
"""
_UNDO_HOLD = """
UPDATE credits_account SET balance = balance + %(amount)s, held = held - %(amount)s
WHERE workspace_id = %(workspace)s
"""
_RELEASE = """
WITH freed AS (
    UPDATE credits_hold AS h SET released = h.amount - h.captured, state = 'closed',
        closed_at = clock_timestamp()
    FROM credits_hold AS was
    WHERE h.workspace_id = %(workspace)s AND h.id = %(hold)s AND h.state = 'open'
        AND was.id = h.id
    RETURNING was.amount - was.captured - was.released AS credits
)
UPDATE credits_account SET balance = balance + freed.credits, held = held - freed.credits
FROM freed WHERE workspace_id = %(workspace)s
"""


@dataclass(frozen=True, slots=True)
class Written:
    """An entry, whether this call wrote it, and the balance that counts as low where it did."""

    entry: Entry
    is_new: bool
    threshold: int | None = None


def write_entry(cursor: CursorWrapper, statement: str, values: Values) -> Written | None:
    """Run CHANGE_BALANCE, ADD_TO_ACCOUNT or TAKE_FROM_HOLD; None where the balance says no.

    Raises `Conflict` where the key was used for something else.
    """
    cursor.execute(statement, values)
    row = cursor.fetchone()
    if row is None:
        return find_entry(cursor, values)
    entry_id, balance_after, created_at, threshold = row
    if entry_id is None:
        cursor.execute(_UNDO, values)
        return find_entry(cursor, values)
    known = [values.get(name) for name in ENTRY_COLUMNS]
    found = dict(zip(ENTRY_COLUMNS, known, strict=True))
    found |= {"id": entry_id, "workspace_id": values["workspace"]}
    found |= {"balance_after": balance_after, "created_at": created_at}
    return Written(_entry(cursor, found), is_new=True, threshold=threshold)


def find_entry(cursor: CursorWrapper, values: Values) -> Written | None:
    """What this key has made already. Raises `Conflict` where that was something else."""
    cursor.execute(_FIND_ENTRY, values)
    row = cursor.fetchone()
    if row is None:
        return None
    entry = _entry(cursor, dict(zip(ENTRY_COLUMNS, row, strict=True)))
    _check_same(entry, values, "kind", "refunds_id", "hold_id")
    return Written(entry, is_new=False)


def write_hold(cursor: CursorWrapper, values: Values) -> Hold | None:
    """Open a hold, or find that of this key; None where the balance doesn't cover it."""
    cursor.execute(_HOLD_CREDITS, values)
    row = cursor.fetchone()
    if row is not None and row[0] is None:
        cursor.execute(_UNDO_HOLD, values)
    cursor.execute(_FIND_HOLD, values)
    row = cursor.fetchone()
    if row is None:
        return None
    hold = Hold.from_db(cursor.db.alias, HOLD_COLUMNS, row)
    _check_same(hold, values)
    return hold


def close_hold(cursor: CursorWrapper, workspace_id: UUID, hold_id: UUID) -> None:
    """Give back what is left of an open hold."""
    cursor.execute(_RELEASE, {"workspace": workspace_id, "hold": hold_id})


def lock_account(cursor: CursorWrapper, workspace_id: UUID) -> None:
    """Wait until nobody else changes this workspace's credits; what is read after that stays."""
    cursor.execute(_LOCK, {"workspace": workspace_id})


def read_account(cursor: CursorWrapper, workspace_id: UUID) -> tuple[Decimal, bool]:
    """(what is there to spend now, whether spending is frozen)."""
    cursor.execute(_ACCOUNT, {"workspace": workspace_id})
    row = cursor.fetchone()
    return row or (Decimal("0.00"), False)


def write_frozen(cursor: CursorWrapper, workspace_id: UUID, *, frozen: bool) -> None:
    """Freeze an account, or let it spend again; makes the account where there is none."""
    cursor.execute(_FREEZE, {"workspace": workspace_id, "account": uuid7(), "frozen": frozen})


def find_key(cursor: CursorWrapper, workspace_id: UUID, key: str) -> Entry | None:
    """The entry of a key, whatever it is for."""
    cursor.execute(_FIND_ENTRY, {"workspace": workspace_id, "key": key})
    row = cursor.fetchone()
    return _entry(cursor, dict(zip(ENTRY_COLUMNS, row, strict=True))) if row else None


def refunded(cursor: CursorWrapper, workspace_id: UUID, spend_id: int) -> Decimal:
    """What was given back of a spend so far."""
    cursor.execute(_REFUNDED, {"workspace": workspace_id, "refunds": spend_id})
    return cursor.fetchone()[0]


def _entry(cursor: CursorWrapper, found: dict[str, Any]) -> Entry:
    found["metadata"] = json.loads(found["metadata"])
    return Entry.from_db(cursor.db.alias, ENTRY_COLUMNS, [found[name] for name in ENTRY_COLUMNS])


def _check_same(made: Entry | Hold, values: Values, *more: str) -> None:
    names = ("amount", "action", "reference_kind", "reference_id", *more)
    if any(getattr(made, name) != values[name] for name in names):
        raise Conflict(
            "This idempotency key was used for something else.",
            fields={"Idempotency-Key": "Use a new key for a new change."},
        )
