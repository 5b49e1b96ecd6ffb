"""How calls are counted, so that neither a killed process nor a lost Redis loses one (C-17).

Each process counts for itself, under a name of its own, and its number only grows. Redis has the
number of every process, with the call; PostgreSQL has it some seconds later. Whichever is larger
is right, so they can mend each other at any time, in any order:

- a killed process: Redis has all that it counted, and a task writes that to PostgreSQL;
- a lost Redis: PostgreSQL's numbers go back into it, and each process says its own with its next
  call;
- a Redis that doesn't answer: no call is refused, and each is written to PostgreSQL at once.

Only a call that was being counted while Redis hung may count twice: whether Redis had it can't be
known.
"""

import os
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils import timezone

from cursive.lib import meters, tenancy
from cursive.lib.tenancy import atomic, system_context, uuid7

from .models import UsageCount

# Redis keeps a period's total for this long: a month, and what follows until it is settled.
KEPT = timedelta(days=70)
# So many periods are remembered before those that are written are let go.
MOST_REMEMBERED = 20_000
BATCH = 500

RAISE = """
INSERT INTO credits_usagecount AS known
    (id, workspace_id, period_start, source, calls, updated_at)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::text[], %s::bigint[],
    %s::timestamptz[])
ON CONFLICT (workspace_id, period_start, source) DO UPDATE
    SET calls = EXCLUDED.calls, updated_at = EXCLUDED.updated_at
    WHERE known.calls < EXCLUDED.calls
"""
ADD_ONE = """
INSERT INTO credits_usagecount AS known
    (id, workspace_id, period_start, source, calls, updated_at)
VALUES (%(id)s, %(workspace)s, %(start)s, %(source)s, %(known)s + 1, %(now)s)
ON CONFLICT (workspace_id, period_start, source) DO UPDATE
    SET calls = greatest(known.calls, %(known)s) + 1, updated_at = EXCLUDED.updated_at
RETURNING calls
"""


@dataclass(frozen=True)
class Period:
    """What calls are counted in: a workspace's period, known by its start."""

    workspace_id: UUID
    start: datetime

    @cached_property
    def name(self) -> str:
        """How Redis knows it. Periods begin on whole seconds, in calendars and at Stripe."""
        return f"{self.workspace_id}:{int(self.start.timestamp())}"

    @classmethod
    def named(cls, name: str) -> "Period":
        """The period that `name` is the name of."""
        workspace, _, start = name.partition(":")
        return cls(UUID(workspace), datetime.fromtimestamp(int(start), tz=UTC))


class _Own:
    """What this process has counted. `unwritten` is what PostgreSQL doesn't have yet."""

    def __init__(self) -> None:
        self.source = str(uuid.uuid4())
        self.lock = threading.Lock()
        self.counts: dict[Period, int] = {}
        self.unwritten: set[Period] = set()

    def known(self, period: Period) -> int:
        return self.counts.get(period, 0)

    def learn(self, period: Period, calls: int, *, written: bool = False) -> None:
        with self.lock:
            if calls > self.counts.get(period, 0):
                self.counts[period] = calls
                if not written:
                    self.unwritten.add(period)

    def take(self) -> dict[Period, int]:
        """What is to be written; `give_back` it where that fails."""
        with self.lock:
            taken = {period: self.counts[period] for period in self.unwritten}
            self.unwritten.clear()
            if len(self.counts) > MOST_REMEMBERED:
                # Redis and PostgreSQL know these, too.
                self.counts = dict(taken)
            return taken

    def give_back(self, periods: Iterable[Period]) -> None:
        with self.lock:
            self.unwritten.update(period for period in periods if period in self.counts)


_own = _Own()


def _begin_anew() -> None:
    global _own
    _own = _Own()


# A forked process is a source of its own.
os.register_at_fork(after_in_child=_begin_anew)


class CountInStore:
    """One call that Redis counts, unless it is past `limit` or the period's total is at `cap`.

    Making it asks, and raises `StoreDown` where that can't be done.
    """

    def __init__(self, period: Period, *, cap: int | None, limit: meters.Limit) -> None:
        self._period, self._cap, self._limit = period, cap, limit
        self._own = _own
        self._asked = self._ask()

    def reading(self) -> meters.Reading:
        """What came of it. Raises `StoreDown`; nothing was counted then, as far as is known."""
        try:
            reading = self._asked.reading()
        except meters.NotKnown:
            tell_store(self._period)
            try:
                reading = self._ask().reading()
            except meters.NotKnown as error:  # lost again in between
                raise meters.StoreDown from error
        if reading.verdict == "allowed":
            self._own.learn(self._period, reading.mine)
        return reading

    def drop(self) -> None:
        """Don't wait for what comes of it; it may count."""
        self._asked.drop()

    def _ask(self) -> meters.Asked:
        return meters.ask(
            self._limit,
            self._period.workspace_id,
            name=self._period.name,
            cap=self._cap,
            source=self._own.source,
            known=self._own.known(self._period),
        )


def tell_store(period: Period) -> None:
    """Give Redis what PostgreSQL knows of a period. Raises `StoreDown`."""
    with system_context():
        counts = _written(period)
    kept_until = max(period.start, timezone.now() - KEPT / 2) + KEPT
    meters.raise_counts(period.name, counts, kept_until=int(kept_until.timestamp()))


def count_in_database(period: Period) -> int:
    """Count one call in PostgreSQL, at once; the period's total as far as is known there.

    In a transaction of its own: what becomes of the caller's changes nothing.
    """
    own = _own
    values: dict[str, Any] = {
        "id": uuid7(),
        "workspace": period.workspace_id,
        "start": period.start,
        "source": own.source,
        "known": own.known(period),
        "now": timezone.now(),
    }
    with system_context():
        with tenancy.connection().cursor() as cursor:
            cursor.execute(ADD_ONE, values)
            own.learn(period, cursor.fetchone()[0], written=True)
        return sum(_written(period).values())


def _written(period: Period) -> dict[str, int]:
    rows = UsageCount.objects.filter(
        workspace_id=period.workspace_id, period_start=period.start
    ).values_list("source", "calls")
    return dict(rows)


Count = tuple[Period, str, int]


@contextmanager
def own_unwritten() -> Iterator[list[Count]]:
    """What this process has counted since the last time. Write and commit it inside.

    Where that fails it is there again the next time; written twice it changes nothing.
    """
    own = _own
    taken = own.take()
    try:
        yield [(period, own.source, calls) for period, calls in taken.items()]
    except BaseException:
        own.give_back(taken)
        raise


def write_counts(counts: Sequence[Count]) -> None:
    """Raise PostgreSQL's numbers to these, in a system context; smaller ones change nothing."""
    if not counts:
        return
    # In one order everywhere, so that two writers wait for each other and never both.
    ordered = sorted(counts, key=lambda one: (one[0].workspace_id, one[0].start, one[1]))
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            RAISE,
            [
                [uuid7() for _ in ordered],
                [period.workspace_id for period, _, _ in ordered],
                [period.start for period, _, _ in ordered],
                [source for _, source, _ in ordered],
                [calls for _, _, calls in ordered],
                [timezone.now()] * len(ordered),
            ],
        )


def write_counts_of_store() -> int:
    """Write what Redis knows better than PostgreSQL: what killed processes had counted.

    Returns how many numbers were raised. Raises `StoreDown`.
    """
    names = meters.open_names()
    raised = 0
    for first in range(0, len(names), BATCH):
        raised += _write_batch(names[first : first + BATCH])
    return raised


def _write_batch(names: list[str]) -> int:
    stored = meters.counts_of_all(names)
    meters.forget(name for name, counts in stored.items() if not counts)
    periods = {name: Period.named(name) for name, counts in stored.items() if counts}
    with system_context(), atomic():
        rows = UsageCount.objects.filter(
            workspace_id__in={period.workspace_id for period in periods.values()},
            period_start__in={period.start for period in periods.values()},
        ).values_list("workspace_id", "period_start", "source", "calls")
        written = {(workspace, start, source): calls for workspace, start, source, calls in rows}
        better = [
            (period, source, calls)
            for name, period in periods.items()
            for source, calls in stored[name].items()
            if calls > written.get((period.workspace_id, period.start, source), 0)
        ]
        write_counts(better)
    return len(better)


def total_of(period: Period) -> int:
    """The period's calls: of each process the larger number of those that are known."""
    counts = _written(period)
    own = _own
    known = [{own.source: own.known(period)}]
    with suppress(meters.StoreDown):  # PostgreSQL has all but the last seconds
        known.append(meters.counts_of(period.name))
    for numbers in known:
        for source, calls in numbers.items():
            counts[source] = max(calls, counts.get(source, 0))
    return sum(counts.values())
