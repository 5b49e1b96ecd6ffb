"""Which of Stripe's events change plans, and what is asked of Stripe for each (C-11, C-13)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from credits.purchases.providers import read_payment
from credits.purchases.registry import register_paid_credits
from credits.stripe.queries import workspace_of_customer
from credits.stripe.registry import EventHandler, Prepared, register_handler

from . import operations
from .doubles import without_double
from .providers import read_invoice, read_invoice_of_payment, read_subscription
from .refunds import PlanCredits, take_back_refunds


class SubscriptionHandler(EventHandler):
    """A subscription began, changed or ended: it is written down as it is now."""

    types: ClassVar[tuple[str, ...]] = (
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
    )

    def prepare(self, event: Mapping[str, Any]) -> Prepared | None:
        """Whose it is, and how Stripe has it now."""
        return _about(event["data"]["object"]["id"])

    def apply(self, prepared: Prepared) -> None:
        """Mirror it."""
        operations.mirror_subscription(workspace_id=prepared.workspace_id, facts=prepared.facts)


class SubscribedHandler(SubscriptionHandler):
    """A checkout of a plan is complete: the same, should the subscription's own event be late."""

    types = ("checkout.session.completed",)

    def prepare(self, event: Mapping[str, Any]) -> Prepared | None:
        """None for a checkout of credits."""
        session = event["data"]["object"]
        if session.get("mode") != "subscription" or not session.get("subscription"):
            return None
        return _about(session["subscription"])


class InvoiceHandler(EventHandler):
    """An invoice was paid, or wasn't: which of them is asked anew, since events come late."""

    types = ("invoice.paid", "invoice.payment_failed")

    def prepare(self, event: Mapping[str, Any]) -> Prepared | None:
        """None for an invoice that is neither for a plan nor for calls past one."""
        facts = read_invoice(event["data"]["object"]["id"])
        if facts is None:
            return None
        if facts.subscription is not None:
            facts = replace(facts, subscription=without_double(facts.subscription))
        return Prepared(workspace_of_customer(facts.customer_id), facts)

    def apply(self, prepared: Prepared) -> None:
        """Grant what was paid, tell what wasn't."""
        operations.record_invoice(workspace_id=prepared.workspace_id, facts=prepared.facts)


class RefundHandler(EventHandler):
    """Money for a plan went back: so do the credits of its period that are unused (C-12)."""

    types = ("charge.refunded",)

    def prepare(self, event: Mapping[str, Any]) -> Prepared | None:
        """The invoice that was paid, and all refunds of it; None where it wasn't for a plan."""
        intent = event["data"]["object"].get("payment_intent")
        facts = read_invoice_of_payment(intent) if intent else None
        if facts is None or not facts.lines:
            return None
        refunds = read_payment(intent).refunds
        return Prepared(workspace_of_customer(facts.customer_id), (facts, refunds))

    def apply(self, prepared: Prepared) -> None:
        """The grant first, should its own event be late; then what goes back of it."""
        facts, refunds = prepared.facts
        operations.record_invoice(workspace_id=prepared.workspace_id, facts=facts)
        take_back_refunds(workspace_id=prepared.workspace_id, facts=facts, refunds=refunds)


def _about(subscription_id: str) -> Prepared:
    facts = without_double(read_subscription(subscription_id))
    return Prepared(workspace_of_customer(facts.customer_id), facts)


PLAN_CREDITS = PlanCredits()
HANDLERS = (SubscriptionHandler(), SubscribedHandler(), InvoiceHandler(), RefundHandler())


def register() -> None:
    """Have Stripe's events change plans; apps.ready() calls it."""
    for handler in HANDLERS:
        register_handler(handler)
    register_paid_credits(PLAN_CREDITS)
