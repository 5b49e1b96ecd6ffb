"""What customers do in the portal, as its configuration lets them."""

from . import changes, collection, schedules, subscriptions
from .account import Account
from .cards import new_method, refuse_unsaveable, verdict
from .customers import set_default_method
from .errors import Refusal, card_refused
from .intents import save_card
from .prices import price_named
from .store import Obj


def running(account: Account, customer: str) -> list[Obj]:
    """A customer's subscriptions that haven't ended, newest first."""
    return [
        one
        for one in reversed(account.all("subscription"))
        if one["customer"] == customer and one["status"] not in subscriptions.ENDED
    ]


def offers(account: Account, configuration: Obj) -> list[Obj]:
    """The prices that a customer may change to."""
    feature = configuration["features"]["subscription_update"]
    if not feature["enabled"]:
        return []
    keys = [key for product in feature["products"] for key in product["prices"]]
    found = [account.find(key) for key in keys]
    return [price for price in found if price is not None and price["active"]]


def waits(configuration: Obj, subscription: Obj, price: Obj) -> bool:
    """Whether a change to this price waits for the end of the period."""
    feature = configuration["features"]["subscription_update"]
    conditions = {one["type"] for one in feature["schedule_at_period_end"]["conditions"]}
    item = subscriptions.items_of(subscription)[0]
    cheaper = (price["unit_amount"] or 0) < (item["price"]["unit_amount"] or 0)
    return cheaper and "decreasing_item_amount" in conditions


def change_plan(account: Account, configuration: Obj, subscription: Obj, key: str) -> None:
    """Change the price: at once, or as a schedule that waits for the period's end."""
    price = price_named(account, {"price": key}, "price")
    if key not in [offer["id"] for offer in offers(account, configuration)]:
        raise Refusal("This plan isn't offered.")
    drop_schedule(account, subscription)
    item = subscriptions.items_of(subscription)[0]
    if item["price"]["id"] == key:
        return
    if waits(configuration, subscription, price):
        _change_later(account, subscription, item, price)
        return
    _refuse_unpayable(account, subscription)
    before = {**subscription}
    feature = configuration["features"]["subscription_update"]
    changes.set_end(account, subscription, None, at_period_end=False)
    invoice = changes.change_items(
        account,
        subscription,
        [({**item}, price)],
        restart=feature["billing_cycle_anchor"] == "now",
        proration=feature["proration_behavior"],
    )
    changes.tell(account, subscription, before)
    if invoice is not None:
        changes.collect(account, invoice)


def _change_later(account: Account, subscription: Obj, item: Obj, price: Obj) -> None:
    schedule = schedules.new_schedule(account, subscription)
    phases = list(schedule["phases"])
    start = phases[-1]["end_date"]
    given = {"items": [{"price": price["id"], "quantity": item["quantity"]}]}
    phases.append(schedules.later_phase(account, given, start))
    account.change("subscription_schedule.updated", schedule, phases=phases)


def drop_schedule(account: Account, subscription: Obj) -> None:
    """Forget a change that waits."""
    schedule = account.find(subscription["schedule"])
    if schedule is not None:
        schedules.release(account, schedule)


def coming(account: Account, subscription: Obj) -> tuple[Obj, int] | None:
    """(the price that waits, when it comes), or None."""
    schedule = account.find(subscription["schedule"])
    now = account.now()
    for phase in schedule["phases"] if schedule else []:
        price = account.get("price", phase["items"][0]["price"])
        current = subscriptions.items_of(subscription)[0]["price"]["id"]
        if phase["start_date"] > now and price["id"] != current:
            return price, phase["start_date"]
    return None


def _refuse_unpayable(account: Account, subscription: Obj) -> None:
    key = subscription["default_payment_method"]
    method = account.find(key)
    if method is None:
        raise Refusal("Add a card first.")
    code, decline_code, sentence = verdict(method, off_session=False)
    if code:
        raise card_refused(sentence, code, decline_code)


def cancel(account: Account, configuration: Obj, subscription: Obj) -> None:
    """End the plan: with its period, or at once. With its period only `cancel_at` says so."""
    feature = configuration["features"]["subscription_cancel"]
    if not feature["enabled"]:
        raise Refusal("Plans can't be canceled here.")
    drop_schedule(account, subscription)
    if feature["mode"] == "immediately":
        if feature["proration_behavior"] != "none":
            changes.credit_rest(account, subscription)
        collection.end(account, subscription, reason="cancellation_requested")
        return
    before = {**subscription}
    # Subscriptions with flexible billing keep cancel_at_period_end false here, as at Stripe.
    end = subscriptions.period_end(subscription)
    changes.set_end(account, subscription, end, at_period_end=False)
    changes.tell(account, subscription, before)


def resume(account: Account, subscription: Obj) -> None:
    """Let a plan go on that was to end, or to change."""
    drop_schedule(account, subscription)
    before = {**subscription}
    changes.set_end(account, subscription, None, at_period_end=False)
    changes.tell(account, subscription, before)


def update_card(account: Account, customer: Obj, number: str) -> None:
    """Charge another card from now on. Refused for cards that can't be saved."""
    method = new_method(account, number, email=customer["email"])
    refuse_unsaveable(method)
    save_card(account, method, customer["id"])
    set_default_method(account, customer, method["id"])
    for subscription in running(account, customer["id"]):
        account.change(
            "customer.subscription.updated", subscription, default_payment_method=method["id"]
        )
