"""The tasks of this app, by room."""

from leads.exports.tasks import remove_expired
from leads.listing.tasks import purge_deleted as purge_saved_filters
from leads.records.tasks import purge_deleted

__all__ = ["purge_deleted", "purge_saved_filters", "remove_expired"]
