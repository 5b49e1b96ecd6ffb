"""What purchases ask of Stripe, and what Stripe says of a payment, as our own words."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import stripe

from credits.stripe.providers import StripeUnavailable, calling, stripe_client
from credits.stripe.registry import WORKSPACE_KEY
from cursive.lib.errors import Conflict

from .models import CreditPurchase

PURCHASE_KEY = "purchase_id"
CURRENCY = "usd"
# While the same call is still under way Stripe refuses ours; so long we wait for its answer.
WAITS = (0.2, 0.4, 0.8, 1.6)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back."""

    id: str
    cents: int


@dataclass(frozen=True, slots=True)
class Payment:
    """A PaymentIntent as it is at Stripe now, with what went back of it."""

    id: str
    status: str
    cents: int
    currency: str
    workspace_id: str = ""
    purchase_id: str = ""
    customer: str = ""
    charge_id: str = ""
    payment_method: str = ""
    paid_with: str = ""
    is_card_kept: bool = False
    failure: str = ""
    refunds: tuple[Refund, ...] = ()

    @property
    def is_paid(self) -> bool:
        """Whether the money came; it stays true where it went back later."""
        return self.status == "succeeded"


@dataclass(frozen=True, slots=True)
class Session:
    """A Checkout session as it is at Stripe now, with its payment where there is one."""

    id: str
    mode: str
    status: str
    payment_status: str
    url: str = ""
    cents: int = 0
    currency: str = CURRENCY
    metadata: Mapping[str, str] = field(default_factory=dict)
    payment: Payment | None = None

    @property
    def is_paid(self) -> bool:
        """Whether it may be fulfilled."""
        return self.payment_status in {"paid", "no_payment_required"}


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A dispute as it is at Stripe now."""

    id: str
    charge_id: str
    cents: int
    reason: str
    status: str


def create_session(
    *,
    purchase: CreditPurchase,
    customer: str,
    success_url: str,
    cancel_url: str,
    keep_card: bool,
) -> Session:
    """Make the Checkout session of a saved purchase; its id is the idempotency key.

    Raises `StripeUnavailable`, `StripeRefused`.
    """
    metadata = _metadata(purchase.workspace_id, purchase.id)
    intent: dict[str, Any] = {"metadata": metadata, "description": str(purchase)}
    if keep_card:
        intent["setup_future_usage"] = "off_session"
    params: dict[str, Any] = {
        "mode": "payment",
        "customer": customer,
        "client_reference_id": str(purchase.id),
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": CURRENCY,
                    "unit_amount": purchase.cents,
                    "product_data": {"name": str(purchase)},
                },
            }
        ],
        "payment_intent_data": intent,
        "metadata": metadata,
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    made = _once(
        "start the checkout",
        lambda: stripe_client().v1.checkout.sessions.create(
            params,  # type: ignore[arg-type]  # a TypedDict that is built piece by piece
            {"idempotency_key": f"checkout:{purchase.id}"},
        ),
    )
    return _session(made.to_dict(), None)


def charge_card(*, purchase: CreditPurchase, customer: str, payment_method: str) -> Payment:
    """Charge the kept card for a saved purchase, off-session; its id is the idempotency key.

    Raises `StripeUnavailable`, and `StripeRefused` where the card is declined.
    """
    made = _once(
        "charge the card",
        lambda: stripe_client().v1.payment_intents.create(
            {
                "amount": purchase.cents,
                "currency": CURRENCY,
                "customer": customer,
                "payment_method": payment_method,
                "off_session": True,
                "confirm": True,
                "description": str(purchase),
                "metadata": _metadata(purchase.workspace_id, purchase.id),
            },
            {"idempotency_key": f"auto-reload:{purchase.id}"},
        ),
    )
    return read_payment(made.id)


def find_payment(*, customer: str, purchase_id: UUID) -> Payment | None:
    """The newest payment that was begun for a purchase, where there is one at Stripe."""
    with calling("look up the payment"):
        page = stripe_client().v1.payment_intents.list({"customer": customer, "limit": 100})
        for intent in page.auto_paging_iter():
            if _is_of(intent, purchase_id):
                return read_payment(intent.id)
    return None


def forget_method(payment_method: str) -> None:
    """Take a kept card off its customer. Raises `StripeUnavailable`, `StripeRefused`."""
    with calling("remove the card"):
        stripe_client().v1.payment_methods.detach(payment_method)


def read_session(session_id: str) -> Session:
    """A Checkout session, and its payment. Raises `StripeUnavailable`, `StripeRefused`."""
    with calling("look up the checkout"):
        found = stripe_client().v1.checkout.sessions.retrieve(session_id).to_dict()
    intent = _id_of(found.get("payment_intent"))
    return _session(found, read_payment(intent) if intent else None)


def read_payment(intent_id: str) -> Payment:
    """A payment, and its refunds. Raises `StripeUnavailable`, `StripeRefused`."""
    with calling("look up the payment"):
        found = (
            stripe_client()
            .v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
            .to_dict()
        )
    charge = found.get("latest_charge") or {}
    refunds = _refunds(intent_id) if charge.get("amount_refunded") else ()
    metadata = found.get("metadata") or {}
    failure = (found.get("last_payment_error") or {}).get("message") or ""
    return Payment(
        id=found["id"],
        status=found["status"],
        cents=found["amount_received"] or found["amount"],
        currency=found["currency"],
        workspace_id=metadata.get(WORKSPACE_KEY, ""),
        purchase_id=metadata.get(PURCHASE_KEY, ""),
        customer=_id_of(found.get("customer")),
        charge_id=charge.get("id", ""),
        payment_method=_id_of(found.get("payment_method")),
        paid_with=_words(charge.get("payment_method_details") or {}),
        is_card_kept=found.get("setup_future_usage") == "off_session",
        failure=failure,
        refunds=refunds,
    )


def read_charge(charge_id: str) -> tuple[str, str]:
    """(payment intent, customer) of a charge; empty where it has none."""
    with calling("look up the charge"):
        found = stripe_client().v1.charges.retrieve(charge_id).to_dict()
    return _id_of(found.get("payment_intent")), _id_of(found.get("customer"))


def read_dispute(dispute_id: str) -> DisputeFacts:
    """A dispute. Raises `StripeUnavailable`, `StripeRefused`."""
    with calling("look up the dispute"):
        found = stripe_client().v1.disputes.retrieve(dispute_id).to_dict()
    return DisputeFacts(
        id=found["id"],
        charge_id=_id_of(found["charge"]),
        cents=found["amount"],
        reason=found.get("reason") or "",
        status=found["status"],
    )


def charges_since(moment: int) -> list[dict[str, Any]]:
    """All charges made since a Unix time, oldest last, as Stripe writes them."""
    found: list[dict[str, Any]] = []
    with calling("list the charges"):
        page = stripe_client().v1.charges.list({"created": {"gte": moment}, "limit": 100})
        for charge in page.auto_paging_iter():
            found.append(charge.to_dict())
    return found


def _is_of(intent: stripe.PaymentIntent, purchase_id: UUID) -> bool:
    metadata = intent.to_dict().get("metadata") or {}
    return bool(metadata.get(PURCHASE_KEY) == str(purchase_id))


def _refunds(intent_id: str) -> tuple[Refund, ...]:
    with calling("look up the refunds"):
        page = stripe_client().v1.refunds.list({"payment_intent": intent_id, "limit": 100})
        found = [one.to_dict() for one in page.auto_paging_iter()]
    found.sort(key=lambda one: (one["created"], one["id"]))
    gone = [one for one in found if one.get("status") not in {"failed", "canceled"}]
    return tuple(Refund(one["id"], one["amount"]) for one in gone)


def _session(found: dict[str, Any], payment: Payment | None) -> Session:
    return Session(
        id=found["id"],
        mode=found["mode"],
        status=found.get("status") or "",
        payment_status=found.get("payment_status") or "",
        url=found.get("url") or "",
        cents=found.get("amount_total") or 0,
        currency=found.get("currency") or "",
        metadata=found.get("metadata") or {},
        payment=payment,
    )


def _once(what: str, work: Callable[[], T]) -> T:
    """Make a call with an idempotency key, also while the same call is under way elsewhere."""
    for wait in (*WAITS, None):
        with calling(what):
            try:
                return work()
            except stripe.StripeError as error:
                if isinstance(error, stripe.IdempotencyError) and error.http_status != 409:
                    raise Conflict(
                        "This idempotency key was used for something else.",
                        fields={"Idempotency-Key": "Use a new key for a new purchase."},
                    ) from error
                # 409 says that the key is in use; its answer is there in a moment.
                if error.http_status != 409:
                    raise
        if wait is not None:
            time.sleep(wait)
    raise StripeUnavailable(f"Couldn't {what}: it is under way already. Try again in a minute.")


def _metadata(workspace_id: UUID, purchase_id: UUID) -> dict[str, str]:
    return {WORKSPACE_KEY: str(workspace_id), PURCHASE_KEY: str(purchase_id)}


def _id_of(reference: Any) -> str:
    """The id of an object that may be expanded, or missing."""
    if isinstance(reference, dict):
        return str(reference.get("id", ""))
    return reference or ""


def _words(details: dict[str, Any]) -> str:
    """What was paid with: 'Visa •••• 4242'."""
    card = details.get("card") or {}
    if card.get("last4"):
        return f"{str(card.get('brand') or 'card').title()} •••• {card['last4']}"[:60]
    return str(details.get("type") or "").replace("_", " ").capitalize()[:60]
