"""Processes stored events: claim, prepare outside of transactions, apply in one (C-9, C-10).

A claim is a lease with a token. What follows from an event and the mark that it is done are one
transaction, which begins with checking the token: so a worker that was thought dead and comes
back changes nothing, and nothing is ever half done. Time is that of the database.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models.functions import Now

from cursive.lib.tenancy import atomic, system_context, tenant_context

from .models import StripeEvent
from .queries import workspace_exists
from .registry import EventHandler, Prepared, UnknownWorkspace, handlers_of

log = logging.getLogger(__name__)

# How long after its first, second … attempt a failed event is tried again; then it stays failed.
LADDER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 360))
MOST_ATTEMPTS = len(LADDER) + 1
LONGEST_ERROR = 2_000
SWEEP_SECONDS = 30

Work = list[tuple[EventHandler, Prepared]]


class LeaseLost(Exception):
    """Another worker has the event now."""


class SeveralWorkspaces(Exception):
    """Handlers say that an event belongs to different workspaces."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """An event that is ours until its lease ends."""

    id: UUID
    token: UUID
    type: str
    payload: Mapping[str, Any]
    attempts: int


def process_event(event_id: UUID) -> bool:
    """Process one event, where it is due and nobody else does. Whether it was taken."""
    return _process(_claim(event_id))


def process_due_events(seconds: float = SWEEP_SECONDS) -> int:
    """Process all that are due, the longest waiting first, for about `seconds`; how many."""
    ends = time.monotonic() + seconds
    done = 0
    while _process(_claim()):
        done += 1
        if time.monotonic() >= ends:
            break
    return done


def _claim(event_id: UUID | None = None) -> _Claim | None:
    with system_context(), atomic():
        due = StripeEvent.objects.due().select_for_update(skip_locked=True)
        if event_id is not None:
            due = due.filter(id=event_id)
        event = due.order_by("next_attempt_at", "id").first()
        if event is None:
            return None
        claim = _Claim(event.id, uuid4(), event.type, event.payload, event.attempts + 1)
        StripeEvent.objects.filter(id=event.id).update(
            attempts=claim.attempts,
            lease_token=claim.token,
            lease_until=Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS),
        )
    return claim


def _process(claim: _Claim | None) -> bool:
    """Prepare and apply a claimed event, or note why not. False without one."""
    if claim is None:
        return False
    try:
        if claim.attempts > MOST_ATTEMPTS:
            # Its workers died each time: it may be what kills them.
            _fail(claim, f"None of {MOST_ATTEMPTS} attempts came to an end.")
            return True
        work = _prepare(claim)
        if work:
            _apply(claim, work)
        else:
            _end(claim, state=StripeEvent.State.IGNORED, finished_at=Now(), error="")
    except LeaseLost:
        log.info("stripe_event_lease_lost", extra=_named(claim))
    except UnknownWorkspace as error:
        log.error("stripe_event_of_nobody", extra=_named(claim) | {"error": error.message})
        _fail(claim, error.message)
    except Exception as error:
        log.exception("stripe_event_failed", extra=_named(claim))
        _retry_later(claim, f"{type(error).__name__}: {error}")
    return True


def _prepare(claim: _Claim) -> Work:
    """What the handlers of the event's type make of it; nothing where none says that it's ours."""
    found = [(handler, handler.prepare(claim.payload)) for handler in handlers_of(claim.type)]
    return [(handler, prepared) for handler, prepared in found if prepared is not None]


def _apply(claim: _Claim, work: Work) -> None:
    workspaces = {prepared.workspace_id for _, prepared in work}
    if len(workspaces) > 1:
        raise SeveralWorkspaces(", ".join(sorted(map(str, workspaces))))
    workspace_id = workspaces.pop()
    if not workspace_exists(workspace_id):
        raise UnknownWorkspace(f"There is no workspace {workspace_id}.")
    with system_context():
        _hold_on(claim, workspace_id=workspace_id)
    with tenant_context(workspace_id):
        # First, so that nobody who has lost the event gets as far as its effects.
        _hold_on(
            claim,
            state=StripeEvent.State.DONE,
            finished_at=Now(),
            error="",
            lease_token=None,
            lease_until=None,
        )
        for handler, prepared in work:
            handler.apply(prepared)


def _hold_on(claim: _Claim, **values: Any) -> None:
    """Change the event in the current context. Raises `LeaseLost` where it isn't ours any more."""
    ours = StripeEvent.objects.filter(
        id=claim.id, lease_token=claim.token, state=StripeEvent.State.PENDING
    )
    if not ours.update(**values):
        raise LeaseLost


def _end(claim: _Claim, **values: Any) -> None:
    """Change the event and give it back; what another worker has is left alone."""
    with system_context():
        StripeEvent.objects.filter(id=claim.id, lease_token=claim.token).update(
            lease_token=None, lease_until=None, **values
        )


def _fail(claim: _Claim, error: str) -> None:
    _end(
        claim,
        state=StripeEvent.State.FAILED,
        finished_at=Now(),
        error=_clean(error),
    )


def _retry_later(claim: _Claim, error: str) -> None:
    if claim.attempts > len(LADDER):
        _fail(claim, error)
        log.error("stripe_event_given_up", extra=_named(claim))
        return
    _end(claim, next_attempt_at=Now() + LADDER[claim.attempts - 1], error=_clean(error))


def _clean(error: str) -> str:
    return error.replace("\0", "")[:LONGEST_ERROR]


def _named(claim: _Claim) -> dict[str, object]:
    return {"event": str(claim.id), "event_type": claim.type, "attempt": claim.attempts}
