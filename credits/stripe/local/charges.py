"""Charges, and the account's balance: what came in, went back, and what Stripe kept."""

from .account import Account
from .cards import card_of
from .params import TEXT, Range
from .routing import listing, matching, route
from .store import Obj


def new_charge(account: Account, intent: Obj, method: Obj, refusal: tuple[str, str, str]) -> Obj:
    """The try to charge a card for a payment intent; `refusal` has no code where it succeeded."""
    code, decline_code, message = refusal
    succeeded = not code
    card = card_of(method)
    charge = account.new(
        "charge",
        amount=intent["amount"],
        amount_captured=intent["amount"] if succeeded else 0,
        amount_refunded=0,
        application=None,
        application_fee=None,
        application_fee_amount=None,
        balance_transaction=None,
        billing_details=method["billing_details"],
        calculated_statement_descriptor="CURSIVE",
        captured=succeeded,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        failure_balance_transaction=None,
        failure_code=code or None,
        failure_message=message if code else None,
        fraud_details={},
        metadata=dict(intent["metadata"]),
        on_behalf_of=None,
        outcome={
            "network_status": "approved_by_network" if succeeded else "declined_by_network",
            "reason": decline_code or None,
            "risk_level": "normal",
            "risk_score": 10,
            "seller_message": "Payment complete." if succeeded else message,
            "type": "authorized" if succeeded else "issuer_declined",
        },
        paid=succeeded,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={
            "card": {
                "amount_authorized": intent["amount"] if succeeded else None,
                "brand": card.brand,
                "checks": None,
                "country": "US",
                "exp_month": 12,
                "exp_year": 2099,
                "funding": "credit",
                "last4": card.number[-4:],
                "network": card.brand,
            },
            "type": "card",
        },
        radar_options={},
        receipt_email=intent["receipt_email"],
        receipt_number=None,
        receipt_url=None,
        refunded=False,
        review=None,
        shipping=None,
        source=None,
        source_transfer=None,
        statement_descriptor=None,
        statement_descriptor_suffix=None,
        status="succeeded" if succeeded else "failed",
        transfer_data=None,
        transfer_group=None,
    )
    if succeeded:
        fee = charge["amount"] * 29 // 1000 + 30
        book(account, charge, "charge", charge["amount"], fee=fee)
    return charge


def book(account: Account, source: Obj, kind: str, amount: int, *, fee: int = 0) -> Obj:
    """A row of the account's balance, caused by a charge, refund or dispute."""
    entry = account.new(
        "balance_transaction",
        amount=amount,
        available_on=account.now() + 2 * 86400,
        balance_type="payments",
        currency=source["currency"],
        description=None,
        exchange_rate=None,
        fee=fee,
        fee_details=[
            {
                "amount": fee,
                "application": None,
                "currency": source["currency"],
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ]
        if fee
        else [],
        net=amount - fee,
        reporting_category="dispute" if kind == "adjustment" else kind,
        source=source["id"],
        status="pending",
        type=kind,
    )
    if "balance_transaction" in source:
        source["balance_transaction"] = entry["id"]
    else:
        source["balance_transactions"].append(entry)
    return entry


@route("GET", "/v1/charges/{id}")
def retrieve_charge(account: Account, values: Obj, id: str) -> Obj:
    """One charge."""
    return account.get("charge", id)


@listing("/v1/charges", {"created": Range(), "customer": TEXT, "payment_intent": TEXT})
def list_charges(account: Account, values: Obj) -> list[Obj]:
    """Charges, the failed ones too, newest first."""
    return matching(account.all("charge"), values, "customer", "payment_intent")


@route("GET", "/v1/balance_transactions/{id}")
def retrieve_balance_transaction(account: Account, values: Obj, id: str) -> Obj:
    """One row of the balance."""
    return account.get("balance_transaction", id)


@listing(
    "/v1/balance_transactions",
    {"created": Range(), "currency": TEXT, "source": TEXT, "type": TEXT},
)
def list_balance_transactions(account: Account, values: Obj) -> list[Obj]:
    """What moved the account's balance, newest first."""
    return matching(account.all("balance_transaction"), values, "currency", "source", "type")
