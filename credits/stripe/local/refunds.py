"""Refunds: money that goes back to the card."""

from .account import Account, with_metadata
from .charges import book
from .errors import Refusal
from .params import METADATA, TEXT, OneOf, Range, Whole, exclusive
from .routing import listing, matching, route
from .store import Obj

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


@route(
    "POST",
    "/v1/refunds",
    {
        "amount": Whole(least=1),
        "charge": TEXT,
        "metadata": METADATA,
        "payment_intent": TEXT,
        "reason": OneOf(words=REASONS),
    },
)
def create_refund(account: Account, values: Obj) -> Obj:
    """Give a payment back, or a part of it."""
    exclusive(values, ("charge", "payment_intent"))
    return refund_charge(account, paid_charge(account, values), values)


def paid_charge(account: Account, values: Obj) -> Obj:
    """The charge that `charge` or `payment_intent` means; refused where nothing was paid."""
    if "charge" in values:
        charge = account.get("charge", values["charge"], param="charge")
    else:
        intent = account.get("payment_intent", values["payment_intent"], param="payment_intent")
        if intent["status"] != "succeeded":
            raise Refusal(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        charge = account.get("charge", intent["latest_charge"])
    if not charge["paid"]:
        raise Refusal(f"Charge {charge['id']} is not paid.", param="charge")
    return charge


def refund_charge(account: Account, charge: Obj, values: Obj) -> Obj:
    """Give a charge back and tell of it; never more than is left of it."""
    left = charge["amount"] - charge["amount_refunded"]
    if charge["refunded"]:
        raise Refusal(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if charge["disputed"]:
        raise Refusal(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    amount = values.get("amount", left)
    if amount > left:
        raise Refusal(
            f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge "
            f"(${left / 100:.2f})",
            param="amount",
        )
    refund = account.new(
        "refund",
        amount=amount,
        balance_transaction=None,
        charge=charge["id"],
        currency=charge["currency"],
        destination_details={"card": {"type": "refund"}, "type": "card"},
        metadata=values.get("metadata") or {},
        payment_intent=charge["payment_intent"],
        reason=values.get("reason"),
        receipt_number=None,
        source_transfer_reversal=None,
        status="succeeded",
        transfer_reversal=None,
    )
    book(account, refund, "refund", -amount)
    previous = {key: charge[key] for key in ("amount_refunded", "refunded")}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    account.emit("refund.created", refund)
    account.emit("charge.refunded", charge, previous)
    return refund


@route("GET", "/v1/refunds/{id}")
def retrieve_refund(account: Account, values: Obj, id: str) -> Obj:
    """One refund."""
    return account.get("refund", id)


@route("POST", "/v1/refunds/{id}", {"metadata": METADATA})
def update_refund(account: Account, values: Obj, id: str) -> Obj:
    """Change a refund's metadata."""
    refund = account.get("refund", id)
    if "metadata" in values:
        changed = with_metadata(refund, values["metadata"])
        account.change("refund.updated", refund, metadata=changed)
    return refund


@listing("/v1/refunds", {"charge": TEXT, "created": Range(), "payment_intent": TEXT})
def list_refunds(account: Account, values: Obj) -> list[Obj]:
    """Refunds, newest first."""
    return matching(account.all("refund"), values, "charge", "payment_intent")
