"""What rooms above register in ready(): credits that a payment bought which is no purchase, and
who wants to know of purchases that won't be paid."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from .models import CreditPurchase


class PaidCredits:
    """Credits of one kind of payment, which go back when it is lost. Subclass, and register it.

    `paid_for` is Stripe's id of what was paid, such as an invoice.
    """

    def find(self, payment_intent: str) -> str:
        """What a payment was for, asked of Stripe; nothing where it isn't of this kind.

        Raises `StripeUnavailable`, `StripeRefused`.
        """
        raise TypeError(f"{type(self).__name__} doesn't say what a payment was for")

    def left(self, *, workspace_id: UUID, paid_for: str, cents: int) -> Decimal:
        """How many of its credits `cents` stand for and haven't gone back; locked against changes
        where a transaction is open. 0 for what isn't of this kind.
        """
        raise TypeError(f"{type(self).__name__} doesn't say what is left")


_kinds: list[PaidCredits] = []


def register_paid_credits(kind: PaidCredits) -> None:
    """Have `kind` asked about every disputed payment that is no purchase."""
    if kind not in _kinds:
        _kinds.append(kind)


def what_was_paid(payment_intent: str) -> str:
    """What a payment was for, by the first kind that knows it; nothing where none does."""
    return next(filter(None, (kind.find(payment_intent) for kind in _kinds)), "")


def credits_left(*, workspace_id: UUID, paid_for: str, cents: int) -> Decimal:
    """How many credits of what was paid can still be taken back."""
    found = (
        kind.left(workspace_id=workspace_id, paid_for=paid_for, cents=cents) for kind in _kinds
    )
    return sum(found, Decimal("0.00")) if paid_for else Decimal("0.00")


_listeners: list[Callable[[CreditPurchase], None]] = []


def register_unpaid_listener(listener: Callable[[CreditPurchase], None]) -> None:
    """Have `listener` told of every purchase that is closed unpaid, in that transaction."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_unpaid(purchase: CreditPurchase) -> None:
    """Tell all of them."""
    for listener in _listeners:
        listener(purchase)
