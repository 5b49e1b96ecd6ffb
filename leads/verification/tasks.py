"""What the clock does to the queue."""

from celery import shared_task
from django.utils import timezone

from cursive.lib.slots.operations import take_slot
from cursive.lib.tenancy import atomic, system_context

from . import operations

MINUTES = 5


@shared_task(name="leads.verification.work_queue")
def work_queue() -> int:
    """Wake the jobs whose addresses are due, once every five minutes (L-16)."""
    now = timezone.now()
    slot = now.replace(minute=now.minute - now.minute % MINUTES).strftime("%Y-%m-%dT%H:%M")
    with system_context(), atomic():
        if not take_slot("verification-queue", slot):
            return 0
    return operations.wake_queue()


@shared_task(name="leads.verification.purge")
def purge() -> int:
    """Forget what is too old to be of use."""
    return operations.purge_checks()
