"""Forgetting what can't be undone any more."""

from celery import shared_task

from .operations import purge_bulk_runs


@shared_task(name="leads.bulk.purge")
def purge_runs() -> int:
    """Delete what is kept of bulk actions past their 30 days."""
    return purge_bulk_runs()
