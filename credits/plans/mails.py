"""What mails about plans say, to the owners. `credits.receipts` sends them once each (C-15)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from accounts.workspaces.models import Workspace
from credits.receipts.operations import queue_mail
from credits.stripe.providers import test_payments
from cursive.lib.ui.formatting import format_cents, format_date

from .models import Invoice, Subscription


def mail_receipt(invoice: Invoice) -> None:
    """The receipt of a paid invoice, where something was paid."""
    if invoice.cents <= 0:
        return  # a trial, or credit from an earlier change
    facts = _facts(invoice.workspace_id)
    queue_mail(
        workspace_id=invoice.workspace_id,
        kind="plan_receipt",
        key=f"plan-receipt:{invoice.stripe_id}",
        subject=f"Receipt {invoice.number}: {invoice.description}",
        context=facts
        | {
            "number": invoice.number,
            "description": invoice.description,
            "cents": invoice.cents,
            "url": invoice.url,
            "date": _day(invoice.created_at, invoice.workspace_id),
        },
    )


def mail_failure(invoice: Invoice, subscription: Subscription | None, attempts: int) -> None:
    """That a payment failed, and until when the plan stands; after each of Stripe's tries.

    Not of the first payment of a plan, which the customer sees fail on Stripe's page, nor of the
    last, of which `mail_ended` tells.
    """
    silent = (Subscription.Status.INCOMPLETE, *Subscription.OVER)
    if subscription is not None and subscription.status in silent:
        return
    facts = _facts(invoice.workspace_id)
    ends = subscription.grace_ends if subscription else None
    queue_mail(
        workspace_id=invoice.workspace_id,
        kind="plan_payment_failed",
        key=f"plan-payment-failed:{invoice.stripe_id}:{attempts}",
        subject=f"A payment of {format_cents(invoice.cents)} for {facts['workspace']} failed",
        context=facts
        | {
            "description": invoice.description,
            "cents": invoice.cents,
            "ends": _day(ends, invoice.workspace_id) if ends else "",
        },
    )


def mail_ended(subscription: Subscription) -> None:
    """That the plan has ended and the workspace is on Free."""
    if subscription.status != Subscription.Status.CANCELED or subscription.double_of:
        return
    facts = _facts(subscription.workspace_id)
    queue_mail(
        workspace_id=subscription.workspace_id,
        kind="plan_ended",
        key=f"plan-ended:{subscription.stripe_id}",
        subject=f"The {subscription.plan.name} plan of {facts['workspace']} has ended",
        context=facts | {"plan": subscription.plan.name},
    )


def mail_double(subscription: Subscription) -> None:
    """That a second plan was bought beside the first, and was refunded and ended at once."""
    facts = _facts(subscription.workspace_id)
    queue_mail(
        workspace_id=subscription.workspace_id,
        kind="plan_double",
        key=f"plan-double:{subscription.stripe_id}",
        subject=f"A second plan of {facts['workspace']} was refunded",
        context=facts | {"plan": subscription.plan.name},
    )


def _facts(workspace_id: UUID) -> dict[str, Any]:
    workspace = Workspace.objects.get(id=workspace_id)
    return {
        "workspace": workspace.name,
        "path": reverse("credits:plan"),
        "test": test_payments(),
    }


def _day(moment: datetime, workspace_id: UUID) -> str:
    """The day of the workspace's own time zone."""
    zone = Workspace.objects.get(id=workspace_id).zone
    return format_date(timezone.localdate(moment, zone))
