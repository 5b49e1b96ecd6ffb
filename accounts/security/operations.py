"""Noting security events."""

import hashlib
import json
import logging
import threading
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connections

from accounts.audit.masking import masked
from cursive.lib.actors import Actor
from cursive.lib.addresses import network_of, plain_address
from cursive.lib.tenancy import system_context

from .models import Kind, Risk, SecurityEvent

log = logging.getLogger(__name__)

# What somebody can cause as often as they like is written once a minute for the same cause; the
# next one that is written says how many were left out.
FOLDED = frozenset(
    {
        Kind.LOCKOUT,
        Kind.KEY_REFUSED,
        Kind.LIMIT_REFUSED,
        Kind.SIGNATURE_FAILED,
        Kind.CROSS_WORKSPACE,
        Kind.STAFF_WITHOUT_FACTOR,
    }
)
FOLD_SECONDS = 60
COUNTED_SECONDS = 24 * 3600
# Of one folded kind, whatever the causes: a storm from many addresses must not become one of
# writes.
MOST_A_MINUTE = 300
NOBODY = Actor(kind="user", label="anonymous")
WRITE_SECONDS = 5.0


def note_security_event(
    *,
    kind: str,
    risk: str,
    workspace_id: UUID | None = None,
    actor: Actor | None = None,
    address: str | None = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down that something may be an attack (A-8).

    Owners of `workspace_id` will see it, and staff; without a workspace staff only. `actor` is who
    did it, as far as that is known; `address` is where from, if the actor's request doesn't say.
    Secrets in `detail` are masked, long values cut.

    It never raises, and the event stays when the caller's transaction is rolled back, so it can
    be called right before a refusal. Kinds in `FOLDED` are written at most once a minute for the
    same workspace, actor, network and detail; `detail.repeated` of the next one counts the others.
    """
    try:
        who = actor or NOBODY
        event = SecurityEvent(
            workspace_id=workspace_id,
            kind=str(kind)[:40],
            risk=str(risk) if risk in Risk.values else Risk.HIGH,
            actor_kind=who.kind,
            actor_label=_text(who.label)[:200],
            user_id=who.user_id,
            key_id=who.key_id,
            ip=_address(who.request.ip or address),
            user_agent=_text(who.request.user_agent)[:300],
            method=who.request.method[:8],
            endpoint=_text(who.request.endpoint)[:120],
            request_id=_text(who.request.request_id)[:64],
            detail=_plain(masked(detail or {})),
        )
        if event.kind in FOLDED:
            repeated = _left_out(event)
            if repeated is None:
                return
            event.detail |= {"repeated": repeated} if repeated else {}
        log.warning("security_event", extra={"kind": event.kind, "risk": event.risk})
        _write(event)
    except Exception:
        log.exception("security_event_not_written", extra={"kind": str(kind)[:40]})


def _write(event: SecurityEvent) -> None:
    """In a transaction of its own, whatever the caller is in."""
    if not connections["admin"].in_atomic_block:
        _save(event)
        return
    # The caller holds a transaction on this thread's connection of the system's role, which may
    # be rolled back or broken already; another thread has another connection.
    thread = threading.Thread(target=_save_apart, args=(event,), daemon=True)
    thread.start()
    thread.join(WRITE_SECONDS)


def _save_apart(event: SecurityEvent) -> None:
    try:
        _save(event)
    except Exception:
        log.exception("security_event_not_written", extra={"kind": event.kind})
    finally:
        connections.close_all()


def _save(event: SecurityEvent) -> None:
    with system_context():
        event.save(force_insert=True)


def _left_out(event: SecurityEvent) -> int | None:
    """How many events like this one weren't written since the last; None to leave it out too."""
    cause = json.dumps(
        [
            event.kind,
            str(event.workspace_id),
            str(event.user_id),
            str(event.key_id),
            network_of(event.ip),
            event.detail,
        ],
        sort_keys=True,
    )
    digest = hashlib.sha256(cause.encode()).hexdigest()[:32]
    gate, count, total = (
        f"security:{name}:{ident}"
        for name, ident in [("gate", digest), ("count", digest), ("total", event.kind)]
    )
    try:
        if cache.add(gate, 1, FOLD_SECONDS) and _is_below_the_cap(total):
            repeated = int(cache.get(count, 0))
            cache.delete(count)
            return repeated
        cache.add(count, 0, COUNTED_SECONDS)
        cache.incr(count)
    except ValueError:  # the counter ran out between two commands
        return None
    except Exception:
        # Rather too many events than none while the cache doesn't answer.
        log.warning("security_fold_store_down", exc_info=True)
        return 0
    return None


def _is_below_the_cap(total: str) -> bool:
    cache.add(total, 0, FOLD_SECONDS)
    return bool(cache.incr(total) <= MOST_A_MINUTE)


def _plain(value: Any) -> Any:
    """The value with nothing in it that PostgreSQL's JSON can't hold."""
    if isinstance(value, Mapping):
        return {_text(str(name))[:80]: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int):
        return value
    return _text(str(value))


def _address(text: str | None) -> str | None:
    try:
        return plain_address(text or "")
    except ValueError:
        return None


def _text(value: str) -> str:
    # A NUL or half a surrogate pair can't be stored as text.
    return value.replace("\x00", "").encode("utf-8", "replace").decode()
