"""The tables of this app, by room."""

from leads.catalogue.models import CatalogueTombstone
from leads.listing.models import ListColumns, SavedFilter
from leads.records.models import Lead, LeadActivity, OwnedPeople

__all__ = [
    "CatalogueTombstone",
    "Lead",
    "LeadActivity",
    "ListColumns",
    "OwnedPeople",
    "SavedFilter",
]
