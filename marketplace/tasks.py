"""The tasks of this app, by room."""

from marketplace.listings.tasks import purge_deleted, withdraw_suppressed

__all__ = ["purge_deleted", "withdraw_suppressed"]
