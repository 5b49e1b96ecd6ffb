"""The tables of this app, by room."""

from marketplace.listings.models import (
    AddressVerdict,
    Listing,
    ListingPerson,
    ListingRemoval,
    SavedSearch,
    SuspendedSeller,
)
from marketplace.purchases.models import CartItem, LeadReport, Order, OrderLine

__all__ = [
    "AddressVerdict",
    "CartItem",
    "LeadReport",
    "Listing",
    "ListingPerson",
    "ListingRemoval",
    "Order",
    "OrderLine",
    "SavedSearch",
    "SuspendedSeller",
]
