"""The tasks of this app, by room."""

from segments.saved.tasks import purge_deleted

__all__ = ["purge_deleted"]
