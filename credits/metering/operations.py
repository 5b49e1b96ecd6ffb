"""Counting a call, and whether it is within the limits (C-19)."""

import logging
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Literal, cast
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.workspaces.requests import WorkspaceRequest
from credits.plans.queries import Terms, current_terms
from cursive.lib import limits, meters
from cursive.lib.errors import TooMany
from cursive.lib.tenancy import system_context

from .counting import CountInStore, Period, count_in_database

log = logging.getLogger(__name__)

# What a workspace's plan is may be this old.
TERMS_SECONDS = 3.0
MOST_TERMS = 10_000

# Until when, by the monotonic clock.
_terms: dict[UUID, tuple[float, Terms, Period]] = {}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call may be made, with the figures of the tighter limit (C-19).

    `reset` is a Unix time. `refusal` is the sentence for whoever is past a limit.
    """

    limit: int
    remaining: int
    reset: int
    refusal: str = ""
    kind: Literal["minute", "plan"] = "minute"

    @property
    def allowed(self) -> bool:
        """Whether the call may be made."""
        return not self.refusal

    @property
    def headers(self) -> dict[str, str]:
        """What every answer carries."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }

    def error(self) -> TooMany:
        """The refusal, with how many seconds it takes until trying again is worth it."""
        return TooMany(
            self.refusal,
            retry_after=max(1, self.reset - math.floor(time.time())),
            limit=self.limit,
            remaining=self.remaining,
            reset=self.reset,
        )


class LimitedRequest(WorkspaceRequest):
    """A request whose view has a limit of its own."""

    allowance: limits.Allowance | None


def keep_allowance(request: WorkspaceRequest, allowance: limits.Allowance | None) -> None:
    """Have the answer tell the figures of a view's own limit, where it is the tighter (C-19)."""
    cast(LimitedRequest, request).allowance = allowance


def tighter(decision: Decision, allowance: limits.Allowance | None) -> Decision:
    """Of a call's limits the one of which less is left."""
    if allowance is None or allowance.remaining > decision.remaining:
        return decision
    return Decision(allowance.limit, allowance.remaining, allowance.reset)


class CountedCall:
    """A call of this workspace that is being counted, unless it is past a limit (C-17, C-19).

    Making it asks; `decision` waits for the answer, which takes as long as a few queries: so there
    is time for something else in between. One of `decision` and `drop` must follow.
    """

    def __init__(self, *, workspace_id: UUID) -> None:
        self._workspace_id = workspace_id
        terms, self._period = _known(workspace_id)
        self._terms = terms
        # Where calls past the limit are charged, the plan's number limits nothing.
        self._cap = terms.calls if terms.call_price_usd is None else None
        self._count: CountInStore | None = None
        with suppress(meters.StoreDown):
            self._count = CountInStore(self._period, cap=self._cap, limit=minute_limit())

    def decision(self) -> Decision:
        """Whether the call may be made: not past the minute's or the plan's limit.

        Without Redis no call is refused, and each is counted in PostgreSQL at once (C-17).
        """
        count, self._count = self._count, None
        if count is not None:
            with suppress(meters.StoreDown):
                return _decide(count.reading(), self._workspace_id, self._terms, self._cap)
        return _uncertain(count_in_database(self._period), self._cap, self._terms)

    def drop(self) -> None:
        """Nobody wants to know any more; the call may be counted. Harmless after `decision`."""
        count, self._count = self._count, None
        if count is not None:
            count.drop()


def _decide(reading: meters.Reading, workspace_id: UUID, terms: Terms, cap: int | None) -> Decision:
    plan = partial(_of_plan, total=reading.total, terms=terms)
    if reading.verdict == "spent":
        limits.tell_refused(limits.Limit("api-plan", f"{cap}/month", ""), workspace_id)
        return plan(refusal=_spent(terms))
    minute = partial(Decision, reading.window.limit, reading.window.remaining, reading.window.reset)
    if reading.verdict == "hurried":
        limits.tell_refused(minute_limit(), workspace_id)
        return minute(refusal=minute_limit().sentence)
    if cap is not None and cap - reading.total <= reading.window.remaining:
        return plan()
    return minute()


def minute_limit() -> limits.Limit:
    """API calls a minute, for each workspace."""
    return _minute_limit(settings.API_RATE)


@cache
def _minute_limit(rate: str) -> limits.Limit:
    sentence = f"Too many API calls: {rate.replace('/', ' a ')} for a workspace."
    return limits.Limit("api", rate, sentence)


def known_terms(workspace_id: UUID) -> Terms:
    """The workspace's terms, a few seconds old at most, never of a period that is over."""
    return _known(workspace_id)[0]


def _known(workspace_id: UUID) -> tuple[Terms, Period]:
    now = time.monotonic()
    found = _terms.get(workspace_id)
    if found is not None and now < found[0]:
        return found[1], found[2]
    with system_context():
        terms = current_terms(workspace_id)
    if len(_terms) >= MOST_TERMS:
        _terms.clear()
    left = (terms.period_end - timezone.now()).total_seconds()
    period = Period(workspace_id, terms.period_start)
    _terms[workspace_id] = (now + min(TERMS_SECONDS, left), terms, period)
    return terms, period


def forget_terms(workspace_id: UUID) -> None:
    """Look the terms up anew with the next call, in this process."""
    _terms.pop(workspace_id, None)


def _of_plan(*, total: int, terms: Terms, refusal: str = "") -> Decision:
    limit = terms.calls or 0
    reset = math.ceil(terms.period_end.timestamp())
    return Decision(limit, max(0, limit - total), reset, refusal, "plan")


def _spent(terms: Terms) -> str:
    ends = terms.period_end - timedelta(seconds=1)
    return (
        f"The {terms.calls:,} API calls of the {terms.plan.name} plan are used up until "
        f"{ends:%B} {ends.day}, {ends.year}. Choose a larger plan to go on."
    )


def _uncertain(total: int, cap: int | None, terms: Terms) -> Decision:
    """What can be said while nobody counts the minute: the plan's figures, where it has a limit."""
    if cap is not None:
        return _of_plan(total=total, terms=terms)
    amount, seconds = limits.amount_of(minute_limit())
    return Decision(amount, amount, math.ceil(time.time()) + seconds)
