"""The credits of a month that an upgrade cut short: the unused share of them goes back (C-13).

Stripe refunds the unused time of the old month with the upgrade, so its credits go with it; see
decision 0017.
"""

from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from credits.ledger.operations import take_back
from credits.ledger.queries import PRORATED, granted_for
from cursive.lib.actors import Actor

from .models import Period, Subscription

CENT = Decimal("0.01")


def take_unused_back(subscription: Subscription, *, actor: Actor) -> None:
    """Take back the unused share of every period that another period of it has cut short.

    As far as the balance reaches, once a period. The subscription is locked.
    """
    periods = Period.objects.filter(
        workspace_id=subscription.workspace_id, subscription=subscription
    )
    cut = periods.filter(
        granted_at__isnull=False, billed_end__isnull=False, prorated_at__isnull=True
    )
    for period in cut.order_by("start"):
        following = periods.filter(start=period.end).select_related("plan").first()
        # What a cancellation or a refund ends isn't an upgrade: refunds take their own back.
        if following is None or following.granted_at is None:
            continue
        if period.billed_end is not None and period.end < period.billed_end:
            _take(period, period.billed_end, actor)
            period.prorated_at = following.granted_at
            period.save(update_fields=["prorated_at"])


def _take(period: Period, paid_until: datetime, actor: Actor) -> None:
    granted = granted_for(
        period.workspace_id, action="subscription", kind="period", ids=[period.id]
    )
    unused = unused_share(granted, period, paid_until)
    if unused > 0:
        take_back(
            workspace_id=period.workspace_id,
            up_to=unused,
            action=PRORATED,
            reference=("period", period.id),
            key=f"{PRORATED}:{period.id}",
            actor=actor,
            metadata={"granted": str(granted), "unused": str(unused)},
        )


def unused_share(credits: Decimal, period: Period, paid_until: datetime) -> Decimal:
    """The part of `credits` for the time that the period was cut by, rounded down."""
    whole = (paid_until - period.start).total_seconds()
    unused = (paid_until - period.end).total_seconds()
    return (credits * Decimal(unused) / Decimal(whole)).quantize(CENT, rounding=ROUND_DOWN)
