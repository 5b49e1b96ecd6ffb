"""What is asked of Stripe about plans: its objects as plain facts, and its hosted pages.

Nothing here changes a row of a workspace; what Stripe says is written by `operations`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from credits.prices.models import Plan
from credits.stripe.providers import calling, payment_mode, stripe_client
from cursive.lib import tenancy
from cursive.lib.errors import DomainError

from .models import StripeItem, Subscription

# Our words in the metadata of what is made at Stripe.
PLAN, OVERAGE, DOUBLE_OF = "plan", "overage", "double_of"
EXPANDED = ["latest_invoice", "schedule"]
PAGE = 100


class UnknownPlan(DomainError):
    """A price at Stripe that belongs to no plan of ours."""

    code = "unknown_plan"


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """A subscription as Stripe has it; `observed_at` is when it was asked, by our clock."""

    stripe_id: str
    customer_id: str
    status: str
    plan: str
    period_start: datetime
    period_end: datetime
    anchor: datetime
    cancel_at: datetime | None
    pending_plan: str
    pending_from: datetime | None
    unpaid_since: datetime | None
    started_at: datetime
    ended_at: datetime | None
    observed_at: datetime
    double_of: str = ""

    @property
    def is_living(self) -> bool:
        """Whether Stripe bills it, or tries to."""
        return self.status in Subscription.LIVING


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A period of a plan that an invoice asks money for."""

    plan: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """An invoice as Stripe has it; `subscription` is None for calls past a plan's limit."""

    stripe_id: str
    customer_id: str
    status: str
    number: str
    description: str
    cents: int
    url: str
    attempts: int
    lines: tuple[PlanLine, ...]
    subscription: SubscriptionFacts | None
    created_at: datetime
    observed_at: datetime


def now_by_the_database() -> datetime:
    """The moment, by the one clock that all processes share."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


# ---- Reading ----------------------------------------------------------------------------------


def read_subscription(stripe_id: str) -> SubscriptionFacts:
    """The subscription as it is now. Raises `UnknownPlan`, `StripeUnavailable`."""
    asked_at = now_by_the_database()
    with calling("read the subscription"):
        found = stripe_client().v1.subscriptions.retrieve(stripe_id, {"expand": EXPANDED})
    return _subscription(found.to_dict(), asked_at)


def read_invoice(stripe_id: str) -> InvoiceFacts | None:
    """The invoice as it is now; None where it is neither for a plan nor for calls past one."""
    asked_at = now_by_the_database()
    with calling("read the invoice"):
        found = stripe_client().v1.invoices.retrieve(stripe_id)
    return _invoice(found.to_dict(), asked_at)


def read_invoice_of_payment(intent_id: str) -> InvoiceFacts | None:
    """The invoice that a payment was for; None for a payment that was for none of plans."""
    with calling("look up what was paid"):
        found = stripe_client().v1.invoice_payments.list(
            {"payment": {"type": "payment_intent", "payment_intent": intent_id}}
        )
    return read_invoice(_id(found.data[0].invoice)) if found.data else None


def living_subscriptions(customer_id: str) -> list[SubscriptionFacts]:
    """The customer's subscriptions that Stripe bills, or tries to."""
    asked_at = now_by_the_database()
    expand = [f"data.{name}" for name in EXPANDED]
    with calling("read the subscriptions"):
        listed = stripe_client().v1.subscriptions.list(
            {"customer": customer_id, "limit": PAGE, "expand": expand}
        )
    found = [_subscription(one.to_dict(), asked_at) for one in listed.data]
    return [facts for facts in found if facts.is_living]


def all_subscriptions() -> Iterator[Mapping[str, Any]]:
    """Every subscription at Stripe, ended ones too: {id, customer}."""
    with calling("list the subscriptions"):
        listed = stripe_client().v1.subscriptions.list({"status": "all", "limit": PAGE})
        for one in listed.auto_paging_iter():
            yield {"id": one.id, "customer": _id(one.customer)}


def paid_invoices(since: datetime) -> Iterator[Mapping[str, Any]]:
    """Every paid invoice that was made since then: {id, customer}."""
    created = int(since.timestamp())
    with calling("list the invoices"):
        listed = stripe_client().v1.invoices.list(
            {"status": "paid", "created": {"gte": created}, "limit": PAGE}
        )
        for one in listed.auto_paging_iter():
            yield {"id": one.id, "customer": _id(one.customer)}


def _subscription(found: Mapping[str, Any], asked_at: datetime) -> SubscriptionFacts:
    item = found["items"]["data"][0]
    end = _moment(item["current_period_end"])
    cancel_at = _optional_moment(found.get("cancel_at"))
    if cancel_at is None and found.get("cancel_at_period_end"):
        cancel_at = end
    pending, pending_from = _pending(found.get("schedule"), item["price"]["id"], end)
    latest = found.get("latest_invoice") or {}
    unpaid = isinstance(latest, Mapping) and latest.get("status") in {"open", "uncollectible"}
    return SubscriptionFacts(
        stripe_id=found["id"],
        customer_id=_id(found["customer"]),
        status=found["status"],
        plan=_plan_of(item["price"]),
        period_start=_moment(item["current_period_start"]),
        period_end=end,
        anchor=_moment(found["billing_cycle_anchor"]),
        cancel_at=cancel_at,
        pending_plan=pending,
        pending_from=pending_from,
        unpaid_since=_moment(latest["created"]) if unpaid else None,
        started_at=_moment(found["start_date"]),
        ended_at=_optional_moment(found.get("ended_at")),
        observed_at=asked_at,
        double_of=(found.get("metadata") or {}).get(DOUBLE_OF, ""),
    )


def _pending(schedule: Any, price_id: str, end: datetime) -> tuple[str, datetime | None]:
    """Which plan comes next and when, by the phases of the subscription's schedule."""
    if not isinstance(schedule, Mapping) or schedule.get("status") != "active":
        return "", None
    for phase in schedule["phases"]:
        begins = _moment(phase["start_date"])
        next_price = _id(phase["items"][0]["price"])
        if begins >= end and next_price != price_id:
            return plan_of_price(next_price), begins
    return "", None


def _invoice(found: Mapping[str, Any], asked_at: datetime) -> InvoiceFacts | None:
    details = (found.get("parent") or {}).get("subscription_details") or {}
    subscription = _id(details.get("subscription"))
    overage = (found.get("metadata") or {}).get(OVERAGE, "")
    if not subscription and not overage:
        return None
    lines = tuple(_plan_lines(found)) if subscription else ()
    return InvoiceFacts(
        stripe_id=found["id"],
        customer_id=_id(found["customer"]),
        status=found["status"],
        number=found.get("number") or "",
        description=_describe(found, lines),
        cents=found["total"],
        url=found.get("hosted_invoice_url") or "",
        attempts=found.get("attempt_count") or 0,
        lines=lines,
        subscription=read_subscription(subscription) if subscription else None,
        created_at=_moment(found["created"]),
        observed_at=asked_at,
    )


def _plan_lines(invoice: Mapping[str, Any]) -> Iterator[PlanLine]:
    """Whole periods of plans; what is prorated is part of a period that was paid already."""
    for line in invoice["lines"]["data"]:
        parent = line.get("parent") or {}
        details = parent.get("subscription_item_details") or {}
        price = (line.get("pricing") or {}).get("price_details") or {}
        if not details or details.get("proration") or not price.get("price"):
            continue
        period = line["period"]
        yield PlanLine(
            plan_of_price(_id(price["price"])), _moment(period["start"]), _moment(period["end"])
        )


def _describe(invoice: Mapping[str, Any], lines: tuple[PlanLine, ...]) -> str:
    if lines:
        name = Plan.objects.filter(code=lines[0].plan).values_list("name", flat=True).first()
        changed = invoice.get("billing_reason") == "subscription_update"
        return f"Change to {name}" if changed else f"{name} plan"
    return (invoice.get("description") or "Change of plan")[:200]


def _plan_of(price: Mapping[str, Any]) -> str:
    code = (price.get("metadata") or {}).get(PLAN, "")
    return code if code and Plan.objects.filter(code=code).exists() else plan_of_price(price["id"])


def plan_of_price(price_id: str) -> str:
    """The code of the plan that a price is of. Raises `UnknownPlan`.

    Prices that we made are known here; of one that staff made at Stripe, its metadata tell.
    """
    known = StripeItem.objects.filter(stripe_id=price_id, plan__isnull=False)
    code = known.values_list("plan__code", flat=True).first()
    if code is None:
        with calling("read a price"):
            price = stripe_client().v1.prices.retrieve(price_id)
        code = (price.to_dict().get("metadata") or {}).get(PLAN, "")
        if not Plan.objects.filter(code=code).exists():
            raise UnknownPlan(f"The price {price_id} belongs to no plan.")
    return code


# ---- Making -----------------------------------------------------------------------------------


class Items:
    """What must be at Stripe before a plan can be sold: made once, and remembered.

    All calls come first and the rows last (`remember`), so that no row is locked meanwhile.
    """

    def __init__(self) -> None:
        self.made: list[StripeItem] = []
        self.forgetting = False

    def product(self, plan: Plan) -> str:
        """Stripe's id of what is sold."""
        values = {"name": f"Cursive {plan.name}", "metadata": {PLAN: plan.code}}
        return self._once("product", values, stripe_client().v1.products.create)

    def price(self, plan: Plan) -> str:
        """Stripe's id of what the plan costs now."""
        values = {
            "product": self.product(plan),
            "currency": "usd",
            "unit_amount": plan.price_cents,
            "recurring": {"interval": "month"},
            "metadata": {PLAN: plan.code},
        }
        return self._once("price", values, stripe_client().v1.prices.create, plan)

    def portal(self, plans: list[Plan]) -> str:
        """Stripe's id of the portal's settings: an upgrade counts at once and begins a period of
        its own, a downgrade and a cancellation at the period's end (C-13).
        """
        products = [{"product": self.product(plan), "prices": [self.price(plan)]} for plan in plans]
        features = {
            "customer_update": {"enabled": True, "allowed_updates": ["email", "address", "tax_id"]},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True},
            "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
            "subscription_update": {
                "enabled": True,
                "default_allowed_updates": ["price"],
                "products": products,
                "proration_behavior": "always_invoice",
                "billing_cycle_anchor": "now",
                "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
            },
        }
        create = stripe_client().v1.billing_portal.configurations.create
        return self._once("portal", {"features": features}, create)

    def _once(
        self,
        kind: str,
        values: Mapping[str, Any],
        create: Callable[..., Any],
        plan: Plan | None = None,
    ) -> str:
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:24]
        key = ":".join((payment_mode(), kind, plan.code if plan else "", digest))
        known = [one.stripe_id for one in self.made if one.key == key]
        if not self.forgetting:
            known += StripeItem.objects.filter(key=key).values_list("stripe_id", flat=True)
        if known:
            return known[0]
        with calling("prepare the plans"):
            made = create(dict(values), {"idempotency_key": f"item:{key}"})
        self.made.append(StripeItem(key=key, stripe_id=made.id, plan=plan))
        return str(made.id)

    def forget(self) -> None:
        """Make everything anew: Stripe doesn't know what was made before."""
        self.made, self.forgetting = [], True

    def remember(self) -> None:
        """Keep what was made; another process may have kept the same already."""
        if self.forgetting:
            StripeItem.objects.filter(key__in=[one.key for one in self.made]).delete()
        StripeItem.objects.bulk_create(self.made, ignore_conflicts=True)


def _id(value: Any) -> str:
    """The id of an object that may be expanded; empty for none."""
    if not value:
        return ""
    if isinstance(value, str):
        return value
    return str(value["id"] if isinstance(value, Mapping) else value.id)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _optional_moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)
