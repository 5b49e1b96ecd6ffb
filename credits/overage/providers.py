"""The invoice for calls past the limit, made at Stripe step by step.

Each step has a key of its own, is looked for before it is done again, and is kept by the caller
before the next: so it may be broken off anywhere and be gone on with a day later, when Stripe has
forgotten the keys.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import stripe

from credits.plans.providers import OVERAGE
from credits.stripe.providers import calling, stripe_client
from credits.stripe.registry import WORKSPACE_KEY

PAGE = 100
# Clocks differ; what was made since the first try was made after this much before it.
SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be invoiced. `since` is when it was tried first, None at the first try."""

    key: str
    workspace_id: UUID
    customer_id: str
    subscription_id: str
    calls: int
    call_price_usd: Decimal
    start: datetime
    end: datetime
    description: str
    since: datetime | None

    @property
    def metadata(self) -> dict[str, str]:
        """What tells the objects of this bill from all others."""
        return {OVERAGE: self.key, WORKSPACE_KEY: str(self.workspace_id)}


def draft_invoice(bill: Bill) -> str:
    """The id of the bill's own invoice, a draft that Stripe does nothing with yet."""
    v1 = stripe_client().v1
    with calling("make the invoice"):
        if bill.since is not None:
            created = int((bill.since - SLACK).timestamp())
            listed = v1.invoices.list(
                {"customer": bill.customer_id, "created": {"gte": created}, "limit": PAGE}
            )
            if found := _named(listed.auto_paging_iter(), bill.key):
                return found
        values: stripe.params.InvoiceCreateParams = {
            "customer": bill.customer_id,
            "auto_advance": False,
            "collection_method": "charge_automatically",
            "pending_invoice_items_behavior": "exclude",
            "currency": "usd",
            "description": bill.description,
            "metadata": bill.metadata,
        }
        # The checkout of a plan leaves its card on the subscription, not on the customer.
        card = v1.subscriptions.retrieve(bill.subscription_id).default_payment_method
        if card is not None:
            values["default_payment_method"] = card if isinstance(card, str) else card.id
        made = v1.invoices.create(values, {"idempotency_key": f"{bill.key}:invoice"})
    return made.id


def add_item(bill: Bill, invoice_id: str) -> str:
    """The id of the one item of the bill's invoice."""
    v1 = stripe_client().v1
    with calling("make the invoice item"):
        if bill.since is not None:
            listed = v1.invoice_items.list({"invoice": invoice_id, "limit": PAGE})
            if found := _named(listed.auto_paging_iter(), bill.key):
                return found
        made = v1.invoice_items.create(
            {
                "customer": bill.customer_id,
                "invoice": invoice_id,
                "currency": "usd",
                "quantity": bill.calls,
                "unit_amount_decimal": (bill.call_price_usd * 100).normalize(),
                "description": bill.description,
                "period": {
                    "start": int(bill.start.timestamp()),
                    "end": int(bill.end.timestamp()),
                },
                "metadata": bill.metadata,
            },
            {"idempotency_key": f"{bill.key}:item"},
        )
    return made.id


def send_invoice(bill: Bill, invoice_id: str) -> None:
    """Make the draft final: Stripe charges the card, and tries again where that fails."""
    v1 = stripe_client().v1
    with calling("send the invoice"):
        if v1.invoices.retrieve(invoice_id).status == "draft":
            v1.invoices.finalize_invoice(
                invoice_id, {"auto_advance": True}, {"idempotency_key": f"{bill.key}:final"}
            )


def _named(listed: Iterable[Any], key: str) -> str:
    """The id of the listed object that is of the bill, empty where there is none."""
    for one in listed:
        if (one.to_dict().get("metadata") or {}).get(OVERAGE) == key:
            return str(one.id)
    return ""
