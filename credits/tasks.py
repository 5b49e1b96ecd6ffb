"""The tasks of credits, by room."""

from credits.ledger.tasks import check_ledger, release_stale_holds

__all__ = ["check_ledger", "release_stale_holds"]
