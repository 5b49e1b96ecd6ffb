"""Who is told of sales, in the transaction of the sale, and who knows what sellers are called.
Apps above register in ready()."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Sale:
    """One lead sold once. `line_id` is the order line's, unique for each sale.

    `price_cents` is the partner's price in US cents, `quality` (0–100) and `collected_on` what the
    listing had when it was sold.
    """

    line_id: UUID
    listing_id: int
    seller_id: UUID
    submission_id: UUID
    price_cents: int
    quality: int
    verification_status: str
    collected_on: date
    listed_at: datetime
    sold_at: datetime


class SaleListener:
    """Told of what was sold and what was given back. Subclass, and register an instance.

    Runs as the system, across workspaces; raising undoes the sale or the refund.
    """

    def sold(self, sales: Sequence[Sale]) -> None:
        """These were sold just now."""

    def refunded(self, line_ids: Sequence[UUID], *, reason: str) -> None:
        """The buyer got the credits of these back. Once for each line, whatever `sold` did."""


_listeners: list[SaleListener] = []


def register_sale_listener(listener: SaleListener) -> None:
    """Have `listener` told of every sale and every refund."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_sold(sales: Sequence[Sale]) -> None:
    """Tell all of them of sales."""
    for listener in _listeners:
        listener.sold(sales)


def tell_refunded(line_ids: Sequence[UUID], *, reason: str) -> None:
    """Tell all of them of refunds."""
    for listener in _listeners:
        listener.refunded(line_ids, reason=reason)


SellerNames = Callable[[Collection[UUID]], Mapping[UUID, str]]
_names: list[SellerNames] = []


def register_seller_names(names: SellerNames) -> None:
    """Have `names` say what sellers are called (workspaces → names), those that it knows."""
    _names[:] = [names]


def seller_names(seller_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """What these sellers are called, for who has bought from them (M-1)."""
    return _names[0](seller_ids) if _names and seller_ids else {}
