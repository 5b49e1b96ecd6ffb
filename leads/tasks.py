"""The tasks of this app, by room."""

from leads.exports.tasks import remove_expired
from leads.records.tasks import purge_deleted

__all__ = ["purge_deleted", "remove_expired"]
