"""What an invoice is made of: the draft itself and its lines."""

from decimal import Decimal
from typing import Any

from .account import Account
from .store import Obj

DRAFT_SECONDS = 3600


def new_invoice(
    account: Account,
    customer: Obj,
    *,
    reason: str,
    subscription: Obj | None,
    period: tuple[int, int],
    auto_advance: bool = True,
) -> Obj:
    """A draft without lines; nothing is told of it yet.

    With `auto_advance` it is finalized by itself an hour later, and then charged.
    """
    parent = None
    if subscription is not None:
        parent = {
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(subscription["metadata"]),
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        }
    now = account.now()
    invoice = account.new(
        "invoice",
        account_country="US",
        account_name="Cursive",
        account_tax_ids=None,
        amount_due=0,
        amount_overpaid=0,
        amount_paid=0,
        amount_remaining=0,
        amount_shipping=0,
        application=None,
        attempt_count=0,
        attempted=False,
        auto_advance=auto_advance,
        automatic_tax={
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        automatically_finalizes_at=now + DRAFT_SECONDS if auto_advance else None,
        billing_reason=reason,
        collection_method="charge_automatically",
        currency="usd",
        custom_fields=None,
        customer=customer["id"],
        customer_account=None,
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        customer_shipping=None,
        customer_tax_exempt="none",
        customer_tax_ids=[],
        default_payment_method=None,
        default_source=None,
        default_tax_rates=[],
        description=None,
        discounts=[],
        due_date=None,
        effective_at=None,
        ending_balance=None,
        footer=None,
        from_invoice=None,
        hosted_invoice_url=None,
        invoice_pdf=None,
        issuer={"type": "self"},
        last_finalization_error=None,
        latest_revision=None,
        metadata={},
        next_payment_attempt=now + DRAFT_SECONDS if auto_advance else None,
        number=None,
        on_behalf_of=None,
        parent=parent,
        payment_settings={
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        period_end=period[1],
        period_start=period[0],
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        receipt_number=None,
        rendering=None,
        shipping_cost=None,
        shipping_details=None,
        starting_balance=customer["balance"],
        statement_descriptor=None,
        status="draft",
        status_transitions={
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        subtotal=0,
        subtotal_excluding_tax=0,
        test_clock=None,
        total=0,
        total_discount_amounts=[],
        total_excluding_tax=0,
        total_pretax_credit_amounts=[],
        total_taxes=[],
        webhooks_delivered_at=now,
        _subscription=subscription["id"] if subscription else None,
        _intent=None,
    )
    invoice["lines"] = {
        "object": "list",
        "data": [],
        "has_more": False,
        "total_count": 0,
        "url": f"/v1/invoices/{invoice['id']}/lines",
    }
    return invoice


def add_line(
    account: Account,
    invoice: Obj,
    *,
    amount: int,
    description: str | None,
    period: tuple[int, int],
    parent: Obj,
    price: Obj | None,
    quantity: int = 1,
    unit_amount: Decimal | None = None,
    metadata: dict[str, Any] | None = None,
) -> Obj:
    """A further line of a draft, whose totals follow. `parent` is where the line comes from."""
    if unit_amount is None and price is not None:
        unit_amount = Decimal(price["unit_amount_decimal"])
    pricing = None
    if price is not None:
        pricing = {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": f"{(unit_amount or Decimal(0)).normalize():f}",
        }
    line = {
        "id": account.new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": "usd",
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice["id"],
        "livemode": False,
        "metadata": metadata or {},
        "parent": parent,
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": pricing,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subtotal": amount,
        "taxes": [],
    }
    invoice["lines"]["data"].append(line)
    sum_up(account, invoice)
    return line


def sum_up(account: Account, invoice: Obj) -> None:
    """Let a draft's totals follow its lines and the customer's balance."""
    customer = account.get("customer", invoice["customer"])
    total = sum(line["amount"] for line in invoice["lines"]["data"])
    invoice["lines"]["total_count"] = len(invoice["lines"]["data"])
    due = max(total + customer["balance"], 0)
    invoice |= {
        "amount_due": due,
        "amount_remaining": due,
        "starting_balance": customer["balance"],
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_excluding_tax": total,
    }


def for_subscription(subscription: Obj, item: Obj) -> Obj:
    """The `parent` of a subscription's own line."""
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": subscription["id"],
            "subscription_item": item["id"],
        },
        "type": "subscription_item_details",
    }


def for_item(item: Obj) -> Obj:
    """The `parent` of a line that was an invoice item."""
    return {
        "invoice_item_details": {
            "invoice_item": item["id"],
            "proration": item["proration"],
            "proration_details": {"credited_items": None},
            "subscription": item["_subscription"],
        },
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }
