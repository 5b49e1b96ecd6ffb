"""What a storm's workers do: work on Stripe's events until none is pending any more."""

import time

from credits.stripe.models import StripeEvent
from credits.stripe.runner import process_due_events
from cursive.lib.tenancy import system_context


def process_all() -> None:
    """Process what is due, again and again, until nothing is left."""
    with system_context():
        while StripeEvent.objects.filter(state=StripeEvent.State.PENDING).exists():
            process_due_events()
            time.sleep(0.1)
