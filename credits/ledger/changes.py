"""What all changes of credits share: their refusals, what their statements need, what follows."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import DomainError, InvalidInput
from cursive.lib.money import credits as to_credits
from cursive.lib.outbox import emit

from .models import MAX_ACTION, MAX_KEY, MAX_LABEL, MAX_REFERENCE_ID, MAX_REFERENCE_KIND, Entry
from .statements import Written, read_account

# What caused a change: ("job", its id). Ids are kept as text.
Reference = tuple[str, object]


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


class SpendingFrozen(DomainError):
    """Nothing can be spent until staff decide about a disputed payment (C-12)."""

    code = "spending_frozen"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "Spending is paused for this workspace, because a payment is disputed. Write to us."
        )


def transaction() -> AbstractContextManager[None]:
    """The caller's transaction, or a new one.

    No savepoint: what is refused here has changed nothing, and what breaks must end the caller's.
    """
    return nullcontext() if tenancy.connection().in_atomic_block else tenancy.atomic()


def refusal(cursor: CursorWrapper, workspace_id: UUID, price: Decimal) -> DomainError:
    """Why the account didn't give `price`."""
    balance, frozen = read_account(cursor, workspace_id)
    return SpendingFrozen() if frozen else InsufficientCredits(balance=balance, price=price)


def positive(amount: Decimal | int | str) -> Decimal:
    """The amount as credits. Raises `InvalidInput` for 0 and less, and past two places."""
    credits = to_credits(amount)
    if credits <= 0:
        raise InvalidInput(
            "The amount must be more than 0.", fields={"amount": "More than 0 credits."}
        )
    return credits


def values_of(
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
        "is_taken_back": False,
    }


def after_spend(written: Written, actor: Actor, *, is_audited: bool | None = None) -> None:
    """Audit what people and their keys spend, and say once when the credits run low (A-10).

    `is_audited` says whether to audit it, whoever spends; None: as it is usual.

    Low is what the workspace owns, credits that are held included: a hold comes and goes.
    """
    if not written.is_new:
        return
    entry = written.entry
    if is_audited is None:
        is_audited = actor.kind != "system"
    if is_audited or entry.action == "adjustment":
        audit(entry, actor)
    before, after = entry.balance_after - entry.amount, entry.balance_after
    if written.threshold is not None and before >= written.threshold > after:
        emit(
            entry.workspace_id,
            "credit.low",
            {"balance": str(after), "threshold": written.threshold},
        )


def audit(entry: Entry, actor: Actor) -> None:
    """Write an entry into the audit log."""
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
