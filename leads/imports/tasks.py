"""Tidying up."""

from celery import shared_task

from .operations import remove_expired_imports
from .uploads.operations import remove_expired_uploads


@shared_task(name="leads.imports.remove_expired")
def remove_expired_files() -> int:
    """Delete uploaded files, and what imports have staged, past their 30 days."""
    return remove_expired_imports() + remove_expired_uploads()
