"""How invoices are collected: finalized, charged, tried again, given up."""

from .account import Account
from .errors import Refusal
from .intents import LEAST_CENTS, attempt, give_up, new_intent
from .lines import sum_up
from .params import TEXT, Hash, OneOf
from .store import Obj

# After a failed try: how long until the next one. Then the subscription ends.
RETRY_SECONDS = (3 * 86400, 5 * 86400, 7 * 86400)
PAYMENT = Hash(
    spec={"payment_intent": TEXT, "type": OneOf(words=("payment_intent",), required=True)}
)
UNPAID = ("incomplete", "past_due", "unpaid")
UNCOLLECTED = ("draft", "open")
PURPOSES = {
    "subscription_create": "Subscription creation",
    "subscription_cycle": "Subscription update",
    "subscription_update": "Subscription update",
}


def finalize(account: Account, invoice: Obj, *, charged: Obj | None = None) -> None:
    """Make a draft final: numbered, set against the customer's balance, open or already paid.

    `charged` is a payment intent that has paid for it already, whatever the balance.
    """
    customer = account.get("customer", invoice["customer"])
    sum_up(account, invoice)
    if charged is not None:
        due = charged["amount"]
        adopt(account, invoice, charged)
        invoice["attempt_count"] = 1
    else:
        balance = customer["balance"] + invoice["total"]
        # Less than the least charge waits on the balance for the next invoice.
        due = balance if balance >= LEAST_CENTS else 0
        customer["balance"] = balance - due
    number = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] += 1
    invoice["status_transitions"]["finalized_at"] = account.now()
    invoice |= {
        "amount_due": due,
        "amount_remaining": due,
        "automatically_finalizes_at": None,
        "effective_at": account.now(),
        "ending_balance": customer["balance"],
        "hosted_invoice_url": account.page(f"/i/{invoice['id']}", ""),
        "next_payment_attempt": account.now() if invoice["auto_advance"] else None,
        "number": f"{customer['invoice_prefix']}-{number:04d}",
        "status": "open",
    }
    account.emit("invoice.finalized", invoice)
    if due == 0 or charged is not None:
        settle(account, invoice, amount=due)


def charge(
    account: Account,
    invoice: Obj,
    *,
    method: Obj | None = None,
    present: bool = False,
    planned: bool = False,
) -> Refusal | None:
    """Try to collect an open invoice; answers with the refusal, None where it is paid.

    `present` says that the customer is there, to take part where the card asks for it. Only the
    first and `planned` tries count for the plan of further ones.
    """
    method = method or _default_method(account, invoice)
    intent = account.find(invoice["_intent"]) or _new_intent(account, invoice)
    if method is None:
        refusal: Refusal | None = Refusal(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method.",
            code="invoice_payment_intent_requires_action",
        )
    else:
        refusal = attempt(account, intent, method, off_session=not present)
    counts = planned or invoice["attempt_count"] == 0
    invoice |= {"attempt_count": invoice["attempt_count"] + counts, "attempted": True}
    if refusal is None:
        settle(account, invoice, amount=invoice["amount_due"])
        return None
    if counts:
        _plan_next_try(account, invoice)
    account.emit("invoice.payment_failed", invoice)
    _after_failure(account, invoice)
    return refusal


def _default_method(account: Account, invoice: Obj) -> Obj | None:
    subscription = account.find(invoice["_subscription"]) or {}
    customer = account.get("customer", invoice["customer"])
    for key in (
        invoice["default_payment_method"],
        subscription.get("default_payment_method"),
        customer["invoice_settings"]["default_payment_method"],
    ):
        if key is not None:
            return account.get("payment_method", key)
    return None


def adopt(account: Account, invoice: Obj, intent: Obj) -> None:
    """Let an invoice be paid by a payment intent that there is already."""
    invoice["_intent"] = intent["id"]
    account.new(
        "invoice_payment",
        amount_paid=None,
        amount_requested=intent["amount"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"payment_intent": intent["id"], "type": "payment_intent"},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )


def _new_intent(account: Account, invoice: Obj) -> Obj:
    intent = new_intent(
        account,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description=PURPOSES.get(invoice["billing_reason"], "Payment for Invoice"),
        setup_future_usage="off_session" if invoice["_subscription"] else None,
    )
    adopt(account, invoice, intent)
    return intent


def _payment_of(account: Account, invoice: Obj) -> Obj | None:
    payments = account.all("invoice_payment")
    return next((one for one in payments if one["invoice"] == invoice["id"]), None)


def settle(account: Account, invoice: Obj, *, amount: int) -> None:
    """Mark an invoice as paid and tell of it; `amount` is what was charged for it."""
    payment = _payment_of(account, invoice)
    if payment is not None and amount:
        payment |= {
            "amount_paid": amount,
            "status": "paid",
            "status_transitions": {"canceled_at": None, "paid_at": account.now()},
        }
    invoice["status_transitions"]["paid_at"] = account.now()
    invoice |= {
        "amount_paid": amount,
        "amount_remaining": 0,
        "attempted": True,
        "auto_advance": False,
        "next_payment_attempt": None,
        "status": "paid",
    }
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)
    subscription = account.find(invoice["_subscription"])
    latest = subscription is not None and subscription["latest_invoice"] == invoice["id"]
    if subscription is not None and latest and subscription["status"] in UNPAID:
        account.change("customer.subscription.updated", subscription, status="active")


def _plan_next_try(account: Account, invoice: Obj) -> None:
    tries = invoice["attempt_count"] - 1
    goes_on = invoice["auto_advance"] and tries < len(RETRY_SECONDS)
    invoice["next_payment_attempt"] = account.now() + RETRY_SECONDS[tries] if goes_on else None


def _after_failure(account: Account, invoice: Obj) -> None:
    subscription = account.find(invoice["_subscription"])
    if subscription is None or subscription["latest_invoice"] != invoice["id"]:
        return
    if subscription["status"] == "active":
        account.change("customer.subscription.updated", subscription, status="past_due")
    if invoice["next_payment_attempt"] is None and subscription["status"] == "past_due":
        end(account, subscription, reason="payment_failed")


def end(account: Account, subscription: Obj, *, reason: str | None) -> None:
    """End a subscription now and tell of it."""
    schedule = account.find(subscription["schedule"])
    if schedule is not None:
        schedule |= {"canceled_at": account.now(), "current_phase": None, "status": "canceled"}
        account.emit("subscription_schedule.canceled", schedule)
    if reason is not None:
        subscription["cancellation_details"]["reason"] = reason
    subscription |= {
        "canceled_at": subscription["canceled_at"] or account.now(),
        "ended_at": account.now(),
        "schedule": None,
        "status": "canceled",
    }
    for invoice in account.all("invoice"):
        if invoice["_subscription"] == subscription["id"] and invoice["status"] in UNCOLLECTED:
            stopped = {"automatically_finalizes_at": None, "next_payment_attempt": None}
            account.change("invoice.updated", invoice, auto_advance=False, **stopped)
    account.emit("customer.subscription.deleted", subscription)


def void(account: Account, invoice: Obj) -> None:
    """Take an open invoice back and tell of it."""
    intent = account.find(invoice["_intent"])
    if intent is not None and intent["status"] != "canceled":
        give_up(account, intent, "void_invoice")
    invoice["status_transitions"]["voided_at"] = account.now()
    invoice |= {"auto_advance": False, "next_payment_attempt": None, "status": "void"}
    account.emit("invoice.voided", invoice)
