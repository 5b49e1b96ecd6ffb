"""The nightly search, and the looks that staff ask for."""

from celery import shared_task

from .catalogue import TASK, work_due_looks
from .search import start_nightly_searches


@shared_task(name="leads.duplicates.search_all")
def search_all() -> int:
    """Start a search for duplicates in workspaces with new leads."""
    return start_nightly_searches()


@shared_task(name=TASK)
def work_looks() -> int:
    """Do the looks at the lead database that nobody does: new ones, and what dead workers left."""
    return work_due_looks()
