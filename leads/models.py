"""The tables of this app, by room."""

from leads.catalogue.models import CatalogueTombstone
from leads.records.models import Lead, LeadActivity, OwnedPeople

__all__ = ["CatalogueTombstone", "Lead", "LeadActivity", "OwnedPeople"]
