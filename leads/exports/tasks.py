"""Tidying up."""

from celery import shared_task

from .operations import remove_expired_exports


@shared_task(name="leads.exports.remove_expired")
def remove_expired() -> int:
    """Delete export files that are past their 30 days."""
    return remove_expired_exports()
