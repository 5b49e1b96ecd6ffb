"""The tasks of this app, by room."""

from partners.commission.tasks import (
    check_partner_ledger,
    count_pass_rates,
    mature_commissions,
    send_transfers,
)
from partners.submissions.tasks import recheck, remove_expired

__all__ = [
    "check_partner_ledger",
    "count_pass_rates",
    "mature_commissions",
    "recheck",
    "remove_expired",
    "send_transfers",
]
