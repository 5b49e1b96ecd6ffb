"""Emptying the trash."""

from celery import shared_task

from .notes import purge_deleted_notes
from .operations import purge_deleted_leads


@shared_task(name="leads.records.purge_deleted")
def purge_deleted() -> int:
    """Delete for good the leads and notes that have been deleted for 30 days (A-19)."""
    return purge_deleted_leads() + purge_deleted_notes()
