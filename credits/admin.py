"""What staff see of credits, by room."""

from credits.ledger.admin import AccountAdmin, EntryAdmin, HoldAdmin
from credits.metering.admin import DailyUsageAdmin, UsageCountAdmin
from credits.overage.admin import OverageChargeAdmin
from credits.plans.admin import InvoiceAdmin, PeriodAdmin, SubscriptionAdmin
from credits.prices.admin import PackageAdmin, PlanAdmin, PriceAdmin
from credits.purchases.admin import (
    AutoReloadAdmin,
    CreditPurchaseAdmin,
    DisputeAdmin,
    ReversalAdmin,
    StripeDifferenceAdmin,
)
from credits.receipts.admin import PaymentMailAdmin
from credits.stripe.admin import StripeCustomerAdmin, StripeEventAdmin

__all__ = [
    "AccountAdmin",
    "AutoReloadAdmin",
    "CreditPurchaseAdmin",
    "DailyUsageAdmin",
    "DisputeAdmin",
    "EntryAdmin",
    "HoldAdmin",
    "InvoiceAdmin",
    "OverageChargeAdmin",
    "PackageAdmin",
    "PaymentMailAdmin",
    "PeriodAdmin",
    "PlanAdmin",
    "PriceAdmin",
    "ReversalAdmin",
    "StripeCustomerAdmin",
    "StripeDifferenceAdmin",
    "StripeEventAdmin",
    "SubscriptionAdmin",
    "UsageCountAdmin",
]
