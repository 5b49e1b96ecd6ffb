"""What the clock does to plans: what events missed is caught up (C-13)."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from cursive.lib.slots.operations import take_slot
from cursive.lib.tenancy import atomic, system_context

from .catching_up import catch_up

# On the 1st everything of the month before is gone through, on other days what is fresh.
WHOLE, FRESH = timedelta(days=40), timedelta(days=4)


@shared_task(name="credits.plans.catch_up")
def catch_up_with_stripe() -> int:
    """Go through Stripe's subscriptions and paid invoices for what events missed, once a day."""
    today = timezone.now().date()
    with system_context(), atomic():
        if not take_slot("plans-catch-up", today.isoformat()):
            return 0
    return catch_up(timezone.now() - (WHOLE if today.day == 1 else FRESH))
