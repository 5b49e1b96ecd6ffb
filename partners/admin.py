"""What staff see of partners, by room."""

from partners.commission.admin import (
    CommissionRateAdmin,
    PartnerAccountAdmin,
    PartnerEntryAdmin,
    SellerAdmin,
    SoldLeadAdmin,
)
from partners.commission.payout_admin import PayoutAdmin
from partners.submissions.admin import SubmissionAdmin

__all__ = [
    "CommissionRateAdmin",
    "PartnerAccountAdmin",
    "PartnerEntryAdmin",
    "PayoutAdmin",
    "SellerAdmin",
    "SoldLeadAdmin",
    "SubmissionAdmin",
]
