"""What staff see of the marketplace, by room."""

from marketplace.purchases.admin import LeadReportAdmin, OrderAdmin

__all__ = ["LeadReportAdmin", "OrderAdmin"]
