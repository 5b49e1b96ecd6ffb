"""What staff see of credits, by room."""

from credits.ledger.admin import AccountAdmin, EntryAdmin, HoldAdmin
from credits.prices.admin import PackageAdmin, PlanAdmin, PriceAdmin

__all__ = ["AccountAdmin", "EntryAdmin", "HoldAdmin", "PackageAdmin", "PlanAdmin", "PriceAdmin"]
