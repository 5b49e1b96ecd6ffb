"""What follows from Stripe's events about purchases (C-11). Plans have handlers of their own.

An event only says where to look: each handler asks Stripe for the payment as it is now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from credits.stripe.queries import workspace_of_customer
from credits.stripe.registry import WORKSPACE_KEY, EventHandler, Prepared, UnknownWorkspace

from .disputes import note_dispute
from .operations import settle
from .providers import (
    PURCHASE_KEY,
    DisputeFacts,
    Payment,
    Session,
    read_charge,
    read_dispute,
    read_payment,
    read_session,
)
from .registry import what_was_paid


@dataclass(frozen=True, slots=True)
class Facts:
    """What Stripe says now of what an event is about."""

    purchase_id: UUID | None
    payment: Payment | None = None
    session: Session | None = None
    dispute: DisputeFacts | None = None
    paid_for: str = ""


class PaymentHandler(EventHandler):
    """Whatever happens to a payment: the purchase is settled by what Stripe says of it now."""

    def apply(self, prepared: Prepared) -> None:
        """Settle the purchase."""
        facts: Facts = prepared.facts
        assert facts.purchase_id is not None
        settle(
            workspace_id=prepared.workspace_id,
            purchase_id=facts.purchase_id,
            payment=facts.payment,
            session=facts.session,
        )


class CheckoutHandler(PaymentHandler):
    """Checkout sessions in payment mode (C-8)."""

    types = (
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    )

    def prepare(self, event: Mapping[str, Any]) -> Prepared | None:
        """The session and its payment; None for sessions that sell no credits."""
        object = event["data"]["object"]
        if object.get("mode") != "payment" or not _names_purchase(object):
            return None
        session = read_session(object["id"])
        ids = _ids(session.metadata, session.id)
        return Prepared(ids[0], Facts(ids[1], session.payment, session))


class IntentHandler(PaymentHandler):
    """Payments of auto-reload, which have no session; those of Checkout say the same again."""

    types = ("payment_intent.succeeded", "payment_intent.payment_failed")

    def prepare(self, event: Mapping[str, Any]) -> Prepared | None:
        """The payment; None where it isn't for credits."""
        object = event["data"]["object"]
        if not _names_purchase(object):
            return None
        payment = read_payment(object["id"])
        ids = _ids_of_payment(payment)
        return Prepared(ids[0], Facts(ids[1], payment))


class RefundHandler(PaymentHandler):
    """Money that goes back (C-12)."""

    types = ("charge.refunded",)

    def prepare(self, event: Mapping[str, Any]) -> Prepared | None:
        """The payment with all its refunds; None where it wasn't for credits."""
        intent = event["data"]["object"].get("payment_intent")
        payment = read_payment(intent) if intent else None
        if payment is None or not payment.purchase_id:
            return None
        ids = _ids_of_payment(payment)
        return Prepared(ids[0], Facts(ids[1], payment))


class DisputeHandler(EventHandler):
    """Disputes, whatever was paid for: spending stops until staff decide (C-12)."""

    types = ("charge.dispute.created", "charge.dispute.closed")

    def prepare(self, event: Mapping[str, Any]) -> Prepared | None:
        """The dispute, its payment, and whose they are."""
        dispute = read_dispute(event["data"]["object"]["id"])
        intent, customer = read_charge(dispute.charge_id)
        payment = read_payment(intent) if intent else None
        if payment is not None and payment.purchase_id:
            ids = _ids_of_payment(payment)
            return Prepared(ids[0], Facts(ids[1], payment, dispute=dispute))
        if not customer:
            return None
        paid_for = what_was_paid(intent) if intent else ""
        facts = Facts(None, payment, dispute=dispute, paid_for=paid_for)
        return Prepared(workspace_of_customer(customer), facts)

    def apply(self, prepared: Prepared) -> None:
        """Settle the purchase, where it is one, and freeze spending."""
        facts: Facts = prepared.facts
        assert facts.dispute is not None
        if facts.purchase_id is not None:
            settle(
                workspace_id=prepared.workspace_id,
                purchase_id=facts.purchase_id,
                payment=facts.payment,
            )
        note_dispute(
            workspace_id=prepared.workspace_id,
            facts=facts.dispute,
            purchase_id=facts.purchase_id,
            payment=facts.payment,
            paid_for=facts.paid_for,
        )


HANDLERS = (CheckoutHandler(), IntentHandler(), RefundHandler(), DisputeHandler())


def _names_purchase(object: Mapping[str, Any]) -> bool:
    return bool((object.get("metadata") or {}).get(PURCHASE_KEY))


def _ids_of_payment(payment: Payment) -> tuple[UUID, UUID]:
    metadata = {WORKSPACE_KEY: payment.workspace_id, PURCHASE_KEY: payment.purchase_id}
    return _ids(metadata, payment.id)


def _ids(metadata: Mapping[str, str], where: str) -> tuple[UUID, UUID]:
    """(workspace, purchase) of what we wrote into the metadata when we made an object."""
    try:
        return UUID(metadata.get(WORKSPACE_KEY, "")), UUID(metadata.get(PURCHASE_KEY, ""))
    except ValueError:
        raise UnknownWorkspace(f"{where} doesn't say which purchase it is of.") from None
