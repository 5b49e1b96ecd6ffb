"""What the clock does to the books: forgotten holds go back, and every night they are proven."""

import logging

from celery import shared_task
from django.utils import timezone

from cursive.lib.slots.operations import take_slot
from cursive.lib.tenancy import atomic, system_context

from .checks import find_differences
from .operations import release_stale_holds as release_all

log = logging.getLogger(__name__)


@shared_task(name="credits.ledger.release_stale_holds")
def release_stale_holds() -> int:
    """Give back what dead or finished work still holds (C-6)."""
    return release_all()


@shared_task(name="credits.ledger.check_ledger")
def check_ledger() -> int:
    """Prove the books of every workspace, once a day (C-7). Returns how many differences.

    They are logged as errors, and stay as they are until somebody has looked.
    """
    today = timezone.now().date().isoformat()
    with system_context(), atomic():
        if not take_slot("check-ledger", today):
            return 0
        differences = find_differences()
    for difference in differences:
        log.error("ledger_difference", extra=difference.as_dict())
    return len(differences)
