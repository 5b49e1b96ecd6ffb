"""What the clock does to usage: days are summed up, and counts of killed processes are written."""

import logging
from datetime import UTC

from celery import shared_task
from django.utils import timezone

from cursive.lib.meters import StoreDown

from .aggregation import aggregate_usage as aggregate
from .counting import write_counts_of_store

log = logging.getLogger(__name__)


@shared_task(name="credits.metering.aggregate_usage")
def aggregate_usage() -> int:
    """Sum up the calls of the days that are over (C-18); how many days that were."""
    return len(aggregate(timezone.now().astimezone(UTC).date()))


@shared_task(name="credits.metering.write_counts")
def write_counts() -> int:
    """Write to PostgreSQL what Redis has counted and nobody has written (C-17)."""
    try:
        return write_counts_of_store()
    except StoreDown:
        # Then every process writes its own.
        log.warning("counts_of_store_not_written")
        return 0
