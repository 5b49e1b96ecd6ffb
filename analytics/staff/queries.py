"""Figures of the whole business, for staff: every one of them in one statement (N-8, N-9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from credits.ledger.totals import Moved, moved_in, outstanding
from credits.plans.models import GRACE, Subscription
from credits.plans.queries import month_of
from cursive.lib.errors import InvalidInput
from cursive.lib.tenancy import connection, system_context
from cursive.lib.ui.pagination import NumberedPage, parse_page

from . import statements

MONTHS = 12
TOP = 10
RECENT = timedelta(days=30)
# Subscriptions that were paid for at some time: not those on trial, paused, or never begun.
WAS_PAID = (
    Subscription.Status.ACTIVE,
    Subscription.Status.PAST_DUE,
    Subscription.Status.UNPAID,
    Subscription.Status.CANCELED,
)
# What to sort users by, each in the order that one looks for first; '-' in front turns it round.
SORTS = {
    "activity": "spent DESC, calls DESC, last_login DESC NULLS LAST",
    "revenue": "revenue DESC",
    "joined": "date_joined DESC",
    "email": "email ASC",
}
TURNED = {
    "activity": "spent ASC, calls ASC, last_login ASC NULLS FIRST",
    "revenue": "revenue ASC",
    "joined": "date_joined ASC",
    "email": "email DESC",
}


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan with how many workspaces have it and what they pay a month."""

    code: str
    name: str
    workspaces: int
    mrr_cents: int


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month (UTC). `mrr_cents` and `customers` are as at its end, or now."""

    month: datetime
    customers: int
    mrr_cents: int
    new_mrr_cents: int
    lost_mrr_cents: int
    expansion_mrr_cents: int
    contraction_mrr_cents: int
    revenue_cents: int
    overage_cents: int
    new_workspaces: int
    credits: Moved


@dataclass(frozen=True, slots=True)
class TopWorkspace:
    """A workspace with what it paid and used."""

    id: UUID
    name: str
    plan: str
    revenue_cents: int
    credits_spent: Decimal


@dataclass(frozen=True, slots=True)
class Overview:
    """The business as it was at `as_of`. Top workspaces are those of the months shown."""

    as_of: datetime
    workspaces: int
    customers: int
    mrr_cents: int
    credits_outstanding: Decimal
    plans: list[PlanLine]
    months: list[Month]
    top_workspaces: list[TopWorkspace]

    @property
    def this_month(self) -> Month:
        """The month that runs."""
        return self.months[-1]


@dataclass(frozen=True, slots=True)
class Belonging:
    """A workspace of a user."""

    id: UUID
    name: str
    role: str
    plan: str


@dataclass(frozen=True, slots=True)
class UserLine:
    """A user with the activity of their workspaces in 30 days, and what those they own have paid.

    `plan` is the dearest of theirs; empty for who has no workspace.
    """

    id: UUID
    email: str
    name: str
    is_active: bool
    is_staff: bool
    joined_at: datetime
    last_sign_in_at: datetime | None
    plan: str
    revenue_cents: int
    credits_spent: Decimal
    api_calls: int
    workspaces: list[Belonging] = field(default_factory=list)


def business_overview(now: datetime | None = None) -> Overview:
    """What staff want to know first, over the last twelve months."""
    now = now or timezone.now()
    spans = _months(now)
    times = {"starts": [start for start, _ in spans], "ends": [end for _, end in spans]}
    moments = {"moments": [spans[0][0], *(min(end, now) for _, end in spans)]}
    since = {**_plan_values(now), "since": spans[0][0], "limit": TOP}
    with system_context():
        plans = [PlanLine(*row) for row in _rows(statements.WORKSPACES_BY_PLAN, _plan_values(now))]
        recurring = _by_position(
            statements.RECURRING, {**moments, "grace": GRACE, "was_paid": list(WAS_PAID)}
        )
        money = _by_position(statements.MONEY_BY_SPAN, times)
        overage = _by_position(statements.OVERAGE_BY_SPAN, times)
        made = _by_position(statements.NEW_WORKSPACES_BY_SPAN, times)
        moved = moved_in(spans)
        top = [TopWorkspace(*row) for row in _rows(statements.TOP_WORKSPACES, since)]
        owned = outstanding()
    months = []
    for index, (start, _) in enumerate(spans):
        # Moments are the months' edges: a month's end is one further on.
        customers, mrr, new, lost, up, down = recurring.get(index + 2, (0,) * 6)
        months.append(
            Month(
                month=start,
                customers=customers,
                mrr_cents=int(mrr),
                new_mrr_cents=int(new),
                lost_mrr_cents=int(lost),
                expansion_mrr_cents=int(up),
                contraction_mrr_cents=int(down),
                revenue_cents=int(money.get(index + 1, (0,))[0]),
                overage_cents=int(overage.get(index + 1, (0,))[0]),
                new_workspaces=int(made.get(index + 1, (0,))[0]),
                credits=moved[index],
            )
        )
    return Overview(
        as_of=now,
        workspaces=sum(line.workspaces for line in plans),
        customers=months[-1].customers,
        mrr_cents=months[-1].mrr_cents,
        credits_outstanding=owned,
        plans=plans,
        months=months,
        top_workspaces=top,
    )


def users_page(params: Mapping[str, str], now: datetime | None = None) -> NumberedPage[UserLine]:
    """A page of users: `q` searches address and name, `plan` and `sort` as named; see SORTS.

    Raises `InvalidInput` for a plan or an order that there isn't.
    """
    now = now or timezone.now()
    wanted = parse_page(params)
    sort = params.get("sort") or "activity"
    order = TURNED.get(sort[1:]) if sort.startswith("-") else SORTS.get(sort)
    if order is None:
        sentence = f"Use one of {', '.join(SORTS)}, or one of them with '-' in front."
        raise InvalidInput("There is no such order.", fields={"sort": sentence})
    with system_context():
        values = {
            **_plan_values(now),
            "since": now - RECENT,
            "plan": _known_plan(params.get("plan", "")),
            "like": _like(params.get("q", "")),
            "size": wanted.page_size,
            "offset": wanted.offset,
        }
        total = _rows(f"{statements.USERS} SELECT count(*) FROM found", values)[0][0]
        page = f"{statements.USERS} SELECT * FROM found ORDER BY {order}, id"
        lines = [
            UserLine(*row) for row in _rows(f"{page} LIMIT %(size)s OFFSET %(offset)s", values)
        ]
        by_id = {line.id: line for line in lines}
        mine = {**_plan_values(now), "users": list(by_id)}
        for user_id, *row in _rows(statements.WORKSPACES_OF_USERS, mine):
            by_id[user_id].workspaces.append(Belonging(*row))
    return NumberedPage(lines, wanted.page, wanted.page_size, total)


def plan_choices() -> list[tuple[str, str]]:
    """(code, name) of each plan."""
    with system_context():
        return _rows("SELECT code, name FROM credits_plan ORDER BY position, price_cents", {})


def _months(now: datetime) -> list[tuple[datetime, datetime]]:
    """[start, end) of the last months, oldest first, the running one last."""
    spans = [month_of(now)]
    while len(spans) < MONTHS:
        spans.insert(0, month_of(spans[0][0] - timedelta(days=1)))
    return spans


def _plan_values(now: datetime) -> dict[str, Any]:
    return {"now": now.astimezone(UTC), "grace": GRACE, "living": list(Subscription.LIVING)}


def _known_plan(code: str) -> str:
    known = [known for known, _ in plan_choices()]
    if code and code not in known:
        raise InvalidInput(
            "There is no such plan.", fields={"plan": f"Use one of {', '.join(known)}."}
        )
    return code


def _like(text: str) -> str:
    text = text.replace("\x00", "").encode("utf-8", "replace").decode().strip()[:100]
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return f"%{text}%" if text else ""


def _by_position(statement: str, values: Mapping[str, Any]) -> dict[int, tuple[Any, ...]]:
    return {row[0]: tuple(row[1:]) for row in _rows(statement, values)}


def _rows(statement: str, values: Mapping[str, Any]) -> list[Any]:
    with connection().cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
