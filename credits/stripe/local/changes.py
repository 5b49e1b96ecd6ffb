"""Changes of running subscriptions: prices at once or at the period's end, and endings."""

from decimal import Decimal

from . import collection, subscriptions
from .account import Account, with_metadata
from .cards import verdict
from .errors import Refusal, card_refused
from .invoice_items import new_item, pending_items, take_items
from .lines import new_invoice
from .periods import end_after
from .prices import amount_of, price_named
from .store import Obj


def update(account: Account, subscription: Obj, values: Obj) -> None:
    """What POST /v1/subscriptions/:id asks for; one event tells of it all."""
    if "cancel_at" in values and "cancel_at_period_end" in values:
        raise Refusal(
            "You may only specify one of these parameters: cancel_at, cancel_at_period_end.",
            code="parameters_exclusive",
            param="cancel_at",
        )
    before = _state(subscription)
    if "default_payment_method" in values:
        key = values["default_payment_method"]
        method = account.get("payment_method", key, param="default_payment_method")
        if method["customer"] != subscription["customer"]:
            raise Refusal(
                "The payment method must be attached to the subscription's customer.",
                param="default_payment_method",
            )
    _refuse_unpayable(account, subscription, values)
    if {"cancel_at", "cancel_at_period_end"} & values.keys():
        _set_end(account, subscription, values)
    note_details(subscription, values)
    for name in ("default_payment_method", "description"):
        if name in values:
            subscription[name] = values[name] or None
    if "metadata" in values:
        subscription["metadata"] = with_metadata(subscription, values["metadata"])
    invoice = None
    if "items" in values or values.get("billing_cycle_anchor") == "now":
        invoice = change_items(
            account,
            subscription,
            _wanted(account, subscription, values.get("items", [])),
            restart=values.get("billing_cycle_anchor") == "now",
            proration=values.get("proration_behavior", "create_prorations"),
            at=values.get("proration_date"),
        )
    tell(account, subscription, before)
    if invoice is not None:
        collect(account, invoice)


def _state(subscription: Obj) -> Obj:
    return {**subscription, "items": {**subscription["items"]}}


def tell(account: Account, subscription: Obj, before: Obj) -> None:
    """The event of a change, with what differs from `before`; none where nothing does."""
    previous = {
        key: old
        for key, old in before.items()
        if subscription.get(key) != old and not key.startswith("_")
    }
    if previous:
        account.emit("customer.subscription.updated", subscription, previous)


def _refuse_unpayable(account: Account, subscription: Obj, values: Obj) -> None:
    if values.get("payment_behavior") != "error_if_incomplete" or "items" not in values:
        return
    customer = account.get("customer", subscription["customer"])
    key = (
        values.get("default_payment_method")
        or subscription["default_payment_method"]
        or customer["invoice_settings"]["default_payment_method"]
    )
    if key is None:
        raise Refusal("This customer has no default payment method.", code="resource_missing")
    method = account.get("payment_method", key)
    code, decline_code, message = verdict(method, off_session=True)
    if code:
        raise card_refused(message, code, decline_code)


def _set_end(account: Account, subscription: Obj, values: Obj) -> None:
    if subscription["schedule"] is not None:
        raise Refusal(
            "The subscription is managed by the subscription schedule "
            f"`{subscription['schedule']}`, and updating any cancelation behavior directly is not "
            "allowed. Please update the schedule instead."
        )
    end = subscriptions.period_end(subscription)
    at_period_end = values.get("cancel_at_period_end", False)
    moment = end if at_period_end else values.get("cancel_at") or None
    if isinstance(moment, str):
        moment = end
    if moment is not None and moment <= account.now():
        raise Refusal("The cancel_at timestamp must be in the future.", param="cancel_at")
    set_end(account, subscription, moment, at_period_end=at_period_end)


def set_end(
    account: Account, subscription: Obj, moment: int | None, *, at_period_end: bool
) -> None:
    """Let a subscription end at a moment, or go on; tells nothing of it."""
    subscription |= {
        "cancel_at": moment,
        "cancel_at_period_end": at_period_end,
        "canceled_at": account.now() if moment is not None else None,
        "cancellation_details": {
            **subscription["cancellation_details"],
            "reason": "cancellation_requested" if moment is not None else None,
        },
    }


def note_details(subscription: Obj, values: Obj) -> None:
    """Keep why the customer leaves."""
    given = {key: word or None for key, word in values.get("cancellation_details", {}).items()}
    if given:
        subscription["cancellation_details"] = subscription["cancellation_details"] | given


def _wanted(account: Account, subscription: Obj, given: list[Obj]) -> list[tuple[Obj, Obj]]:
    """(item, price) pairs as they are to be; the items are copies with their new quantity."""
    wanted = [(dict(item), item["price"]) for item in subscriptions.items_of(subscription)]
    for index, change in enumerate(given):
        name = f"items[{index}]"
        if "id" not in change:
            price = price_named(account, change, name)
            wanted.append((subscriptions.new_item(account, subscription, price, change), price))
            continue
        place = next((n for n, (item, _) in enumerate(wanted) if item["id"] == change["id"]), None)
        if place is None:
            raise Refusal(
                f"No such subscription_item: '{change['id']}'",
                code="resource_missing",
                param=f"{name}[id]",
            )
        item, price = wanted[place]
        if change.get("deleted"):
            del wanted[place]
            continue
        if {"price", "price_data"} & change.keys():
            price = price_named(account, change, name)
        item["quantity"] = change.get("quantity", item["quantity"])
        wanted[place] = (item, price)
    if not wanted:
        raise Refusal("A subscription must have at least one active plan.", param="items")
    return wanted


def change_items(
    account: Account,
    subscription: Obj,
    wanted: list[tuple[Obj, Obj]],
    *,
    restart: bool = False,
    proration: str = "create_prorations",
    at: int | None = None,
) -> Obj | None:
    """Give the subscription other items now; answers with a draft that is due at once, if any.

    Where the interval changes, or with `restart`, a new period begins. `proration` credits the
    rest of the old period and charges that of the new one: on the next invoice or at once.
    """
    moment = at if at is not None else account.now()
    old = subscriptions.items_of(subscription)
    start, end = old[0]["current_period_start"], old[0]["current_period_end"]
    if not start <= moment <= end:
        raise Refusal("The proration date is outside the current period.", param="proration_date")
    interval = old[0]["price"]["recurring"]["interval"]
    restart = restart or any(price["recurring"]["interval"] != interval for _, price in wanted)
    credits = [(item, item["price"]) for item in old] if proration != "none" else []
    charges = wanted if proration != "none" and not restart else []
    for pairs, sign, words in ((credits, -1, "Unused time on"), (charges, 1, "Remaining time on")):
        for item, price in pairs:
            if (item["id"], item["quantity"], price["id"]) in _unchanged(old, wanted, restart):
                continue
            _prorate(account, subscription, item, price, sign, words, moment, (start, end))
    if restart:
        subscription["billing_cycle_anchor"] = account.now()
    _set_items(account, subscription, wanted, restart=restart)
    if restart:
        invoice = subscriptions.invoice_period(account, subscription, reason="subscription_update")
        account.emit("invoice.created", invoice)
        return invoice
    if proration == "always_invoice":
        return _invoice_prorations(account, subscription)
    return None


def _unchanged(
    old: list[Obj], wanted: list[tuple[Obj, Obj]], restart: bool
) -> set[tuple[str, int, str]]:
    if restart:
        return set()
    before = {(item["id"], item["quantity"], item["price"]["id"]) for item in old}
    return before & {(item["id"], item["quantity"], price["id"]) for item, price in wanted}


def _set_items(
    account: Account, subscription: Obj, wanted: list[tuple[Obj, Obj]], *, restart: bool
) -> None:
    anchor, now = subscription["billing_cycle_anchor"], account.now()
    items = []
    for item, price in wanted:
        item = {**item, "price": dict(price), "plan": subscriptions.plan_of(price)}
        if restart:
            item["current_period_start"] = now
            item["current_period_end"] = end_after(anchor, price["recurring"], now)
        items.append(item)
    subscription["items"] = {
        **subscription["items"],
        "data": items,
        "total_count": len(items),
    }


def _prorate(
    account: Account,
    subscription: Obj,
    item: Obj,
    price: Obj,
    sign: int,
    words: str,
    moment: int,
    period: tuple[int, int],
) -> None:
    share = Decimal(period[1] - moment) / Decimal(period[1] - period[0])
    product = account.get("product", price["product"])
    amount = Decimal(sign * amount_of(price, item["quantity"])) * share
    made = new_item(
        account,
        subscription["customer"],
        price=price,
        unit_amount=amount.quantize(Decimal(1), rounding="ROUND_HALF_UP"),
        description=f"{words} {product['name']}",
        period={"start": moment, "end": period[1]},
        subscription=subscription["id"],
        proration=True,
    )
    account.emit("invoiceitem.created", made)


def credit_rest(account: Account, subscription: Obj) -> None:
    """Credit the rest of the period that was paid ahead."""
    for item in subscriptions.items_of(subscription):
        period = (item["current_period_start"], item["current_period_end"])
        words = "Unused time on"
        now = account.now()
        _prorate(account, subscription, item, item["price"], -1, words, now, period)


def _invoice_prorations(account: Account, subscription: Obj) -> Obj | None:
    items = pending_items(account, subscription["customer"], subscription["id"])
    if not items:
        return None
    customer = account.get("customer", subscription["customer"])
    now = account.now()
    invoice = new_invoice(
        account,
        customer,
        reason="subscription_update",
        subscription=subscription,
        period=(now, now),
    )
    take_items(account, invoice, items)
    subscription["latest_invoice"] = invoice["id"]
    account.emit("invoice.created", invoice)
    return invoice


def collect(account: Account, invoice: Obj) -> None:
    """Finalize a draft and charge it, without waiting the hour."""
    collection.finalize(account, invoice)
    if invoice["status"] == "open":
        collection.charge(account, invoice)
