"""The tables of this app, by room."""

from leads.records.models import Lead, LeadActivity, OwnedPeople

__all__ = ["Lead", "LeadActivity", "OwnedPeople"]
