"""Reading the books: balance, history, what a change was for, how fast credits go."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import F, Sum
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from credits.prices.queries import price_labels
from cursive.lib import tenancy
from cursive.lib.jobs.models import Job
from cursive.lib.money import round_credits

from .models import ADJUSTMENT, PRORATED, TAKEN_BACK, Account, Entry, EntryQuerySet, Hold

BURN_DAYS = 30
# What is further away than this isn't worth a date.
FARTHEST_DEPLETION = 3 * 365
ACTIONS = """
WITH RECURSIVE found AS (
    (SELECT action FROM credits_entry WHERE workspace_id = %(workspace)s ORDER BY action LIMIT 1)
    UNION ALL
    SELECT (
        SELECT e.action FROM credits_entry e
        WHERE e.workspace_id = %(workspace)s AND e.action > found.action
        ORDER BY e.action LIMIT 1
    ) FROM found WHERE found.action IS NOT NULL
)
SELECT action FROM found WHERE action IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a workspace can spend, and what open holds keep back."""

    available: Decimal
    held: Decimal

    @property
    def total(self) -> Decimal:
        """What it owns: the sum of its entries."""
        return self.available + self.held


def balance_of(workspace_id: UUID) -> Balance:
    """The workspace's balance; nothing where it never had credits."""
    row = Account.objects.filter(workspace_id=workspace_id).values_list("balance", "held").first()
    return Balance(*row) if row else Balance(Decimal("0.00"), Decimal("0.00"))


def is_frozen(workspace_id: UUID) -> bool:
    """Whether the workspace can't spend, because staff have to decide about a dispute (C-12)."""
    return Account.objects.filter(workspace_id=workspace_id, frozen=True).exists()


def open_holds(workspace_id: UUID) -> list[Hold]:
    """What is kept back for running work, oldest first."""
    return list(Hold.objects.filter(workspace_id=workspace_id).open().order_by("created_at", "id"))


def stale_holds(hold_id: UUID | None = None) -> set[tuple[UUID, UUID]]:
    """(workspace, hold) of open holds that no work stands behind, in all workspaces.

    A hold for a job is stale when the job is over or gone, any other when it has expired.
    """
    holds = Hold.objects.open()
    if hold_id is not None:
        holds = holds.filter(id=hold_id)
    rows = list(
        holds.values_list("workspace_id", "id", "reference_kind", "reference_id", "expires_at")
    )
    job_ids = [_uuid(reference) for _, _, kind, reference, _ in rows if kind == "job"]
    working = {
        (workspace, str(job))
        for workspace, job in Job.objects.active()
        .filter(id__in=[job_id for job_id in job_ids if job_id])
        .values_list("workspace_id", "id")
    }
    now = timezone.now()
    return {
        (workspace, hold)
        for workspace, hold, kind, reference, expires_at in rows
        if ((workspace, reference) not in working if kind == "job" else expires_at <= now)
    }


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which entries: of one action, from a day to a day (both included)."""

    action: str = ""
    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return bool(self.action or self.since or self.until)


def history(workspace_id: UUID, chosen: HistoryFilter, zone: tzinfo) -> EntryQuerySet:
    """The workspace's entries, unordered; days are those of the time zone `zone`."""
    entries: EntryQuerySet = Entry.objects.filter(workspace_id=workspace_id)
    if chosen.action:
        entries = entries.filter(action=chosen.action)
    if chosen.since:
        entries = entries.filter(created_at__gte=_midnight(chosen.since, zone))
    if chosen.until and chosen.until < date.max:
        entries = entries.filter(created_at__lt=_midnight(chosen.until + timedelta(days=1), zone))
    return entries


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast credits go: what was spent, refunds taken off, a day; and until when they last."""

    days: int
    spent: Decimal
    a_day: Decimal
    depleted_on: date | None


def burn_rate(workspace_id: UUID, balance: Balance, zone: tzinfo) -> Burn:
    """The last 30 days, or fewer for a workspace whose first entry is younger.

    Credits that went back with their money and what staff set right are no spending.
    A date of depletion is told only where it means something: from a week of history on.
    """
    now = timezone.now()
    entries = Entry.objects.filter(workspace_id=workspace_id)
    first = entries.order_by("created_at").values_list("created_at", flat=True).first()
    known = 0 if first is None else (now - first).days + 1
    days = max(1, min(BURN_DAYS, known))
    lately = entries.filter(created_at__gte=now - timedelta(days=BURN_DAYS))
    changed = lately.uses().aggregate(total=Sum("amount"))["total"]
    spent = max(Decimal(0), -(changed or Decimal(0)))
    depleted_on = None
    if spent and known >= 7:
        left = int(balance.total * days / spent)
        if left <= FARTHEST_DEPLETION:
            depleted_on = timezone.localdate(now, zone) + timedelta(days=left)
    return Burn(days, round_credits(spent), round_credits(spent / days), depleted_on)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has read a workspace's entries; an id of 0 is before the first."""

    entry_id: int
    at: datetime


def newest_mark(workspace_id: UUID) -> Mark:
    """The end of the workspace's entries as they are now."""
    entries = Entry.objects.filter(workspace_id=workspace_id).newest_first()
    last = entries.values_list("id", "created_at").first()
    return Mark(*last) if last else Mark(0, timezone.now())


def last_crossing(workspace_id: UUID, *, threshold: int, after: Mark) -> int | None:
    """The id of the last entry past a mark that took the balance under `threshold`, if any.

    None where that wasn't a spend of the workspace's own: credits that are taken back call for
    nothing, and what was spent before them was mended meanwhile.
    """
    crossings = Entry.objects.filter(
        workspace_id=workspace_id,
        created_at__gte=after.at,
        id__gt=after.entry_id,
        amount__lt=0,
        balance_after__lt=threshold,
        balance_after__gte=F("amount") + threshold,
    )
    last = crossings.newest_first().first()
    return last.id if last is not None and last.is_use else None


def granted_for(workspace_id: UUID, *, action: str, kind: str, ids: Iterable[object]) -> Decimal:
    """The credits that an action granted for things of a kind, less what was prorated of them."""
    entries = Entry.objects.filter(
        workspace_id=workspace_id,
        action__in=[action, PRORATED],
        reference_kind=kind,
        reference_id__in=[str(one) for one in ids],
    )
    return entries.aggregate(total=Sum("amount"))["total"] or Decimal("0.00")


# ---- What a change was for --------------------------------------------------------------------

# Floors above say how things that cause charges are called and where they are:
# ids → {id: (words, URL)}. One call for a page of entries.
Resolver = Callable[[UUID, Sequence[str]], Mapping[str, tuple[str, str]]]

_resolvers: dict[str, Resolver] = {}
_action_labels = {
    "grant": "Credits granted",
    "purchase": "Credits bought",
    TAKEN_BACK: "Refunded credits",
    ADJUSTMENT: "Adjustment",
    "subscription": "Credits of the plan",
    PRORATED: "Unused credits of the plan before",
    "onboarding": "Credits for the first steps",
}


def register_reference(kind: str, resolver: Resolver) -> None:
    """Let the history name and link references of `kind`; apps call it in ready()."""
    _resolvers[kind] = resolver


def register_action(action: str, label: str) -> None:
    """Say what an action without a price of its own is called in the history."""
    _action_labels[action] = label


def jobs_as_references(workspace_id: UUID, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The resolver of references of kind `job`: its title, and its page where there is one."""
    known = [one for one in (_uuid(raw) for raw in ids) if one is not None]
    titles = Job.objects.filter(workspace_id=workspace_id, id__in=known).values_list("id", "title")
    return {str(job_id): (title, _job_url(job_id)) for job_id, title in titles}


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None


def _job_url(job_id: UUID) -> str:
    try:
        return reverse("jobs:detail", args=[job_id])
    except NoReverseMatch:
        return ""


def action_labels() -> dict[str, str]:
    """What each action is called: code → words."""
    return _action_labels | price_labels()


def action_label(action: str, labels: Mapping[str, str]) -> str:
    """The words for an action, made of its code where nobody named it."""
    return labels.get(action) or action.replace("_", " ").capitalize()


def actions_of(workspace_id: UUID, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """The actions that occur in a workspace's history, with their words, by words.

    Steps through the index from one action to the next, however long the history is.
    """
    with tenancy.connection().cursor() as cursor:
        cursor.execute(ACTIONS, {"workspace": workspace_id})
        found = [action for (action,) in cursor.fetchall()]
    return sorted(((code, action_label(code, labels)) for code in found), key=lambda one: one[1])


Row = TypeVar("Row", Entry, Hold)


@dataclass(frozen=True, slots=True)
class Line(Generic[Row]):
    """An entry or a hold as people read it: what it was for, where that is, who caused it."""

    entry: Row
    title: str
    detail: str
    url: str
    who: str


def as_lines(workspace_id: UUID, rows: Iterable[Row], labels: Mapping[str, str]) -> list[Line[Row]]:
    """Entries or holds with words and links; one look-up for each kind of reference."""
    listed = list(rows)
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for kind, resolver in _resolvers.items():
        ids = sorted({row.reference_id for row in listed if row.reference_kind == kind})
        if ids:
            known |= {(kind, one): words for one, words in resolver(workspace_id, ids).items()}
    return [_line(row, labels, known) for row in listed]


def _line(row: Row, labels: Mapping[str, str], known: Mapping[Any, tuple[str, str]]) -> Line[Row]:
    title = action_label(row.action, labels)
    metadata: dict[str, Any] = row.metadata if isinstance(row, Entry) else {}
    if isinstance(row, Entry) and row.kind == Entry.Kind.REFUND:
        title = f"Refund: {title}"
    detail, url = known.get((row.reference_kind, row.reference_id), ("", ""))
    # Who of our staff it was is none of the workspace's business.
    ours = "Cursive" if row.actor_kind == "system" else row.actor_label
    who = "Cursive staff" if metadata.get("staff") else ours
    return Line(row, title, detail or str(metadata.get("reason", "")), url, who)
