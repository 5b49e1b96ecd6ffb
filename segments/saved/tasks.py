"""Emptying the trash."""

from celery import shared_task

from .operations import purge_segments


@shared_task(name="segments.purge_deleted")
def purge_deleted() -> int:
    """Delete for good the segments that have been in the trash for 30 days (A-19)."""
    return purge_segments()
