"""Subscriptions: the object, its periods, and the requests about it."""

from . import changes, collection
from .account import Account
from .cards import verdict
from .errors import Refusal, card_refused
from .intents import save_card
from .invoice_items import pending_items, take_items
from .lines import add_line, for_subscription, new_invoice
from .params import (
    METADATA,
    TEXT,
    UNSETTABLE,
    Flag,
    Hash,
    Many,
    Moment,
    OneOf,
    Param,
    Range,
    Whole,
)
from .periods import end_after
from .prices import AMOUNTS, RECURRING_NEEDED, amount_of, price_named
from .routing import listing, matching, route
from .store import Obj

FEEDBACK = (
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
)
DETAILS = Hash(spec={"comment": UNSETTABLE, "feedback": OneOf(words=FEEDBACK, unset=True)})
PRICE_DATA = Hash(spec={**AMOUNTS, "product": Param(required=True), "recurring": RECURRING_NEEDED})
ITEM = {"price": TEXT, "price_data": PRICE_DATA, "quantity": Whole(least=0), "metadata": METADATA}
STATUSES = (
    "active",
    "all",
    "canceled",
    "ended",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "unpaid",
)
ENDED = ("canceled", "incomplete_expired")


@route(
    "POST",
    "/v1/subscriptions",
    {
        "cancel_at_period_end": Flag(),
        "customer": Param(required=True),
        "default_payment_method": TEXT,
        "description": TEXT,
        "items": Many(of=Hash(spec=ITEM), required=True, most=20),
        "metadata": METADATA,
        "off_session": Flag(),
        "payment_behavior": OneOf(words=("allow_incomplete", "error_if_incomplete")),
    },
)
def create_subscription(account: Account, values: Obj) -> Obj:
    """A new subscription, charged at once to the customer's card."""
    customer = account.get("customer", values["customer"], param="customer")
    method = None
    key = (
        values.get("default_payment_method")
        or customer["invoice_settings"]["default_payment_method"]
    )
    if key is None:
        raise Refusal(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method.",
            code="resource_missing",
        )
    method = account.get("payment_method", key, param="default_payment_method")
    if values.get("payment_behavior") == "error_if_incomplete":
        code, decline_code, message = verdict(method, off_session=True)
        if code:
            raise card_refused(message, code, decline_code)
    priced = [
        (price_named(account, given, f"items[{n}]"), given)
        for n, given in enumerate(values["items"])
    ]
    subscription = new_subscription(account, customer, priced, values)
    begin(account, subscription)
    return subscription


def new_subscription(
    account: Account, customer: Obj, priced: list[tuple[Obj, Obj]], values: Obj
) -> Obj:
    """A subscription that nothing was paid for yet; nothing is told of it yet."""
    if any(price["recurring"] is None for price, _ in priced):
        raise Refusal(
            "The price specified is set to `type=one_time` but this field only accepts prices with "
            "`type=recurring`.",
            param="items[0][price]",
        )
    now = account.now()
    subscription = account.new(
        "subscription",
        application=None,
        application_fee_percent=None,
        automatic_tax={"disabled_reason": None, "enabled": False, "liability": None},
        billing_cycle_anchor=now,
        billing_cycle_anchor_config=None,
        billing_mode={
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": now,
        },
        billing_schedules=[],
        billing_thresholds=None,
        cancel_at=None,
        cancel_at_period_end=False,
        canceled_at=None,
        cancellation_details={"comment": None, "feedback": None, "reason": None},
        collection_method="charge_automatically",
        currency="usd",
        customer=customer["id"],
        customer_account=None,
        days_until_due=None,
        default_payment_method=values.get("default_payment_method"),
        default_source=None,
        default_tax_rates=[],
        description=values.get("description"),
        discounts=[],
        ended_at=None,
        invoice_settings={"account_tax_ids": None, "issuer": {"type": "self"}},
        latest_invoice=None,
        metadata=values.get("metadata") or {},
        next_pending_invoice_item_invoice=None,
        on_behalf_of=None,
        pause_collection=None,
        payment_settings={
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        pending_invoice_item_interval=None,
        pending_setup_intent=None,
        pending_update=None,
        schedule=None,
        start_date=now,
        status="incomplete",
        test_clock=None,
        transfer_data=None,
        trial_end=None,
        trial_settings={"end_behavior": {"missing_payment_method": "create_invoice"}},
        trial_start=None,
    )
    items = [new_item(account, subscription, price, given) for price, given in priced]
    subscription["items"] = {
        "object": "list",
        "data": items,
        "has_more": False,
        "total_count": len(items),
        "url": f"/v1/subscription_items?subscription={subscription['id']}",
    }
    if values.get("cancel_at_period_end"):
        subscription |= {"cancel_at_period_end": True, "cancel_at": period_end(subscription)}
    return subscription


def new_item(account: Account, subscription: Obj, price: Obj, given: Obj) -> Obj:
    """An item of a subscription, with the period that begins now."""
    anchor, now = subscription["billing_cycle_anchor"], account.now()
    return {
        "id": account.new_id("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": now,
        "current_period_end": end_after(anchor, price["recurring"], now),
        "current_period_start": now,
        "discounts": [],
        "metadata": given.get("metadata") or {},
        "plan": plan_of(price),
        "price": dict(price),
        "quantity": given.get("quantity", 1),
        "subscription": subscription["id"],
        "tax_rates": [],
    }


def plan_of(price: Obj) -> Obj:
    """The old name for a recurring price, which items still carry."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "livemode": False,
        "metadata": {},
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def items_of(subscription: Obj) -> list[Obj]:
    """A subscription's items."""
    return list(subscription["items"]["data"])


def period_end(subscription: Obj) -> int:
    """When the running period ends."""
    return max(item["current_period_end"] for item in items_of(subscription))


def begin(account: Account, subscription: Obj, *, charged: Obj | None = None) -> None:
    """Invoice the first period and tell of it all.

    `charged` is the payment intent that has paid it already, on the hosted page.
    """
    invoice = invoice_period(
        account, subscription, reason="subscription_create", waiting=charged is None
    )
    account.emit("customer.subscription.created", subscription)
    account.emit("invoice.created", invoice)
    collection.finalize(account, invoice, charged=charged)
    if invoice["status"] == "open":
        collection.charge(account, invoice)


def invoice_period(
    account: Account, subscription: Obj, *, reason: str, waiting: bool = True
) -> Obj:
    """A draft for the period that has just begun, with the items that waited for it.

    The invoice's own period is the one that has ended: what lines without a period are for.
    """
    customer = account.get("customer", subscription["customer"])
    start = items_of(subscription)[0]["current_period_start"]
    before = subscription["_period_start"] if reason == "subscription_cycle" else start
    invoice = new_invoice(
        account, customer, reason=reason, subscription=subscription, period=(before, start)
    )
    if waiting:
        take_items(account, invoice, pending_items(account, customer["id"], subscription["id"]))
    for item in items_of(subscription):
        add_line(
            account,
            invoice,
            amount=amount_of(item["price"], item["quantity"]),
            description=describe(account, item),
            period=(item["current_period_start"], item["current_period_end"]),
            parent=for_subscription(subscription, item),
            price=item["price"],
            quantity=item["quantity"],
            metadata=dict(subscription["metadata"]),
        )
    subscription["latest_invoice"] = invoice["id"]
    return invoice


def describe(account: Account, item: Obj) -> str:
    """'1 × Pro (at $49.00 / month)'."""
    product = account.get("product", item["price"]["product"])
    amount = (item["price"]["unit_amount"] or 0) / 100
    interval = item["price"]["recurring"]["interval"]
    return f"{item['quantity']} × {product['name']} (at ${amount:,.2f} / {interval})"


def remember_card(account: Account, subscription: Obj, method: Obj) -> None:
    """Charge this card for the subscription from now on; its holder has just agreed."""
    save_card(account, method, subscription["customer"])
    subscription["default_payment_method"] = method["id"]


@route("GET", "/v1/subscriptions/{id}")
def retrieve_subscription(account: Account, values: Obj, id: str) -> Obj:
    """One subscription, ended ones too."""
    return account.get("subscription", id)


@route(
    "POST",
    "/v1/subscriptions/{id}",
    {
        "billing_cycle_anchor": OneOf(words=("now", "unchanged")),
        "cancel_at": Moment(words=("min_period_end", "max_period_end"), unset=True),
        "cancel_at_period_end": Flag(),
        "cancellation_details": DETAILS,
        "default_payment_method": TEXT,
        "description": UNSETTABLE,
        "items": Many(of=Hash(spec={**ITEM, "id": TEXT, "deleted": Flag()}), most=20),
        "metadata": METADATA,
        "off_session": Flag(),
        "payment_behavior": OneOf(words=("allow_incomplete", "error_if_incomplete")),
        "proration_behavior": OneOf(words=("always_invoice", "create_prorations", "none")),
        "proration_date": Whole(least=0),
    },
)
def update_subscription(account: Account, values: Obj, id: str) -> Obj:
    """Change a subscription: its price, its card, when it ends."""
    subscription = living(account, id)
    changes.update(account, subscription, values)
    return subscription


@route(
    "DELETE",
    "/v1/subscriptions/{id}",
    {"cancellation_details": DETAILS, "invoice_now": Flag(), "prorate": Flag()},
)
def cancel_subscription(account: Account, values: Obj, id: str) -> Obj:
    """End a subscription at once; items that wait stay, unless they are invoiced now."""
    subscription = living(account, id)
    changes.note_details(subscription, values)
    if values.get("prorate"):
        changes.credit_rest(account, subscription)
    if values.get("invoice_now"):
        bill_pending(account, subscription)
    collection.end(account, subscription, reason="cancellation_requested")
    return subscription


def bill_pending(account: Account, subscription: Obj, *, reason: str = "manual") -> None:
    """Invoice and charge the items that wait, where there are any."""
    items = pending_items(account, subscription["customer"], subscription["id"])
    if not items:
        return
    customer = account.get("customer", subscription["customer"])
    now = account.now()
    invoice = new_invoice(
        account, customer, reason=reason, subscription=subscription, period=(now, now)
    )
    take_items(account, invoice, items)
    account.emit("invoice.created", invoice)
    collection.finalize(account, invoice)
    if invoice["status"] == "open":
        collection.charge(account, invoice)


def living(account: Account, key: str) -> Obj:
    """A subscription that may still change; one that has ended is refused as Stripe does."""
    subscription = account.get("subscription", key)
    if subscription["status"] in ENDED:
        raise Refusal(
            f"No such subscription: '{key}'", status=404, code="resource_missing", param="id"
        )
    return subscription


@listing(
    "/v1/subscriptions",
    {
        "created": Range(),
        "customer": TEXT,
        "price": TEXT,
        "status": OneOf(words=STATUSES),
    },
)
def list_subscriptions(account: Account, values: Obj) -> list[Obj]:
    """Subscriptions, newest first; without the ended ones unless `status` asks for them."""
    found = matching(account.all("subscription"), values, "customer")
    status = values.get("status")
    if status is None:
        found = [one for one in found if one["status"] not in ENDED]
    elif status == "ended":
        found = [one for one in found if one["status"] in ENDED]
    elif status != "all":
        found = [one for one in found if one["status"] == status]
    price = values.get("price")
    return [
        one for one in found if price is None or price in [i["price"]["id"] for i in items_of(one)]
    ]
