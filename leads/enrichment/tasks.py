"""Tidying up."""

from celery import shared_task

from .deliveries import KIND
from .files import remove_expired_files


@shared_task(name="leads.enrichment.remove_expired")
def remove_expired_lists() -> int:
    """Delete files of enriched lists that are past their 30 days."""
    return remove_expired_files(KIND)
