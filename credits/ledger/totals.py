"""What moved in all workspaces together, for staff (N-8). Needs the system's context."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from cursive.lib.tenancy import connection

from .models import ADJUSTMENT, NOT_USED, PRORATED, TAKEN_BACK

_NOT_USED = ", ".join(f"'{action}'" for action in NOT_USED)
# A refund of money takes bought credits back, which is neither a sale nor a use; an upgrade takes
# back what the month before was given, and staff may take back what they gave: that is less given.
MOVED = f"""
    coalesce(sum(amount) FILTER (WHERE action IN ('purchase', '{TAKEN_BACK}')), 0),
    coalesce(sum(amount) FILTER (
        WHERE kind = 'grant' AND action <> 'purchase'
            OR action IN ('{PRORATED}', '{ADJUSTMENT}')), 0),
    coalesce(-sum(amount) FILTER (
        WHERE kind IN ('spend', 'refund') AND action NOT IN ({_NOT_USED})), 0)
"""
BY_SPAN = f"""
SELECT span.position, {MOVED}
FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[])
    WITH ORDINALITY AS span (starts, ends, position)
JOIN credits_entry ON created_at >= span.starts AND created_at < span.ends
GROUP BY span.position
"""
OUTSTANDING = "SELECT coalesce(sum(balance + held), 0) FROM credits_account"
# The statement that others join: (workspace_id, spent) since `%(since)s`.
SPENT = f"""
SELECT workspace_id, -sum(amount) AS spent FROM credits_entry
WHERE created_at >= %(since)s AND kind IN ('spend', 'refund') AND action NOT IN ({_NOT_USED})
GROUP BY workspace_id
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """Credits that were bought (less what refunds took back), given and spent."""

    sold: Decimal = Decimal(0)
    given: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)


def moved_in(spans: Sequence[tuple[datetime, datetime]]) -> list[Moved]:
    """What moved in each span of time [start, end), in one query."""
    found = {
        row[0]: Moved(*row[1:])
        for row in _rows(
            BY_SPAN, {"starts": [start for start, _ in spans], "ends": [end for _, end in spans]}
        )
    }
    return [found.get(position, Moved()) for position in range(1, len(spans) + 1)]


def outstanding() -> Decimal:
    """Credits that all workspaces own together, those that are held included."""
    return Decimal(_rows(OUTSTANDING, {})[0][0])


def _rows(statement: str, values: Mapping[str, Any]) -> list[Any]:
    with connection().cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
