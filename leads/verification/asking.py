"""Working the queue: each address is asked for at most three times, five at once (L-16).

Everything here commits by itself, step by step, so that a worker may die anywhere: what was about
to be asked is written before, what was answered right after. It runs in threads, each with
connections of its own, while the job that waits for it has done nothing yet.
"""

import queue
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.errors import DomainError, Unavailable
from cursive.lib.tenancy import system_context, tenant_context

from .known import remember
from .models import MOST_TRIES, AddressCheck, AddressCheckQuerySet, Check, Status
from .providers import PROVIDERS, Provider, Undecided, Verdict, chain

AT_ONCE = 5
# Longer than any call lasts: who holds it then is dead.
LEASE = timedelta(seconds=45)
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5))
OUTAGE = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(days=1)
LONGEST_WAIT = timedelta(minutes=5)
WAIT = 0.05  # seconds between two looks for a free place
NO_ANSWER = Verdict(Status.UNKNOWN, "No answer, however often it was asked.")


def ask_for(
    workspace_id: UUID,
    check_ids: Sequence[UUID],
    *,
    seconds: float,
    model: type[AddressCheck] = Check,
) -> None:
    """Ask for the addresses of these checks, rows of `model`, and begin none after so many
    seconds; what is left stays due."""
    waiting: queue.SimpleQueue[UUID] = queue.SimpleQueue()
    for check_id in check_ids:
        waiting.put(check_id)
    until = time.monotonic() + seconds

    def work() -> None:
        try:
            while time.monotonic() < until:
                try:
                    check_id = waiting.get_nowait()
                except queue.Empty:
                    return
                ask_one(model, workspace_id, check_id, until=until)
        finally:
            connections.close_all()

    places = min(AT_ONCE, len(check_ids))
    with ThreadPoolExecutor(places) as pool:
        for done in [pool.submit(work) for _ in range(places)]:
            done.result()


@contextmanager
def place_at(provider: Provider, *, until: float) -> Iterator[bool]:
    """One of the provider's five places, of all processes together; whether there was one in time.

    It is a lock of a transaction, so PostgreSQL frees it when whoever holds it dies.
    """
    with system_context(), tenancy.atomic():
        yield _take_place(provider, until)


def _take_place(provider: Provider, until: float) -> bool:
    while True:
        with tenancy.connection().cursor() as cursor:
            cursor.execute(
                "SELECT place FROM generate_series(1, %s) place"
                " WHERE pg_try_advisory_xact_lock(hashtext(%s), place) LIMIT 1",
                [AT_ONCE, f"verification:{provider.code}"],
            )
            if cursor.fetchone():
                return True
        if time.monotonic() >= until:
            return False
        time.sleep(WAIT)


def ask_one(model: type[AddressCheck], workspace_id: UUID, check_id: UUID, *, until: float) -> None:
    """Ask somebody for one address, if it is still due and still wanted."""
    with tenant_context(workspace_id):
        checks = model.objects.filter(workspace_id=workspace_id, id=check_id)
        check = checks.due().wanted().first()
        provider = _next_provider(check) if check else None
        if check is None:
            return
        if provider is None:
            _without_provider(check)
            return
    with place_at(provider, until=until) as is_ours:
        if is_ours and _claim(check, provider):
            _ask(check, provider)


def _excluded(check: AddressCheck) -> set[str]:
    """Who isn't asked again: they may have charged for an answer that never came."""
    return {code for code in check.not_again.split(",") if code}


def _barred(check: AddressCheck) -> set[str]:
    """Those, and whoever was being asked when a worker died, where a call can't be repeated."""
    found = _excluded(check)
    if check.state == AddressCheck.State.ASKING and not PROVIDERS[check.provider].asks_again:
        found.add(check.provider)
    return found


def _next_provider(check: AddressCheck) -> Provider | None:
    """Whom to ask: the first that works, and that hasn't just failed where there is another."""
    if check.tries >= MOST_TRIES:
        return None
    working = [
        provider for provider in chain() if provider.code not in _barred(check) and _works(provider)
    ]
    return min(working, key=lambda provider: provider.code == check.provider, default=None)


def _works(provider: Provider) -> bool:
    # Our own check knows something also while DNS is down.
    return provider.code == "built_in" or not provider.breaker.is_open()


def _without_provider(check: AddressCheck) -> None:
    """Nobody to ask now: wait for the outage's end, or give up where that can't help."""
    is_possible = check.tries < MOST_TRIES and any(
        provider.code not in _barred(check) for provider in chain()
    )
    if is_possible and timezone.now() - check.created_at < GIVEN_UP_AFTER:
        _write(
            check,
            state=AddressCheck.State.WAITING,
            lease_until=None,
            not_again=",".join(sorted(_barred(check))),
            next_attempt_at=timezone.now() + OUTAGE,
        )
    else:
        _give_up(check)


def _claim(check: AddressCheck, provider: Provider) -> bool:
    """Say who is about to be asked; whether nobody else was quicker."""
    now = timezone.now()
    values = {
        "state": AddressCheck.State.ASKING,
        "provider": provider.code,
        "not_again": ",".join(sorted(_barred(check))),
        "tries": check.tries + 1,
        "lease_until": now + LEASE,
    }
    with tenant_context(check.workspace_id):
        is_ours = _same(check).due().update(**values)
    for name, value in values.items():
        setattr(check, name, value)
    return bool(is_ours)


def _ask(check: AddressCheck, provider: Provider) -> None:
    try:
        verdict = provider.ask(check.address)
    except Unavailable:  # its breaker opened meanwhile: nobody was asked
        with tenant_context(check.workspace_id):
            _write(
                check,
                state=AddressCheck.State.WAITING,
                tries=check.tries - 1,
                lease_until=None,
                next_attempt_at=timezone.now(),
            )
    except Undecided:
        with tenant_context(check.workspace_id):
            _try_later(check)
    except DomainError as error:  # no verdict, no answer, or nowhere to call
        may_be_charged = getattr(error, "maybe_charged", False) and not provider.asks_again
        with tenant_context(check.workspace_id):
            _try_later(check, barring=provider if may_be_charged else None)
    else:
        with tenant_context(check.workspace_id):
            remember(check.address, verdict, provider)
            _write(
                check,
                state=AddressCheck.State.ANSWERED,
                status=verdict.status,
                reason=verdict.reason,
                lease_until=None,
            )


def _try_later(check: AddressCheck, *, barring: Provider | None = None) -> None:
    """Another provider at once, then after a while; after three tries nobody."""
    gone = _excluded(check) | ({barring.code} if barring else set())
    left = [provider for provider in chain() if provider.code not in gone]
    if check.tries >= MOST_TRIES or not left:
        _give_up(check)
        return
    has_other = any(provider.code != check.provider and _works(provider) for provider in left)
    is_first = check.tries == 1
    _write(
        check,
        state=AddressCheck.State.WAITING,
        not_again=",".join(sorted(gone)),
        lease_until=None,
        next_attempt_at=timezone.now()
        + (timedelta() if is_first and has_other else BACKOFF[check.tries - 1]),
    )


def _give_up(check: AddressCheck) -> None:
    _write(
        check,
        state=AddressCheck.State.ANSWERED,
        provider="",
        status=NO_ANSWER.status,
        reason=NO_ANSWER.reason,
        lease_until=None,
    )


def _same(check: AddressCheck) -> AddressCheckQuerySet:
    """The check as it was when we looked at it; nothing where somebody else went on with it."""
    checks: AddressCheckQuerySet = type(check).objects.filter(
        workspace_id=check.workspace_id, id=check.id, tries=check.tries, state=check.state
    )
    return checks


def _write(check: AddressCheck, **values: object) -> None:
    _same(check).update(**values)


def wait_for(checks: QuerySet[Any]) -> timedelta:
    """How long until one of them is due: a try that waits, or one whose worker may be dead."""
    now = timezone.now()
    soonest = checks.aggregate(
        waiting=Min("next_attempt_at", filter=Q(state=AddressCheck.State.WAITING)),
        asking=Min("lease_until", filter=Q(state=AddressCheck.State.ASKING)),
    )
    wait = min(filter(None, soonest.values()), default=now) - now
    return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)
