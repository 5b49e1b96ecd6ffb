"""What the clock does with submissions."""

from celery import shared_task
from django.utils import timezone

from cursive.lib.slots.operations import take_slot
from cursive.lib.tenancy import atomic, system_context

from .operations import remove_expired_submissions
from .rechecking import start_rechecks


@shared_task(name="partners.submissions.recheck")
def recheck() -> int:
    """Have unsold listings checked again, once a day; how many partners' (P-6b)."""
    with system_context(), atomic():
        if not take_slot("listing-recheck", timezone.localdate().isoformat()):
            return 0
        return start_rechecks()


@shared_task(name="partners.submissions.remove_expired")
def remove_expired() -> int:
    """Tidy up after submissions that are older than 30 days."""
    return remove_expired_submissions()
