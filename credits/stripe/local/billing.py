"""What time brings: renewals, invoices that close, further tries, endings, sessions that expire."""

from collections.abc import Callable

from . import changes, checkout, collection, schedules, subscriptions
from .account import Account
from .periods import end_after
from .store import Obj

Due = tuple[int, str, Callable[[], None]]
UNPAID_SECONDS = 23 * 3600


def advance(account: Account, to: int) -> None:
    """Do all that is due until a moment, each at its own time; then let the clock run on there."""
    with account.lock:
        try:
            while (due := _next(account, to)) is not None:
                account.stop_at(max(due[0], account.now()))
                due[2]()
        finally:
            account.stop_at(None)
            account.move_to(to)
            account.store.save()


def _next(account: Account, to: int) -> Due | None:
    """What is due first; at the same moment, what is oldest."""
    due = [one for one in _all_due(account) if one[0] <= to]
    return min(due, key=lambda one: one[0], default=None)


def _all_due(account: Account) -> list[Due]:
    found: list[Due] = []
    for subscription in account.all("subscription"):
        found += _due_of_subscription(account, subscription)
    for invoice in account.all("invoice"):
        if invoice["status"] == "draft" and invoice["automatically_finalizes_at"] is not None:
            found.append(
                (invoice["automatically_finalizes_at"], "close", _closing(account, invoice))
            )
        elif invoice["status"] == "open" and invoice["next_payment_attempt"] is not None:
            found.append((invoice["next_payment_attempt"], "charge", _charging(account, invoice)))
    for session in account.all("checkout.session"):
        if session["status"] == "open":
            found.append((session["expires_at"], "expire", _expiring(account, session)))
    return found


def _due_of_subscription(account: Account, subscription: Obj) -> list[Due]:
    if subscription["status"] in subscriptions.ENDED:
        return []
    if subscription["status"] == "incomplete":
        moment = subscription["created"] + UNPAID_SECONDS
        return [(moment, "give up", lambda: _give_up(account, subscription))]
    end = subscriptions.period_end(subscription)
    last = subscription["cancel_at"]
    if last is not None and last <= end:
        return [(last, "end", lambda: _end(account, subscription))]
    return [(end, "renew", lambda: renew(account, subscription))]


def renew(account: Account, subscription: Obj) -> None:
    """Begin the next period: at the price that the schedule says, with a draft for it."""
    before = {**subscription}
    subscription["_period_start"] = subscriptions.items_of(subscription)[0]["current_period_start"]
    wanted = schedules.enter_phase(account, subscription)
    anchor = subscription["billing_cycle_anchor"]
    items = []
    for item in subscriptions.items_of(subscription) if wanted is None else wanted:
        start = item["current_period_end"]
        items.append(
            {
                **item,
                "current_period_start": start,
                "current_period_end": end_after(anchor, item["price"]["recurring"], start),
            }
        )
    subscription["items"] = {**subscription["items"], "data": items, "total_count": len(items)}
    invoice = subscriptions.invoice_period(account, subscription, reason="subscription_cycle")
    account.emit("invoice.created", invoice)
    changes.tell(account, subscription, before)


def _end(account: Account, subscription: Obj) -> None:
    if subscription["cancel_at"] == subscriptions.period_end(subscription):
        subscriptions.bill_pending(account, subscription, reason="subscription_cycle")
    collection.end(account, subscription, reason=None)


def _give_up(account: Account, subscription: Obj) -> None:
    invoice = account.find(subscription["latest_invoice"])
    subscription |= {"ended_at": account.now(), "status": "incomplete_expired"}
    account.emit("customer.subscription.updated", subscription, {"status": "incomplete"})
    if invoice is not None and invoice["status"] == "open":
        collection.void(account, invoice)


def _closing(account: Account, invoice: Obj) -> Callable[[], None]:
    return lambda: collection.finalize(account, invoice)


def _charging(account: Account, invoice: Obj) -> Callable[[], None]:
    def charge() -> None:
        collection.charge(account, invoice, planned=True)

    return charge


def _expiring(account: Account, session: Obj) -> Callable[[], None]:
    return lambda: checkout.expire(account, session)
