"""Tells the partners' books of the marketplace's sales and refunds, in their transaction."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.purchases.registry import Sale, SaleListener

from .operations import credit_sales, refund_sales


class CommissionListener(SaleListener):
    """Commission comes with a sale and goes with its refund (P-6)."""

    def sold(self, sales: Sequence[Sale]) -> None:
        """Credit the sellers."""
        credit_sales(sales)

    def refunded(self, line_ids: Sequence[UUID], *, reason: str) -> None:
        """Take it back."""
        refund_sales(line_ids, reason=reason)


LISTENER = CommissionListener()
