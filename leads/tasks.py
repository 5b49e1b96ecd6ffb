"""The tasks of this app, by room."""

from leads.bulk.tasks import purge_runs
from leads.duplicates.tasks import search_all as search_duplicates
from leads.duplicates.tasks import work_looks
from leads.enrichment.tasks import remove_expired_lists
from leads.exports.tasks import remove_expired
from leads.imports.tasks import remove_expired_files
from leads.listing.tasks import purge_deleted as purge_saved_filters
from leads.records.tasks import purge_deleted
from leads.scoring.tasks import score_all
from leads.verification.tasks import purge as purge_checks
from leads.verification.tasks import work_queue

__all__ = [
    "purge_checks",
    "purge_deleted",
    "purge_runs",
    "purge_saved_filters",
    "remove_expired",
    "remove_expired_files",
    "remove_expired_lists",
    "score_all",
    "search_duplicates",
    "work_looks",
    "work_queue",
]
