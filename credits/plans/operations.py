"""What follows in our books from what Stripe says of plans (C-13).

Stripe is the truth; these operations write down what it said, as it was asked, and grant what was
paid for. They may be told the same twice, late, and in any order: what was observed earlier never
replaces what was observed later, and a period is granted once, by the lock on its subscription.
They run in the workspace's context or the system's, and name the workspace in every query.
"""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Least
from django.utils import timezone

from credits.ledger.operations import grant
from credits.prices.models import Plan
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record

from .mails import mail_double, mail_ended, mail_failure, mail_receipt
from .models import Invoice, Period, Subscription
from .prorations import take_unused_back
from .providers import InvoiceFacts, PlanLine, SubscriptionFacts, UnknownPlan

log = logging.getLogger(__name__)

STRIPE = Actor.system("Stripe")
WATCHED = ("status", "plan_id", "cancel_at", "pending_plan_id", "past_due_since", "double_of")


def mirror_subscription(*, workspace_id: UUID, facts: SubscriptionFacts) -> Subscription:
    """Write down a subscription as Stripe has it; what was observed earlier changes nothing.

    Opens its period, ends the one before where it was cut short, and tells the owners when it
    has ended. Raises `UnknownPlan`.
    """
    with tenancy.atomic():
        subscription, is_new = _locked(workspace_id, facts)
        outdated = subscription.observed_at > facts.observed_at or (
            subscription.status in Subscription.OVER and facts.status not in Subscription.OVER
        )
        if outdated and not is_new:
            return subscription
        before = {name: getattr(subscription, name) for name in WATCHED}
        _write_facts(subscription, facts)
        subscription.save()
        _note_change(subscription, before, is_new=is_new)
        if facts.status not in (Subscription.Status.INCOMPLETE, *Subscription.OVER):
            line = PlanLine(facts.plan, facts.period_start, facts.period_end)
            _open_period(subscription, line, plan=subscription.plan)
        if subscription.ended_at:
            _cut_periods(subscription, subscription.ended_at)
            mail_ended(subscription)
        if subscription.double_of and (is_new or not before["double_of"]):
            _tell_of_double(subscription)
    return subscription


def record_invoice(*, workspace_id: UUID, facts: InvoiceFacts) -> Invoice:
    """Write down an invoice as Stripe has it. Where it is paid, each period of a plan on it gets
    its credits, exactly once, and the owners a receipt; where the payment failed, they are told.
    """
    with tenancy.atomic():
        subscription = (
            mirror_subscription(workspace_id=workspace_id, facts=facts.subscription)
            if facts.subscription
            else None
        )
        invoice = _write_invoice(workspace_id, subscription, facts)
        if facts.status == Invoice.State.PAID:
            if subscription is not None:
                for line in facts.lines:
                    _grant_period(subscription, line, facts.stripe_id)
            mail_receipt(invoice)
        elif facts.status == Invoice.State.OPEN and facts.attempts:
            mail_failure(invoice, subscription, facts.attempts)
    return invoice


# ---- The subscription -------------------------------------------------------------------------


def _locked(workspace_id: UUID, facts: SubscriptionFacts) -> tuple[Subscription, bool]:
    """The row of the subscription, locked, and whether it was made just now."""
    defaults: dict[str, Any] = {
        "workspace_id": workspace_id,
        "customer_id": facts.customer_id,
        "status": facts.status,
        "plan": _plan(facts.plan),
        "period_start": facts.period_start,
        "period_end": facts.period_end,
        "anchor": facts.anchor,
        "started_at": facts.started_at,
        "observed_at": facts.observed_at,
    }
    rows = Subscription.objects.filter(workspace_id=workspace_id)
    _, is_new = rows.get_or_create(stripe_id=facts.stripe_id, defaults=defaults)
    return rows.select_for_update().get(stripe_id=facts.stripe_id), is_new


def _write_facts(subscription: Subscription, facts: SubscriptionFacts) -> None:
    subscription.status = facts.status
    subscription.plan = _plan(facts.plan)
    subscription.period_start = facts.period_start
    subscription.period_end = facts.period_end
    subscription.anchor = facts.anchor
    subscription.cancel_at = facts.cancel_at
    subscription.pending_plan = _plan(facts.pending_plan) if facts.pending_plan else None
    subscription.pending_from = facts.pending_from
    subscription.started_at = facts.started_at
    subscription.ended_at = facts.ended_at
    subscription.double_of = facts.double_of or subscription.double_of
    subscription.observed_at = facts.observed_at
    if facts.status not in Subscription.UNSETTLED:
        subscription.past_due_since = None
    elif subscription.past_due_since is None:
        # The days of grace count from the first bill that wasn't paid, not from the latest.
        subscription.past_due_since = facts.unpaid_since or facts.period_start


def _note_change(subscription: Subscription, before: dict[str, Any], *, is_new: bool) -> None:
    after = {name: getattr(subscription, name) for name in WATCHED}
    changed = [name for name in WATCHED if is_new or before[name] != after[name]]
    if changed:
        record(
            action="create" if is_new else "update",
            resource="subscription",
            resource_id=subscription.stripe_id,
            actor=STRIPE,
            workspace_id=subscription.workspace_id,
            old=None if is_new else {name: before[name] for name in changed},
            new={name: after[name] for name in changed},
        )


def _tell_of_double(subscription: Subscription) -> None:
    """Two at once cost the customer money: the owners get a mail, staff a line in the log."""
    log.error(
        "second_subscription",
        extra={
            "workspace": str(subscription.workspace_id),
            "subscription": subscription.stripe_id,
            "double_of": subscription.double_of,
        },
    )
    mail_double(subscription)


def _plan(code: str) -> Plan:
    plan = Plan.objects.filter(code=code).first()
    if plan is None:
        raise UnknownPlan(f"There is no plan {code!r}.")
    return plan


# ---- Its periods ------------------------------------------------------------------------------


def _open_period(subscription: Subscription, line: PlanLine, *, plan: Plan) -> Period:
    """The period that begins with `line`, made where it isn't there; with `plan` from now on."""
    periods = _periods(subscription)
    period, is_new = periods.get_or_create(
        start=line.start,
        defaults={
            "workspace_id": subscription.workspace_id,
            "subscription": subscription,
            "end": line.end,
            "plan": plan,
        },
    )
    current = line.start == subscription.period_start
    if not is_new and current and (period.plan_id != plan.id or period.end != line.end):
        period.plan, period.end = plan, line.end
        period.save(update_fields=["plan", "end"])
    _cut_periods(subscription, subscription.ended_at)
    return period


def _cut_periods(subscription: Subscription, ended_at: datetime | None) -> None:
    """Let no period reach into the next one, nor past the end of the subscription."""
    periods = _periods(subscription)
    following = periods.filter(start__gt=OuterRef("start")).order_by("start").values("start")[:1]
    periods.annotate(following=Subquery(following)).filter(end__gt=F("following")).update(
        end=Subquery(following)
    )
    if ended_at is not None:
        periods.filter(end__gt=ended_at, start__lte=ended_at).update(end=Least("end", ended_at))


def _grant_period(subscription: Subscription, line: PlanLine, invoice_id: str) -> None:
    """The credits of a paid period: once, whatever its plan's credits are by the next time."""
    plan = _plan(line.plan)
    current = subscription.plan if line.start == subscription.period_start else plan
    period = _open_period(subscription, line, plan=current)
    if period.granted_at is not None or subscription.double_of:
        return
    if plan.credits:
        grant(
            workspace_id=subscription.workspace_id,
            amount=plan.credits,
            action="subscription",
            reference=("period", period.id),
            key=f"{subscription.stripe_id}:{int(line.start.timestamp())}",
            actor=STRIPE,
            metadata={"plan": plan.code, "invoice": invoice_id},
        )
    period.granted_at, period.invoice_id = timezone.now(), invoice_id
    period.billed_end = line.end
    period.save(update_fields=["granted_at", "invoice_id", "billed_end"])
    take_unused_back(subscription, actor=STRIPE)


def _periods(subscription: Subscription) -> Any:
    return Period.objects.filter(workspace_id=subscription.workspace_id, subscription=subscription)


# ---- Invoices ---------------------------------------------------------------------------------


def _write_invoice(
    workspace_id: UUID, subscription: Subscription | None, facts: InvoiceFacts
) -> Invoice:
    values = {
        "subscription": subscription,
        "number": facts.number,
        "description": facts.description,
        "cents": facts.cents,
        "state": facts.status,
        "url": facts.url,
        "created_at": facts.created_at,
        "observed_at": facts.observed_at,
    }
    rows = Invoice.objects.filter(workspace_id=workspace_id)
    _, is_new = rows.get_or_create(
        stripe_id=facts.stripe_id, defaults={"workspace_id": workspace_id, **values}
    )
    invoice = rows.select_for_update().get(stripe_id=facts.stripe_id)
    if not is_new and invoice.observed_at <= facts.observed_at:
        rows.filter(id=invoice.id).update(**values)
        invoice.state, invoice.number = facts.status, facts.number
    return invoice
