"""Processing events: at once by the bell, and every minute what is due (C-10)."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task

from . import runner
from .operations import forget_payloads
from .queries import events_are_late


@shared_task(name="credits.stripe.process_event")
def process_event(event_id: str) -> bool:
    """Process a new or retried event; one that is taken, done or not due is left alone."""
    return runner.process_event(UUID(event_id))


@shared_task(name="credits.stripe.process_due_events")
def process_due_events() -> int:
    """Process what is due: retries, lost rings, and what dead workers left.

    What is left when its time is over, after Stripe was down for long, isn't left for a minute.
    """
    done = runner.process_due_events()
    if done and events_are_late(by=timedelta(0)):
        process_due_events.delay()
    return done


@shared_task(name="credits.stripe.forget_old_payloads")
def forget_old_payloads() -> int:
    """Empty what old events said (`PAYLOADS_KEPT`)."""
    return forget_payloads()
