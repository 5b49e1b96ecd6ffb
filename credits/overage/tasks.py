"""The day's work: count what was called past the limits, invoice what has closed (C-20)."""

import logging

from celery import shared_task

from . import operations

log = logging.getLogger(__name__)


@shared_task(name="credits.overage.bill")
def bill_overage() -> int:
    """Count and invoice, in all workspaces; how many invoices were made.

    It takes no slot: run twice, or twice at once, it charges nothing twice.
    """
    operations.count_overage()
    billed, failed = operations.bill_overage()
    if failed:
        log.error("overage_failed", extra={"billed": billed, "failed": failed})
    return billed
