"""The proof of the books: what must be true of every workspace's credits, in SQL (C-7).

Every check is one statement over all workspaces that returns a row for each difference, and
nothing else. A difference is reported, never mended.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db.backends.utils import CursorWrapper

from cursive.lib import tenancy
from cursive.lib.tenancy import system_context

# Rows are (workspace id, what it is about, what it should be, what it is).
Row = tuple[Any, Any, Any, Any]
Check = str | Callable[[], Iterable[Row]]
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that isn't as it must be."""

    check: str
    workspace: str
    subject: str
    expected: str
    found: str

    def as_dict(self) -> dict[str, str]:
        """Its parts by name, for logs and documents."""
        return asdict(self)


_HELD = """
    SELECT workspace_id, sum(amount - captured - released) AS credits
    FROM credits_hold WHERE state = 'open' GROUP BY workspace_id
"""
_checks: dict[str, Check] = {
    "balance is entries less open holds": f"""
        SELECT workspace_id, 'balance',
            coalesce(e.credits, 0) - coalesce(h.credits, 0), coalesce(a.balance, 0)
        FROM credits_account a
        FULL JOIN (
            SELECT workspace_id, sum(amount) AS credits FROM credits_entry GROUP BY workspace_id
        ) e USING (workspace_id)
        FULL JOIN ({_HELD}) h USING (workspace_id)
        WHERE coalesce(a.balance, 0) <> coalesce(e.credits, 0) - coalesce(h.credits, 0)
    """,
    "held is open holds": f"""
        SELECT workspace_id, 'held', coalesce(h.credits, 0), coalesce(a.held, 0)
        FROM credits_account a FULL JOIN ({_HELD}) h USING (workspace_id)
        WHERE coalesce(a.held, 0) <> coalesce(h.credits, 0)
    """,
    "nothing is negative": """
        SELECT workspace_id, 'balance', '0 or more', balance FROM credits_account WHERE balance < 0
        UNION ALL
        SELECT workspace_id, 'held', '0 or more', held FROM credits_account WHERE held < 0
        UNION ALL
        SELECT workspace_id, 'hold ' || id, '0 or more', least(amount, captured, released)
        FROM credits_hold WHERE least(amount, captured, released) < 0
    """,
    "one entry a key": """
        SELECT workspace_id, 'key ' || key, 1, count(*) FROM credits_entry
        GROUP BY workspace_id, key HAVING count(*) > 1
    """,
    "balance after is the sum of the entries": """
        SELECT workspace_id, 'entry ' || id, total, balance_after
        FROM (
            SELECT workspace_id, id, balance_after,
                sum(amount) OVER (PARTITION BY workspace_id ORDER BY id) AS total
            FROM credits_entry
        ) chain WHERE balance_after <> total
    """,
    "closed holds are captured or released": """
        SELECT workspace_id, 'hold ' || id, amount, captured + released FROM credits_hold
        WHERE (state = 'closed') <> (captured + released = amount) OR captured + released > amount
    """,
    "captures are entries": """
        SELECT h.workspace_id, 'hold ' || h.id, h.captured, coalesce(e.credits, 0)
        FROM credits_hold h
        LEFT JOIN (
            SELECT workspace_id, hold_id, -sum(amount) AS credits FROM credits_entry
            WHERE hold_id IS NOT NULL GROUP BY workspace_id, hold_id
        ) e ON e.workspace_id = h.workspace_id AND e.hold_id = h.id
        WHERE h.captured <> coalesce(e.credits, 0)
    """,
    "refunds stay within their spend": """
        SELECT r.workspace_id, 'entry ' || r.refunds_id, coalesce(-s.amount, 0), r.credits
        FROM (
            SELECT workspace_id, refunds_id, sum(amount) AS credits FROM credits_entry
            WHERE refunds_id IS NOT NULL GROUP BY workspace_id, refunds_id
        ) r
        LEFT JOIN credits_entry s
            ON s.id = r.refunds_id AND s.workspace_id = r.workspace_id AND s.kind = 'spend'
        WHERE s.id IS NULL OR r.credits > -s.amount
    """,
}


def register_ledger_check(name: str, check: Check) -> None:
    """Add a check of a floor above, such as 'charged leads are delivered leads'.

    `check` is a SELECT over all workspaces, or a function that is called as the system and
    returns rows: (workspace id, subject, what it should be, what it is), one a difference.
    """
    _checks[name] = check


def check_names() -> list[str]:
    """What is proven."""
    return list(_checks)


def find_differences() -> list[Difference]:
    """Run every check over all workspaces; at most MOST_SHOWN differences of each."""
    return prove(_checks)


def prove(checks: Mapping[str, Check]) -> list[Difference]:
    """Run these checks, of whatever books; at most MOST_SHOWN differences of each.

    All see the books as of one moment, where no transaction is open yet.
    """
    found: list[Difference] = []
    with system_context():
        outermost = not tenancy.connection().in_atomic_block
        with tenancy.atomic(), tenancy.connection().cursor() as cursor:
            if outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for name, check in checks.items():
                found += [_difference(name, row) for row in _rows(cursor, check)]
    return found


def _rows(cursor: CursorWrapper, check: Check) -> list[Row]:
    if callable(check):
        return list(check())[:MOST_SHOWN]
    cursor.execute(check)
    return cursor.fetchmany(MOST_SHOWN)


def _difference(name: str, row: Row) -> Difference:
    workspace, subject, expected, found = (str(value) for value in row)
    return Difference(name, workspace, subject, expected, found)


def as_table(differences: Sequence[Difference]) -> list[str]:
    """Differences as lines of text, in columns under a head."""
    rows = [("check", "workspace", "about", "should be", "is")]
    rows += [
        (one.check, one.workspace, one.subject, one.expected, one.found) for one in differences
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
