"""Tidying up."""

from celery import shared_task

from .operations import purge_saved_filters


@shared_task(name="leads.listing.purge_deleted")
def purge_deleted() -> int:
    """Delete for good the saved filters that were deleted over 30 days ago (A-19)."""
    return purge_saved_filters()
