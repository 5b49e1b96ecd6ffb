"""What is done every night."""

from celery import shared_task

from leads.listing.operations import purge_saved_filters

from .models import SavedSearch
from .operations import withdraw_suppressed as withdraw


@shared_task(name="marketplace.listings.purge_deleted")
def purge_deleted() -> int:
    """Delete for good the saved searches that were deleted over 30 days ago (A-19)."""
    return purge_saved_filters(SavedSearch)


@shared_task(name="marketplace.listings.withdraw_suppressed")
def withdraw_suppressed() -> int:
    """Take everybody off the market who is on the suppression list by now (M-1)."""
    return withdraw()
