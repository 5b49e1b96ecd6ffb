"""The proof of the partners' books, in SQL, as `credits.ledger.checks` proves the credits' (P-6).

Every check is one statement over all partners that returns a row for each difference: (workspace,
what it is about, what it should be, what it is). A difference is reported, never mended.
"""

from credits.ledger.checks import Difference, prove

from .kinds import PARTS

_SUMS = ", ".join(f"sum({part}_cents) AS {part}" for part in PARTS)
_OTHER = " OR ".join(f"coalesce(a.{part}_cents, 0) <> coalesce(e.{part}, 0)" for part in PARTS)


def _told(table: str, suffix: str) -> str:
    """The four parts as one text: 'held 1, due 2, paying 3, paid 4'."""
    parts = (f"'{part} ' || coalesce({table}.{part}{suffix}, 0)" for part in PARTS)
    return " || ', ' || ".join(parts)


def _lines_are_entries(column: str, kind: str, amount: str) -> str:
    """The commissions of the leads with an id in `column` are the entry of that id."""
    return f"""
        SELECT coalesce(s.workspace_id, e.workspace_id),
            '{kind} ' || coalesce(s.id, e.id), coalesce(s.cents, 0), coalesce(e.cents, 0)
        FROM (
            SELECT workspace_id, {column} AS id, sum(commission_cents) AS cents
            FROM partners_soldlead WHERE {column} IS NOT NULL GROUP BY workspace_id, {column}
        ) s
        FULL JOIN (
            SELECT workspace_id, reference_id AS id, sum({amount}) AS cents
            FROM partners_partnerentry WHERE kind = '{kind}' GROUP BY workspace_id, reference_id
        ) e ON e.workspace_id = s.workspace_id AND e.id = s.id
        WHERE coalesce(s.cents, 0) <> coalesce(e.cents, 0)
    """


def _sale(seller: str, table: str, cents: str = "cents") -> str:
    """A sale as one text: seller, listing and price; 'nothing' where there is none."""
    return (
        f"coalesce({seller} || ', listing ' || {table}.listing_id || ', '"
        f" || {table}.{cents} || ' cents', 'nothing')"
    )


def _payouts_are_entries(kind: str, states: str) -> str:
    """Payouts in these states, and no others, have one entry of the kind, over their cents."""
    return f"""
        SELECT coalesce(p.workspace_id, e.workspace_id),
            '{kind} ' || coalesce(p.id, e.reference_id), coalesce(p.cents, 0),
            coalesce(e.cents, 0)
        FROM (SELECT * FROM partners_payout WHERE state IN ({states})) p
        FULL JOIN (
            SELECT workspace_id, reference_id, sum(abs(paying_cents)) AS cents
            FROM partners_partnerentry WHERE kind = '{kind}' GROUP BY workspace_id, reference_id
        ) e ON e.workspace_id = p.workspace_id AND e.reference_id = p.id
        WHERE coalesce(p.cents, 0) <> coalesce(e.cents, 0)
    """


def _payouts_are_on_account(part: str, states: str) -> str:
    """What the account says of payouts is what they come to."""
    return f"""
        SELECT workspace_id, '{part}', coalesce(p.cents, 0), coalesce(a.{part}_cents, 0)
        FROM partners_partneraccount a
        FULL JOIN (
            SELECT workspace_id, sum(cents) AS cents FROM partners_payout
            WHERE state IN ({states}) GROUP BY workspace_id
        ) p USING (workspace_id)
        WHERE coalesce(p.cents, 0) <> coalesce(a.{part}_cents, 0)
    """


CHECKS: dict[str, str] = {
    "the account is the sum of its entries": f"""
        SELECT workspace_id, 'account', {_told("e", "")}, {_told("a", "_cents")}
        FROM partners_partneraccount a
        FULL JOIN (
            SELECT workspace_id, {_SUMS} FROM partners_partnerentry GROUP BY workspace_id
        ) e USING (workspace_id)
        WHERE {_OTHER}
    """,
    "nothing but a debt is negative": """
        SELECT workspace_id, 'account', '0 or more', least(held_cents, paying_cents, paid_cents)
        FROM partners_partneraccount WHERE least(held_cents, paying_cents, paid_cents) < 0
    """,
    "one entry a key": """
        SELECT workspace_id, 'key ' || key, 1, count(*) FROM partners_partnerentry
        GROUP BY workspace_id, key HAVING count(*) > 1
    """,
    "what an entry says was then is the sum of those before": """
        SELECT workspace_id, 'entry ' || id, held || ' held, ' || due || ' due',
            held_after || ' held, ' || due_after || ' due'
        FROM (
            SELECT workspace_id, id, held_after, due_after,
                sum(held_cents) OVER entries AS held, sum(due_cents) OVER entries AS due
            FROM partners_partnerentry
            WINDOW entries AS (PARTITION BY workspace_id ORDER BY id)
        ) chain WHERE held_after <> held OR due_after <> due
    """,
    "sold leads are order lines": f"""
        SELECT coalesce(s.workspace_id, l.seller_id), 'line ' || coalesce(s.line_id, l.id),
            {_sale("l.seller_id", "l")}, {_sale("s.workspace_id", "s", cents="price_cents")}
        FROM partners_soldlead s FULL JOIN marketplace_orderline l ON l.id = s.line_id
        WHERE (l.seller_id, l.listing_id, l.cents)
            IS DISTINCT FROM (s.workspace_id, s.listing_id, s.price_cents)
    """,
    "refunded leads are refunded order lines": """
        SELECT s.workspace_id, 'line ' || s.line_id,
            CASE WHEN l.refunded_at IS NULL THEN 'not refunded' ELSE 'refunded' END, s.state
        FROM partners_soldlead s JOIN marketplace_orderline l ON l.id = s.line_id
        WHERE (l.refunded_at IS NOT NULL) <> (s.state = 'refunded')
    """,
    "commissions of sold leads are entries": _lines_are_entries(
        "sale_id", "commission", "held_cents"
    ),
    "leads that became due are entries": _lines_are_entries("matured_id", "matured", "due_cents"),
    "refunds are the commissions of refunded leads": _lines_are_entries(
        "refund_id", "refund", "-held_cents - due_cents"
    ),
    "held is the commissions of held leads": """
        SELECT workspace_id, 'held', coalesce(s.cents, 0), coalesce(a.held_cents, 0)
        FROM partners_partneraccount a
        FULL JOIN (
            SELECT workspace_id, sum(commission_cents) AS cents FROM partners_soldlead
            WHERE state = 'held' GROUP BY workspace_id
        ) s USING (workspace_id)
        WHERE coalesce(s.cents, 0) <> coalesce(a.held_cents, 0)
    """,
    "a commission is its percentage of the price": """
        SELECT workspace_id, 'line ' || line_id, round(price_cents * percent / 100),
            commission_cents
        FROM partners_soldlead WHERE commission_cents <> round(price_cents * percent / 100)
    """,
    "payouts never took more than was due": """
        SELECT workspace_id, 'entry ' || id, '0 or more', due_after
        FROM partners_partnerentry WHERE kind = 'payout' AND due_after < 0
    """,
    "payouts are entries": _payouts_are_entries("payout", "'planned', 'sending', 'paid', 'failed'"),
    "paid payouts are entries": _payouts_are_entries("paid", "'paid'"),
    "failed payouts are entries": _payouts_are_entries("payout_failed", "'failed'"),
    "paying is open payouts": _payouts_are_on_account("paying", "'planned', 'sending'"),
    "paid is paid payouts": _payouts_are_on_account("paid", "'paid'"),
    "leads are paid by paid payouts": """
        SELECT s.workspace_id, 'line ' || s.line_id, 'paid', coalesce(p.state, 'no payout')
        FROM partners_soldlead s
        LEFT JOIN partners_payout p ON p.id = s.payout_id AND p.workspace_id = s.workspace_id
        WHERE s.state = 'paid' AND p.state IS DISTINCT FROM 'paid'
            OR s.state = 'due' AND p.state IN ('paid', 'failed')
    """,
}


def find_differences() -> list[Difference]:
    """Run every check over all partners, as of one moment."""
    return prove(CHECKS)
