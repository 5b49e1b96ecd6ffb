"""What the customer does on the hosted page of a Checkout session."""

from . import subscriptions
from .account import Account
from .cards import card_of, new_method
from .charges import new_charge
from .customers import new_customer
from .errors import Refusal
from .intents import attempt, new_intent
from .store import Obj


def pay(
    account: Account, session: Obj, *, number: str, email: str = "", delayed: bool = False
) -> Refusal | None:
    """Pay a session with a test card; answers with the card's refusal, None where it is complete.

    A `delayed` payment (a bank debit) completes the session unpaid; `settle` tells how it went.
    Raises Refusal where the session isn't open any more.
    """
    if session["status"] != "open":
        raise Refusal(f"This Checkout Session is {session['status']}.")
    if delayed and session["mode"] != "payment":
        raise Refusal("Delayed payments are for `payment` mode.")
    customer = account.find(session["customer"])
    email = email or (customer or {}).get("email") or session["customer_email"] or ""
    method = new_method(account, number, email=email or None)
    free = session["amount_total"] == 0
    intent = account.find(session["_intent"])
    if intent is None and not free:
        intent = _intent(account, session, customer)
    if intent is None:
        pass
    elif delayed:
        intent |= {"payment_method": method["id"], "status": "processing"}
        account.emit("payment_intent.processing", intent)
    else:
        refusal = attempt(account, intent, method, off_session=False)
        if refusal is not None:
            return refusal
    if customer is None and session["customer_creation"] == "always":
        customer = new_customer(account, email=email or None)
        account.emit("customer.created", customer)
        if intent is not None:
            intent["customer"] = customer["id"]
    details = {**(session["customer_details"] or {}), "email": email or None}
    session |= {
        "customer": customer["id"] if customer else None,
        "customer_details": details,
        "payment_status": "no_payment_required" if free else "unpaid" if delayed else "paid",
        "status": "complete",
        "url": None,
    }
    if session["mode"] == "payment":
        session["payment_intent"] = intent["id"] if intent else None
    else:
        assert customer is not None
        _subscribe(account, session, customer, method, intent)
    account.emit("checkout.session.completed", session)
    return None


def _intent(account: Account, session: Obj, customer: Obj | None) -> Obj:
    data = session["_payment"]
    subscribes = session["mode"] == "subscription"
    intent = new_intent(
        account,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=customer["id"] if customer else None,
        description="Subscription creation" if subscribes else data.get("description"),
        metadata=data.get("metadata") or {},
        receipt_email=data.get("receipt_email"),
        setup_future_usage="off_session" if subscribes else data.get("setup_future_usage"),
    )
    session["_intent"] = intent["id"]
    return intent


def _subscribe(
    account: Account, session: Obj, customer: Obj, method: Obj, intent: Obj | None
) -> None:
    priced = [(line["price"], {"quantity": line["quantity"]}) for line in session["_line_items"]]
    data = session["_subscription_data"]
    subscription = subscriptions.new_subscription(account, customer, priced, data)
    subscriptions.remember_card(account, subscription, method)
    subscriptions.begin(account, subscription, charged=intent)
    session |= {
        "invoice": subscription["latest_invoice"],
        "subscription": subscription["id"],
    }


def settle(account: Account, session: Obj, *, paid: bool) -> None:
    """Let a delayed payment arrive, or fail days later; tells of it."""
    intent = account.get("payment_intent", session["payment_intent"])
    if intent["status"] != "processing":
        raise Refusal("This Checkout Session doesn't wait for a payment.")
    method = account.get("payment_method", intent["payment_method"])
    if paid:
        assert not card_of(method).code
        attempt(account, intent, method, off_session=False)
        session["payment_status"] = "paid"
        account.emit("checkout.session.async_payment_succeeded", session)
        return
    message = "The customer's bank has refused the debit."
    charge = new_charge(
        account, intent, method, ("payment_intent_payment_attempt_failed", "", message)
    )
    intent |= {
        "last_payment_error": {
            "charge": charge["id"],
            "code": "payment_intent_payment_attempt_failed",
            "message": message,
            "type": "card_error",
        },
        "latest_charge": charge["id"],
        "payment_method": None,
        "status": "requires_payment_method",
    }
    account.emit("charge.failed", charge)
    account.emit("payment_intent.payment_failed", intent)
    account.emit("checkout.session.async_payment_failed", session)
