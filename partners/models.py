"""The tables of this app, by room."""

from partners.commission.models import (
    CommissionRate,
    PartnerAccount,
    PartnerEntry,
    Payout,
    SoldLead,
)
from partners.program.models import Partner
from partners.submissions.models import ListingCheck, Submission

__all__ = [
    "CommissionRate",
    "ListingCheck",
    "Partner",
    "PartnerAccount",
    "PartnerEntry",
    "Payout",
    "SoldLead",
    "Submission",
]
