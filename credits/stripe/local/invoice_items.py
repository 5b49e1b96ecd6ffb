"""Invoice items: amounts that wait for the customer's next invoice."""

from decimal import Decimal

from .account import Account, with_metadata
from .errors import Refusal
from .lines import add_line, for_item, sum_up
from .params import (
    METADATA,
    TEXT,
    UNSETTABLE,
    Currency,
    Exact,
    Flag,
    Hash,
    Param,
    Range,
    Whole,
    exclusive,
)
from .prices import AMOUNTS, unit_amount_of, whole_cents
from .routing import listing, matching, route
from .store import Obj

PERIOD = Hash(spec={"start": Whole(required=True), "end": Whole(required=True)})
PRICE_DATA = Hash(spec={**AMOUNTS, "product": Param(required=True)})
PRICING = Hash(spec={"price": TEXT})


@route(
    "POST",
    "/v1/invoiceitems",
    {
        "amount": Whole(),
        "currency": Currency(),
        "customer": Param(required=True),
        "description": TEXT,
        "discountable": Flag(),
        "invoice": TEXT,
        "metadata": METADATA,
        "period": PERIOD,
        "price_data": PRICE_DATA,
        "pricing": PRICING,
        "quantity": Whole(least=0),
        "subscription": TEXT,
        "unit_amount_decimal": Exact(),
    },
)
def create_item(account: Account, values: Obj) -> Obj:
    """An amount for the next invoice, or for a draft that `invoice` names."""
    customer = account.get("customer", values["customer"], param="customer")
    exclusive(values, ("amount", "unit_amount_decimal", "pricing", "price_data"))
    if "amount" in values and "quantity" in values:
        raise Refusal(
            "You cannot specify both `amount` and `quantity`; use `unit_amount_decimal`.",
            code="parameters_exclusive",
            param="quantity",
        )
    if ({"amount", "unit_amount_decimal"} & values.keys()) and "currency" not in values:
        raise Refusal(
            "Missing required param: currency.", code="parameter_missing", param="currency"
        )
    draft = _draft(account, values["invoice"], customer) if "invoice" in values else None
    if "subscription" in values:
        account.get("subscription", values["subscription"], param="subscription")
    price = _price(account, values)
    unit_amount = _unit_amount(values, price["unit_amount_decimal"])
    item = new_item(
        account,
        customer["id"],
        price=price,
        unit_amount=unit_amount,
        quantity=values.get("quantity", 1),
        description=values.get("description"),
        period=values.get("period"),
        subscription=values.get("subscription"),
        metadata=values.get("metadata") or {},
    )
    account.emit("invoiceitem.created", item)
    if draft is not None:
        take_items(account, draft, [item])
        account.emit("invoice.updated", draft)
    return item


def _draft(account: Account, key: str, customer: Obj) -> Obj:
    draft = account.get("invoice", key, param="invoice")
    if draft["customer"] != customer["id"]:
        raise Refusal("The invoice is another customer's.", param="invoice")
    if draft["status"] != "draft":
        raise Refusal(
            "Finalized invoices can't be updated in this way", code="invoice_not_editable"
        )
    return draft


def _unit_amount(values: Obj, otherwise: str) -> Decimal:
    for name in ("unit_amount_decimal", "amount"):
        if name in values:
            return Decimal(values[name])
    return Decimal(otherwise)


def _price(account: Account, values: Obj) -> Obj:
    if "pricing" in values:
        return account.get("price", values["pricing"].get("price", ""), param="pricing[price]")
    if "price_data" in values:
        data = values["price_data"]
        exclusive(data, ("unit_amount", "unit_amount_decimal"))
        account.get("product", data["product"], param="price_data[product]")
        exact = str(unit_amount_of(data))
        return {"id": None, "product": data["product"], "unit_amount_decimal": exact}
    return {"id": None, "product": None, "unit_amount_decimal": "0"}


def new_item(
    account: Account,
    customer: str,
    *,
    price: Obj,
    unit_amount: Decimal,
    quantity: int = 1,
    description: str | None = None,
    period: Obj | None = None,
    subscription: str | None = None,
    metadata: Obj | None = None,
    proration: bool = False,
) -> Obj:
    """A pending item; nothing is told of it yet."""
    now = account.now()
    amount = whole_cents(unit_amount * quantity)
    parent = None
    if subscription is not None:
        parent = {
            "subscription_details": {"subscription": subscription, "subscription_item": None},
            "type": "subscription_details",
        }
    item = account.new(
        "invoiceitem",
        amount=amount,
        currency="usd",
        customer=customer,
        customer_account=None,
        date=now,
        description=description,
        discountable=not proration,
        discounts=[],
        invoice=None,
        metadata=metadata or {},
        net_amount=amount,
        parent=parent,
        period=period or {"start": now, "end": now},
        pricing={
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": f"{unit_amount.normalize():f}",
        },
        proration=proration,
        proration_details=None,
        quantity=quantity,
        quantity_decimal=str(quantity),
        tax_rates=[],
        test_clock=None,
        _subscription=subscription,
    )
    # An invoice item has a date, and no time of creation.
    item["_created"] = item.pop("created")
    return item


def pending_items(
    account: Account, customer: str, subscription: str | None = None, *, only: bool = False
) -> list[Obj]:
    """A customer's items that no invoice has yet: those of no subscription and of this one.

    `only` leaves out those of no subscription.
    """
    wanted = {subscription} if only else {subscription, None}
    return [
        item
        for item in account.all("invoiceitem")
        if item["customer"] == customer
        and item["invoice"] is None
        and item["_subscription"] in wanted
    ]


def take_items(account: Account, invoice: Obj, items: list[Obj]) -> None:
    """Turn items into lines of a draft."""
    for item in items:
        item["invoice"] = invoice["id"]
        details = item["pricing"]["price_details"]
        add_line(
            account,
            invoice,
            amount=item["amount"],
            description=item["description"],
            period=(item["period"]["start"], item["period"]["end"]),
            parent=for_item(item),
            price={"id": details["price"], "product": details["product"]},
            quantity=item["quantity"],
            unit_amount=Decimal(item["pricing"]["unit_amount_decimal"]),
            metadata=item["metadata"],
        )


def _open_item(account: Account, key: str) -> tuple[Obj, Obj | None]:
    """(an item that may still change, the draft that holds it)."""
    item = account.get("invoiceitem", key)
    draft = account.find(item["invoice"])
    if draft is not None and draft["status"] != "draft":
        raise Refusal(
            "This invoice item's invoice is no longer editable.", code="invoice_not_editable"
        )
    return item, draft


@route("GET", "/v1/invoiceitems/{id}")
def retrieve_item(account: Account, values: Obj, id: str) -> Obj:
    """One item."""
    return account.get("invoiceitem", id)


@route(
    "POST",
    "/v1/invoiceitems/{id}",
    {
        "amount": Whole(),
        "description": UNSETTABLE,
        "metadata": METADATA,
        "period": PERIOD,
        "quantity": Whole(least=0),
        "unit_amount_decimal": Exact(),
    },
)
def update_item(account: Account, values: Obj, id: str) -> Obj:
    """Change an item that no final invoice holds."""
    exclusive(values, ("amount", "unit_amount_decimal"), needed=False)
    item, draft = _open_item(account, id)
    pricing = item["pricing"]
    unit_amount = _unit_amount(values, pricing["unit_amount_decimal"])
    quantity: int = 1 if "amount" in values else {**item, **values}["quantity"]
    amount = whole_cents(unit_amount * quantity)
    item |= {
        "amount": amount,
        "net_amount": amount,
        "description": values.get("description", item["description"]) or None,
        "period": values.get("period", item["period"]),
        "pricing": {**pricing, "unit_amount_decimal": f"{unit_amount.normalize():f}"},
        "quantity": quantity,
        "quantity_decimal": str(quantity),
    }
    if "metadata" in values:
        item["metadata"] = with_metadata(item, values["metadata"])
    if draft is not None:
        _drop_line(account, draft, id)
        take_items(account, draft, [item])
    return item


@route("DELETE", "/v1/invoiceitems/{id}")
def delete_item(account: Account, values: Obj, id: str) -> Obj:
    """Delete an item that no final invoice holds."""
    item, draft = _open_item(account, id)
    if draft is not None:
        _drop_line(account, draft, id)
    account.emit("invoiceitem.deleted", item)
    account.store.remove(id)
    return {"id": id, "object": "invoiceitem", "deleted": True}


def _drop_line(account: Account, draft: Obj, key: str) -> None:
    lines = draft["lines"]
    lines["data"] = [
        line
        for line in lines["data"]
        if (line["parent"]["invoice_item_details"] or {}).get("invoice_item") != key
    ]
    sum_up(account, draft)


@listing(
    "/v1/invoiceitems",
    {"created": Range(), "customer": TEXT, "invoice": TEXT, "pending": Flag()},
)
def list_items(account: Account, values: Obj) -> list[Obj]:
    """Items, newest first; `pending` for those that no invoice has yet."""
    created = values.pop("created", None)
    found = matching(account.all("invoiceitem"), values, "customer", "invoice")
    found = [one for one in found if matching([{"created": one["_created"]}], {"created": created})]
    pending = values.get("pending")
    return [one for one in found if pending is None or (one["invoice"] is None) == pending]
