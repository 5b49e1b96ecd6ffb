"""Emptying the trash."""

from celery import shared_task

from .operations import purge_deleted_leads


@shared_task(name="leads.records.purge_deleted")
def purge_deleted() -> int:
    """Delete for good the leads that have been in the trash for 30 days (A-19)."""
    return purge_deleted_leads()
