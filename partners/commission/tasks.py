"""What the clock does to partners' money (P-6). All may run twice, or twice at once."""

import logging

from celery import shared_task
from django.utils import timezone

from cursive.lib.slots.operations import take_slot
from cursive.lib.tenancy import atomic, system_context

from . import operations, payouts
from .checks import find_differences

log = logging.getLogger(__name__)


@shared_task(name="partners.commission.mature")
def mature_commissions() -> int:
    """Let what was held long enough be due, and plan payouts of it; how many leads are due."""
    matured = operations.mature_commissions()
    payouts.plan_payouts()
    return matured


@shared_task(name="partners.commission.count_pass_rates")
def count_pass_rates() -> int:
    """Count the pass rates of the day that begins; of how many partners."""
    return operations.count_pass_rates()


@shared_task(name=payouts.SENDING_TASK)
def send_transfers() -> int:
    """Send the transfers that are due; how many arrived."""
    return payouts.send_transfers()


@shared_task(name="partners.commission.check_partner_ledger")
def check_partner_ledger() -> int:
    """Prove the books of every partner, once a day. Returns how many differences.

    They are logged as errors, and stay as they are until somebody has looked.
    """
    today = timezone.now().date().isoformat()
    with system_context(), atomic():
        if not take_slot("check-partner-ledger", today):
            return 0
        differences = find_differences()
    for difference in differences:
        log.error("partner_ledger_difference", extra=difference.as_dict())
    return len(differences)
