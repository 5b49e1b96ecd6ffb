"""The tasks of credits, by room."""

from credits.ledger.tasks import check_ledger, release_stale_holds
from credits.metering.tasks import aggregate_usage, write_counts
from credits.overage.tasks import bill_overage
from credits.plans.tasks import catch_up_with_stripe
from credits.purchases.tasks import (
    close_purchases,
    compare_with_stripe,
    reload,
    sweep_reloads,
)
from credits.receipts.tasks import send_due_mail
from credits.stripe.tasks import forget_old_payloads, process_due_events, process_event

__all__ = [
    "aggregate_usage",
    "bill_overage",
    "catch_up_with_stripe",
    "check_ledger",
    "close_purchases",
    "compare_with_stripe",
    "forget_old_payloads",
    "process_due_events",
    "process_event",
    "release_stale_holds",
    "reload",
    "send_due_mail",
    "sweep_reloads",
    "write_counts",
]
