"""The operations that change credits, and no others do (C-3).

Each is one transaction with what causes it: it joins the caller's, or opens its own. Every change
of a workspace's credits happens under the lock on its account row, which is always taken first:
so nothing here can deadlock, and nothing can overdraw.

All take an idempotency `key` of the workspace: the same key again returns the first result and
changes nothing, with another amount, action or reference it raises `Conflict`. `amount` is more
than 0 with at most two places; `reference` says what caused it, as (kind, id).
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.workspaces.models import Workspace
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.money import MAX_CREDITS
from cursive.lib.tenancy import uuid7

from .changes import (
    InsufficientCredits,
    Reference,
    SpendingFrozen,
    after_spend,
    audit,
    positive,
    refusal,
    transaction,
    values_of,
)
from .models import TAKEN_BACK, Entry, Hold
from .queries import stale_holds
from .statements import (
    ADD_TO_ACCOUNT,
    CHANGE_BALANCE,
    TAKE_FROM_HOLD,
    close_hold,
    find_entry,
    find_key,
    lock_account,
    read_account,
    refunded,
    write_entry,
    write_frozen,
    write_hold,
)

__all__ = [
    "InsufficientCredits",
    "Reference",
    "SpendingFrozen",
    "capture",
    "grant",
    "hold",
    "refund",
    "release",
    "release_stale_holds",
    "set_frozen",
    "spend",
    "take_back",
]

log = logging.getLogger(__name__)

HOLD_LIFETIME = timedelta(days=1)
SWEEPER = Actor.system("holds sweeper")
GRANT, SPEND, REFUND = Entry.Kind.GRANT.value, Entry.Kind.SPEND.value, Entry.Kind.REFUND.value


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
    credits = positive(amount)
    if not Workspace.objects.filter(id=workspace_id).exists():
        raise NotFound("There is no such workspace.")
    values = values_of(workspace_id, GRANT, credits, action, reference, key, actor, metadata)
    values["account"] = uuid7()
    with transaction(), tenancy.connection().cursor() as cursor:
        written = write_entry(cursor, ADD_TO_ACCOUNT, values)
        if written is None:
            raise InvalidInput(
                "That is more than an account can hold.",
                fields={"amount": f"At most {MAX_CREDITS:,} in all."},
            )
        if written.is_new:
            audit(written.entry, actor)
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
    """Pay `amount` for something.

    Raises `InsufficientCredits` (402) or `SpendingFrozen` (403), having changed nothing.
    """
    price = positive(amount)
    values = values_of(workspace_id, SPEND, -price, action, reference, key, actor, metadata)
    with transaction(), tenancy.connection().cursor() as cursor:
        written = write_entry(cursor, CHANGE_BALANCE, values)
        if written is None:
            raise refusal(cursor, workspace_id, price)
        after_spend(written, actor)
    return written.entry


def take_back(
    *,
    workspace_id: UUID,
    up_to: Decimal | int | str,
    reference: Reference,
    action: str = TAKEN_BACK,
    key: str,
    actor: Actor,
    metadata: Mapping[str, Any] | None = None,
) -> Entry | None:
    """Spend `up_to` for the workspace, or what its balance has of it; None where that is nothing.

    For credits whose payment was given back (C-12), wholly or, as `PRORATED`, for the time that
    an upgrade left unused: also a frozen account loses them, and neither counts as use. The same
    key again returns the first entry, whatever the balance is by then; where nothing was taken
    there is none, so the caller remembers that it has asked.
    """
    wanted = positive(up_to)
    with transaction(), tenancy.connection().cursor() as cursor:
        lock_account(cursor, workspace_id)
        if first := find_key(cursor, workspace_id, key):
            if (first.kind, first.action) != (SPEND, action):
                raise Conflict("This idempotency key was used for something else.")
            return first
        balance, _ = read_account(cursor, workspace_id)
        taken = min(wanted, balance)
        if not taken:
            return None
        values = values_of(workspace_id, SPEND, -taken, action, reference, key, actor, metadata)
        written = write_entry(cursor, CHANGE_BALANCE, values | {"is_taken_back": True})
        assert written is not None  # the lock is ours, and the balance has it
        after_spend(written, actor, is_audited=True)
    return written.entry


def set_frozen(*, workspace_id: UUID, frozen: bool, actor: Actor, reason: str) -> bool:
    """Freeze spending, or let the workspace spend again; whether that changed anything (C-12).

    Grants, refunds and captures of what is held already go on.
    """
    with transaction(), tenancy.connection().cursor() as cursor:
        lock_account(cursor, workspace_id)
        _, before = read_account(cursor, workspace_id)
        if before == frozen:
            return False
        write_frozen(cursor, workspace_id, frozen=frozen)
        record(
            action="freeze" if frozen else "unfreeze",
            resource="credits",
            resource_id=workspace_id,
            actor=actor,
            workspace_id=workspace_id,
            new={"reason": reason},
            severity="warning",
        )
    return True


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
    credits = positive(amount)
    with transaction(), tenancy.connection().cursor() as cursor:
        lock_account(cursor, workspace_id)
        spends = Entry.objects.filter(workspace_id=workspace_id).spends()
        paid = spends.filter(id=entry.id) if entry is not None else spends.filter(key=spend_key)
        spent = paid.first()
        if spent is None:
            raise NotFound("There is no such spend to refund.")
        cause = reference or (spent.reference_kind, spent.reference_id)
        values = values_of(workspace_id, REFUND, credits, spent.action, cause, key, actor, metadata)
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
        audit(written.entry, actor)
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
    returns the first hold also when that is closed. Raises `InsufficientCredits` or
    `SpendingFrozen`; what is held already can still be captured while spending is frozen.
    """
    price = positive(amount)
    values = values_of(workspace_id, "", price, action, reference, key, actor, None)
    values |= {"id": uuid7(), "expires": expires_at or timezone.now() + HOLD_LIFETIME}
    with transaction(), tenancy.connection().cursor() as cursor:
        made = write_hold(cursor, values)
        if made is None:
            raise refusal(cursor, workspace_id, price)
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
    is_audited: bool | None = None,
) -> Entry:
    """Charge `amount` of a hold for what was delivered; the entry's cause is the hold's.

    A job that writes one audit entry for all that it charges says `is_audited=False`. A hold that
    is captured whole is closed. Raises `NotFound`, or `Conflict` where the hold is closed or has
    less left.
    """
    price = positive(amount)
    values = values_of(workspace_id, SPEND, -price, "", reference or ("", ""), key, actor, metadata)
    values["hold_id"] = hold_id
    with transaction(), tenancy.connection().cursor() as cursor:
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
        after_spend(written, actor, is_audited=is_audited)
    return written.entry


def release(*, workspace_id: UUID, hold_id: UUID, actor: Actor) -> Hold:
    """Give back what is left of a hold, and close it. A closed one stays as it is.

    Raises `NotFound`.
    """
    with transaction(), tenancy.connection().cursor() as cursor:
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
