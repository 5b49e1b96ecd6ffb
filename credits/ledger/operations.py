"""The operations that change credits, and no others do (C-3).

Each is one transaction with what causes it: it joins the caller's, or opens its own. Every change
of a workspace's credits happens under the lock on its account row, which is always taken first:
so nothing here can deadlock, and nothing can overdraw.

All take an idempotency `key` of the workspace: the same key again returns the first result and
changes nothing, with another amount, action or reference it raises `Conflict`. `amount` is more
than 0 with at most two places; `reference` says what caused it, as (kind, id).
"""

import json
import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.workspaces.models import Workspace
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, DomainError, InvalidInput, NotFound
from cursive.lib.money import MAX_CREDITS
from cursive.lib.money import credits as to_credits
from cursive.lib.outbox import emit
from cursive.lib.tenancy import uuid7

from .models import (
    MAX_ACTION,
    MAX_KEY,
    MAX_LABEL,
    MAX_REFERENCE_ID,
    MAX_REFERENCE_KIND,
    Entry,
    Hold,
)
from .queries import stale_holds
from .statements import (
    ADD_TO_ACCOUNT,
    CHANGE_BALANCE,
    TAKE_FROM_HOLD,
    Written,
    close_hold,
    find_entry,
    lock_account,
    read_balance,
    refunded,
    write_entry,
    write_hold,
)

log = logging.getLogger(__name__)

# What caused a change: ("job", its id). Ids are kept as text.
Reference = tuple[str, object]
HOLD_LIFETIME = timedelta(days=1)
SWEEPER = Actor.system("holds sweeper")
GRANT, SPEND, REFUND = Entry.Kind.GRANT.value, Entry.Kind.SPEND.value, Entry.Kind.REFUND.value


class InsufficientCredits(DomainError):
    """The balance doesn't cover the price (C-4). Nothing was changed."""

    code = "insufficient_credits"
    status = 402

    def __init__(self, *, balance: Decimal, price: Decimal) -> None:
        super().__init__(
            f"This costs {price:,} credits, and you have {balance:,}.",
            balance=str(balance),
            price=str(price),
        )
        self.balance = balance
        self.price = price


def grant(
    *,
    workspace_id: UUID,
    amount: Decimal | int | str,
    action: str,
    reference: Reference,
    key: str,
    actor: Actor,
    metadata: Mapping[str, Any] | None = None,
) -> Entry:
    """Add credits: a purchase, a gift, a plan's month. Makes the account where there is none.

    Raises `NotFound` where there is no such workspace, `InvalidInput` past what fits.
    """
    credits = _positive(amount)
    if not Workspace.objects.filter(id=workspace_id).exists():
        raise NotFound("There is no such workspace.")
    values = _values(workspace_id, GRANT, credits, action, reference, key, actor, metadata)
    values["account"] = uuid7()
    with _transaction(), tenancy.connection().cursor() as cursor:
        written = write_entry(cursor, ADD_TO_ACCOUNT, values)
        if written is None:
            raise InvalidInput(
                "That is more than an account can hold.",
                fields={"amount": f"At most {MAX_CREDITS:,} in all."},
            )
        if written.is_new:
            _audit(written.entry, actor)
    return written.entry


def spend(
    *,
    workspace_id: UUID,
    amount: Decimal | int | str,
    action: str,
    reference: Reference,
    key: str,
    actor: Actor,
    metadata: Mapping[str, Any] | None = None,
) -> Entry:
    """Pay `amount` for something. Raises `InsufficientCredits` (402), having changed nothing."""
    price = _positive(amount)
    values = _values(workspace_id, SPEND, -price, action, reference, key, actor, metadata)
    with _transaction(), tenancy.connection().cursor() as cursor:
        written = write_entry(cursor, CHANGE_BALANCE, values)
        if written is None:
            raise InsufficientCredits(balance=read_balance(cursor, workspace_id), price=price)
        _after_spend(written, actor)
    return written.entry


def refund(
    *,
    workspace_id: UUID,
    amount: Decimal | int | str,
    key: str,
    actor: Actor,
    spend_key: str = "",
    entry: Entry | None = None,
    reference: Reference | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Entry:
    """Give back `amount` of one spend, named by its `spend_key` or `entry` (C-5).

    It takes the spend's action, and its reference unless another is given. Raises `NotFound`
    where there is no such spend, `Conflict` where its refunds would exceed it.
    """
    credits = _positive(amount)
    with _transaction(), tenancy.connection().cursor() as cursor:
        lock_account(cursor, workspace_id)
        spends = Entry.objects.filter(workspace_id=workspace_id).spends()
        paid = spends.filter(id=entry.id) if entry is not None else spends.filter(key=spend_key)
        spent = paid.first()
        if spent is None:
            raise NotFound("There is no such spend to refund.")
        cause = reference or (spent.reference_kind, spent.reference_id)
        values = _values(workspace_id, REFUND, credits, spent.action, cause, key, actor, metadata)
        values["refunds_id"] = spent.id
        if first := find_entry(cursor, values):
            return first.entry
        left = -spent.amount - refunded(cursor, workspace_id, spent.id)
        if credits > left:
            raise Conflict(
                "Refunds of one spend can't exceed it.",
                fields={"amount": f"At most {left:,} of it are left to refund."},
            )
        written = write_entry(cursor, CHANGE_BALANCE, values)
        assert written is not None  # the spend proves the account, and the lock is ours
        _audit(written.entry, actor)
    return written.entry


def hold(
    *,
    workspace_id: UUID,
    amount: Decimal | int | str,
    action: str,
    reference: Reference,
    key: str,
    actor: Actor,
    expires_at: datetime | None = None,
) -> Hold:
    """Keep `amount` back for work that is charged as it is delivered; it writes no entry.

    Capture what was delivered, release the rest. What is forgotten is released by the sweeper,
    when its job is over or, for other references, at `expires_at` (in a day). The same key
    returns the first hold also when that is closed. Raises `InsufficientCredits`.
    """
    price = _positive(amount)
    values = _values(workspace_id, "", price, action, reference, key, actor, None)
    values |= {"id": uuid7(), "expires": expires_at or timezone.now() + HOLD_LIFETIME}
    with _transaction(), tenancy.connection().cursor() as cursor:
        made = write_hold(cursor, values)
        if made is None:
            raise InsufficientCredits(balance=read_balance(cursor, workspace_id), price=price)
    return made


def capture(
    *,
    workspace_id: UUID,
    hold_id: UUID,
    amount: Decimal | int | str,
    key: str,
    actor: Actor,
    reference: Reference | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Entry:
    """Charge `amount` of a hold for what was delivered; the entry's cause is the hold's.

    A hold that is captured whole is closed. Raises `NotFound`, or `Conflict` where the hold is
    closed or has less left.
    """
    price = _positive(amount)
    values = _values(workspace_id, SPEND, -price, "", reference or ("", ""), key, actor, metadata)
    values["hold_id"] = hold_id
    with _transaction(), tenancy.connection().cursor() as cursor:
        lock_account(cursor, workspace_id)
        found = Hold.objects.filter(workspace_id=workspace_id, id=hold_id).first()
        if found is None:
            raise NotFound("There is no such hold.")
        values["action"] = found.action
        if reference is None:
            values |= {
                "reference_kind": found.reference_kind,
                "reference_id": found.reference_id,
            }
        if first := find_entry(cursor, values):
            return first.entry
        if found.state == Hold.State.CLOSED:
            raise Conflict("This hold is closed.")
        if price > found.left:
            raise Conflict(f"Only {found.left:,} credits are left of this hold.")
        written = write_entry(cursor, TAKE_FROM_HOLD, values)
        assert written is not None  # the hold proves the account, and the lock is ours
        _after_spend(written, actor)
    return written.entry


def release(*, workspace_id: UUID, hold_id: UUID, actor: Actor) -> Hold:
    """Give back what is left of a hold, and close it. A closed one stays as it is.

    Raises `NotFound`.
    """
    with _transaction(), tenancy.connection().cursor() as cursor:
        lock_account(cursor, workspace_id)
        close_hold(cursor, workspace_id, hold_id)
        found = Hold.objects.filter(workspace_id=workspace_id, id=hold_id).first()
        if found is None:
            raise NotFound("There is no such hold.")
    return found


def release_stale_holds() -> int:
    """Release every hold that no work stands behind any more, in all workspaces (C-6).

    Returns how many. Each is looked at again under its account's lock: a job that was just put
    back to work keeps what it holds.
    """
    released = 0
    with tenancy.system_context():
        for workspace_id, hold_id in list(stale_holds()):
            with tenancy.atomic():
                with tenancy.connection().cursor() as cursor:
                    lock_account(cursor, workspace_id)
                if (workspace_id, hold_id) in stale_holds(hold_id):
                    release(workspace_id=workspace_id, hold_id=hold_id, actor=SWEEPER)
                    released += 1
                    log.warning("stale_hold_released", extra={"hold": str(hold_id)})
    return released


def _transaction() -> AbstractContextManager[None]:
    """The caller's transaction, or a new one.

    No savepoint: what is refused here has changed nothing, and what breaks must end the caller's.
    """
    return nullcontext() if tenancy.connection().in_atomic_block else tenancy.atomic()


def _positive(amount: Decimal | int | str) -> Decimal:
    credits = to_credits(amount)
    if credits <= 0:
        raise InvalidInput(
            "The amount must be more than 0.", fields={"amount": "More than 0 credits."}
        )
    return credits


def _values(
    workspace_id: UUID,
    kind: str,
    amount: Decimal,
    action: str,
    reference: Reference,
    key: str,
    actor: Actor,
    metadata: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What the statements need. Raises `InvalidInput` for a key that can't be kept."""
    if not key or len(key) > MAX_KEY or "\x00" in key:
        raise InvalidInput(
            "Give an idempotency key.", fields={"Idempotency-Key": f"1 to {MAX_KEY} characters."}
        )
    cause, cause_id = reference[0], str(reference[1])
    for name, value, most in (
        ("action", action, MAX_ACTION),
        ("reference kind", cause, MAX_REFERENCE_KIND),
        ("reference id", cause_id, MAX_REFERENCE_ID),
    ):
        if len(value) > most:
            raise ValueError(f"the {name} is longer than {most} characters")
    return {
        "workspace": workspace_id,
        "kind": kind,
        "amount": amount,
        "action": action,
        "reference_kind": cause,
        "reference_id": cause_id,
        "key": key,
        "actor_kind": actor.kind,
        "actor_id": actor.user_id or actor.key_id,
        "actor_label": actor.label[:MAX_LABEL],
        "metadata": json.dumps(dict(metadata), default=str) if metadata else "{}",
        "refunds_id": None,
        "hold_id": None,
    }


def _after_spend(written: Written, actor: Actor) -> None:
    """Audit what people and their keys spend, and say once when the credits run low (A-10).

    Low is what the workspace owns, credits that are held included: a hold comes and goes.
    """
    if not written.is_new:
        return
    entry = written.entry
    if actor.kind != "system" or entry.action == "adjustment":
        _audit(entry, actor)
    before, after = entry.balance_after - entry.amount, entry.balance_after
    if written.threshold is not None and before >= written.threshold > after:
        emit(
            entry.workspace_id,
            "credit.low",
            {"balance": str(after), "threshold": written.threshold},
        )


def _audit(entry: Entry, actor: Actor) -> None:
    record(
        action="purchase" if entry.action == "purchase" else entry.kind,
        resource="credits",
        resource_id=entry.id,
        actor=actor,
        workspace_id=entry.workspace_id,
        new={
            "amount": entry.amount,
            "action": entry.action,
            "reference": f"{entry.reference_kind} {entry.reference_id}",
            "balance_after": entry.balance_after,
            **entry.metadata,
        },
    )
