"""Goes through Stripe's own lists for what its events didn't tell us (C-13)."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from credits.stripe.providers import StripeUnavailable
from credits.stripe.queries import workspace_exists, workspace_of_customer
from credits.stripe.registry import UnknownWorkspace
from cursive.lib import tenancy
from cursive.lib.tenancy import system_context

from . import operations
from .doubles import without_double
from .models import Invoice, Subscription
from .providers import all_subscriptions, paid_invoices, read_invoice, read_subscription

log = logging.getLogger(__name__)


def catch_up(since: datetime) -> int:
    """Write down every subscription, and every invoice paid since then that we don't have.

    Returns how many were behind. What fails for one customer is logged, and the others go on;
    all of it may be done twice. Raises `StripeUnavailable` where Stripe doesn't answer at all.
    """
    behind = _each(all_subscriptions(), _follow_subscription)
    return behind + _each(paid_invoices(since), _follow_invoice)


def _each(listed: Iterable[Mapping[str, Any]], follow: Callable[[UUID, str], bool]) -> int:
    behind = 0
    for one in listed:
        try:
            workspace_id = workspace_of_customer(one["customer"])
            if workspace_exists(workspace_id) and follow(workspace_id, one["id"]):
                behind += 1
                log.warning("stripe_events_missed", extra={"object": one["id"]})
        except StripeUnavailable:
            raise
        except UnknownWorkspace:
            log.info("stripe_object_of_nobody", extra={"object": one["id"]})
        except Exception:
            log.exception("stripe_catch_up_failed", extra={"object": one["id"]})
    return behind


def _follow_subscription(workspace_id: UUID, stripe_id: str) -> bool:
    with system_context():
        known = Subscription.objects.filter(workspace_id=workspace_id, stripe_id=stripe_id)
        before = known.values_list("status", "plan_id", "period_start", "cancel_at").first()
        if before and before[0] in Subscription.OVER:
            return False
        facts = without_double(read_subscription(stripe_id))
        with tenancy.atomic():
            operations.mirror_subscription(workspace_id=workspace_id, facts=facts)
        return known.values_list("status", "plan_id", "period_start", "cancel_at").first() != before


def _follow_invoice(workspace_id: UUID, stripe_id: str) -> bool:
    with system_context():
        paid = Invoice.objects.filter(
            workspace_id=workspace_id, stripe_id=stripe_id, state=Invoice.State.PAID
        )
        if paid.exists():
            return False
        facts = read_invoice(stripe_id)
        if facts is None:
            return False
        with tenancy.atomic():
            operations.record_invoice(workspace_id=workspace_id, facts=facts)
        return True
