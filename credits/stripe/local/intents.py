"""Payment intents: one payment with all its tries."""

from .account import Account, public, with_metadata
from .cards import card_of, keep, method_named, verdict
from .charges import new_charge
from .errors import BadParams, Refusal, card_refused
from .params import (
    METADATA,
    TEXT,
    UNSETTABLE,
    Address,
    Currency,
    Flag,
    Hash,
    Many,
    OneOf,
    Param,
    Range,
    Whole,
)
from .routing import listing, matching, route
from .store import Obj

LEAST_CENTS = 50
UNFINISHED = ("requires_payment_method", "requires_confirmation", "requires_action")
CONFIRMING = {
    "off_session": Flag(),
    "payment_method": TEXT,
    "return_url": Address(),
    "setup_future_usage": OneOf(words=("off_session", "on_session")),
    "receipt_email": UNSETTABLE,
    "error_on_requires_action": Flag(),
}


@route(
    "POST",
    "/v1/payment_intents",
    {
        **CONFIRMING,
        "amount": Whole(required=True, least=1),
        "automatic_payment_methods": Hash(
            spec={
                "enabled": Flag(required=True),
                "allow_redirects": OneOf(words=("always", "never")),
            }
        ),
        "capture_method": OneOf(words=("automatic", "automatic_async")),
        "confirm": Flag(),
        "currency": Currency(required=True),
        "customer": TEXT,
        "description": TEXT,
        "metadata": METADATA,
        "allowed_payment_method_types": Many(of=OneOf(words=("card",))),
        "statement_descriptor_suffix": TEXT,
    },
)
def create_intent(account: Account, values: Obj) -> Obj:
    """A new payment, tried at once where `confirm` says so."""
    if values["amount"] < LEAST_CENTS:
        raise BadParams(
            "Amount must be at least $0.50 usd", code="amount_too_small", param="amount"
        )
    if not values.get("confirm"):
        for name in ("off_session", "error_on_requires_action"):
            if name in values:
                raise BadParams(f"You can only set `{name}` when `confirm` is `true`.", param=name)
    if "customer" in values:
        account.get("customer", values["customer"], param="customer")
    method = _method(account, values.get("customer"), values)
    intent = new_intent(
        account,
        amount=values["amount"],
        currency=values["currency"],
        customer=values.get("customer"),
        description=values.get("description"),
        metadata=values.get("metadata") or {},
        receipt_email=values.get("receipt_email") or None,
        setup_future_usage=values.get("setup_future_usage"),
    )
    if method is not None:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    return confirm(account, intent, values) if values.get("confirm") else intent


def new_intent(account: Account, **values: object) -> Obj:
    """A payment that nobody has tried yet; tells of it."""
    intent = account.new(
        "payment_intent",
        **{
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": account.new_id("pi_secret"),
            "confirmation_method": "automatic",
            "customer": None,
            "customer_account": None,
            "description": None,
            "last_payment_error": None,
            "latest_charge": None,
            "metadata": {},
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "processing": None,
            "receipt_email": None,
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
        }
        | values,
    )
    account.emit("payment_intent.created", intent)
    return intent


def _method(account: Account, customer: str | None, values: Obj) -> Obj | None:
    if "payment_method" not in values:
        return None
    method = method_named(account, values["payment_method"])
    if method["customer"] is not None and method["customer"] != customer:
        raise BadParams(
            "The provided PaymentMethod belongs to a Customer. Please include the Customer in the "
            "`customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    return method


@route("POST", "/v1/payment_intents/{id}/confirm", CONFIRMING)
def confirm_intent(account: Account, values: Obj, id: str) -> Obj:
    """Try a payment."""
    intent = account.get("payment_intent", id)
    if intent["status"] not in UNFINISHED:
        raise Refusal(
            "You cannot confirm this PaymentIntent because it has already succeeded after being "
            f"previously confirmed, or was canceled: its status is {intent['status']}.",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    method = _method(account, intent["customer"], values)
    if method is not None:
        intent["payment_method"] = method["id"]
    return confirm(account, intent, values)


def confirm(account: Account, intent: Obj, values: Obj) -> Obj:
    """Charge the intent's card; raises the card's refusal."""
    if intent["payment_method"] is None:
        raise Refusal(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
            "either update the PaymentIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method.",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    method = account.get("payment_method", intent["payment_method"])
    off_session = values.get("off_session", False)
    if not off_session and card_of(method).authentication:
        if values.get("error_on_requires_action"):
            message = "The payment requires the cardholder, who isn't there."
            _fail(account, intent, method, ("authentication_required", "", message))
            raise card_refused(message, "authentication_required", "")
        intent["status"] = "requires_action"
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        account.emit("payment_intent.requires_action", intent)
        return intent
    refusal = attempt(account, intent, method, off_session=off_session)
    if refusal is not None:
        raise refusal
    return intent


def attempt(account: Account, intent: Obj, method: Obj, *, off_session: bool) -> Refusal | None:
    """Charge a card for an intent and tell of it; answers with the refusal, None where it paid.

    On session the cardholder is there, and takes part where the card asks for it.
    """
    outcome = verdict(method, off_session=off_session)
    if outcome[0]:
        return _fail(account, intent, method, outcome)
    intent["payment_method"] = method["id"]
    charge = new_charge(account, intent, method, outcome)
    intent |= {
        "amount_received": intent["amount"],
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "next_action": None,
        "status": "succeeded",
    }
    if intent["setup_future_usage"] and intent["customer"]:
        save_card(account, method, intent["customer"])
    account.emit("charge.succeeded", charge)
    account.emit("payment_intent.succeeded", intent)
    return None


def save_card(account: Account, method: Obj, customer: str) -> None:
    """Keep a card that the cardholder has just used, with their consent to later charges."""
    method["_consented"] = True
    if method["customer"] is None:
        keep(account, method, customer)


def _fail(account: Account, intent: Obj, method: Obj, outcome: tuple[str, str, str]) -> Refusal:
    code, decline_code, message = outcome
    charge = new_charge(account, intent, method, outcome)
    error = {
        "charge": charge["id"],
        "code": code,
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": message,
        "payment_method": public(method),
        "type": "card_error",
    }
    if decline_code:
        error["decline_code"] = decline_code
    intent |= {
        "last_payment_error": error,
        "latest_charge": charge["id"],
        "payment_method": None,
        "status": "requires_payment_method",
    }
    account.emit("charge.failed", charge)
    account.emit("payment_intent.payment_failed", intent)
    return card_refused(
        message,
        code,
        decline_code,
        charge=charge["id"],
        payment_intent=public(intent),
        payment_method=public(method),
    )


@route("POST", "/v1/payment_intents/{id}/cancel", {"cancellation_reason": TEXT})
def cancel_intent(account: Account, values: Obj, id: str) -> Obj:
    """Give a payment up."""
    intent = account.get("payment_intent", id)
    if intent["status"] not in UNFINISHED:
        raise Refusal(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    give_up(account, intent, values.get("cancellation_reason"))
    return intent


def give_up(account: Account, intent: Obj, reason: str | None) -> None:
    """Cancel a payment and tell of it."""
    intent |= {
        "canceled_at": account.now(),
        "cancellation_reason": reason,
        "status": "canceled",
    }
    account.emit("payment_intent.canceled", intent)


@route("GET", "/v1/payment_intents/{id}")
def retrieve_intent(account: Account, values: Obj, id: str) -> Obj:
    """One payment intent."""
    return account.get("payment_intent", id)


@route(
    "POST",
    "/v1/payment_intents/{id}",
    {"description": Param(), "metadata": METADATA, "receipt_email": UNSETTABLE},
)
def update_intent(account: Account, values: Obj, id: str) -> Obj:
    """Change what isn't money."""
    intent = account.get("payment_intent", id)
    intent["description"] = values.get("description", intent["description"])
    intent["receipt_email"] = values.get("receipt_email", intent["receipt_email"]) or None
    if "metadata" in values:
        intent["metadata"] = with_metadata(intent, values["metadata"])
    return intent


@listing("/v1/payment_intents", {"created": Range(), "customer": TEXT})
def list_intents(account: Account, values: Obj) -> list[Obj]:
    """Payment intents, newest first."""
    return matching(account.all("payment_intent"), values, "customer")
