"""What mails about purchases say. `credits.receipts` sends them once each (C-15)."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.workspaces.models import User, Workspace
from credits.receipts.operations import queue_mail
from credits.stripe.providers import test_payments
from cursive.lib.ui.formatting import format_cents, format_date

from .models import AutoReload, CreditPurchase


def mail_receipt(purchase: CreditPurchase) -> None:
    """The receipt of a paid purchase, to whoever bought, else to the owners."""
    assert purchase.paid_at is not None
    workspace = Workspace.objects.get(id=purchase.workspace_id)
    facts = _facts(purchase, workspace) | {
        "number": purchase.number,
        "credits": purchase.credits,
        "date": format_date(timezone.localdate(purchase.paid_at, workspace.zone)),
        "automatic": purchase.source == CreditPurchase.Source.AUTO_RELOAD,
    }
    queue_mail(
        workspace_id=workspace.id,
        kind="receipt",
        key=f"receipt:{purchase.id}",
        subject=f"Receipt {purchase.number}: {purchase.credits:,} credits",
        context=facts,
        to=_buyers_address(purchase),
    )


def mail_refund(purchase: CreditPurchase, *, refund_id: str, cents: int, taken: Decimal) -> None:
    """What was refunded, and how many credits went back for it."""
    workspace = Workspace.objects.get(id=purchase.workspace_id)
    queue_mail(
        workspace_id=workspace.id,
        kind="refund",
        key=f"refund:{refund_id}",
        subject=f"Refund of {format_cents(cents)} for {purchase.number}",
        context=_facts(purchase, workspace) | {"cents": cents, "taken": str(taken)},
        to=_buyers_address(purchase),
    )


def mail_reload_off(purchase: CreditPurchase, reason: str) -> None:
    """That a kept card was declined and auto-reload is off, to the owners (C-14)."""
    workspace = Workspace.objects.get(id=purchase.workspace_id)
    queue_mail(
        workspace_id=workspace.id,
        kind="reload_off",
        key=f"reload-off:{purchase.id}",
        subject=f"Auto-reload of {workspace.name} is off: the card was declined",
        context=_facts(purchase, workspace)
        | {"reason": reason, "path": reverse("credits:auto_reload")},
    )


def mail_reload_stopped(reload: AutoReload, *, what: str, cause_id: str) -> None:
    """That auto-reload is off, because a payment was refunded or disputed, to the owners."""
    workspace = Workspace.objects.get(id=reload.workspace_id)
    queue_mail(
        workspace_id=workspace.id,
        kind="reload_stopped",
        key=f"reload-off:{cause_id}",
        subject=f"Auto-reload of {workspace.name} is off: a payment was {what}",
        context={
            "workspace": workspace.name,
            "what": what,
            "paid_with": reload.paid_with,
            "path": reverse("credits:auto_reload"),
            "test": test_payments(),
        },
    )


def _facts(purchase: CreditPurchase, workspace: Workspace) -> dict[str, Any]:
    return {
        "workspace": workspace.name,
        "package": purchase.package_name,
        "cents": purchase.cents,
        "paid_with": purchase.paid_with,
        "threshold": purchase.threshold,
        "path": reverse("credits:purchase", args=[purchase.id]),
        "test": test_payments(),
    }


def _buyers_address(purchase: CreditPurchase) -> list[str]:
    if not purchase.created_by_id or purchase.source == CreditPurchase.Source.AUTO_RELOAD:
        return []
    return list(
        User.objects.filter(id=purchase.created_by_id, is_active=True).values_list(
            "email", flat=True
        )
    )
