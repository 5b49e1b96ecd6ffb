"""The tables of this app, by room."""

from credits.ledger.models import Account, Entry, Hold
from credits.metering.models import ApiCall, DailyKeyUsage, DailyUsage, UsageCount
from credits.overage.models import OverageCharge
from credits.plans.models import Invoice, Period, PlanCheckout, StripeItem, Subscription
from credits.prices.models import Package, Plan, Price
from credits.purchases.models import (
    AutoReload,
    CreditPurchase,
    Dispute,
    Reversal,
    StripeDifference,
)
from credits.receipts.models import PaymentMail
from credits.stripe.models import StripeCustomer, StripeEvent

__all__ = [
    "Account",
    "ApiCall",
    "AutoReload",
    "CreditPurchase",
    "DailyKeyUsage",
    "DailyUsage",
    "Dispute",
    "Entry",
    "Hold",
    "Invoice",
    "OverageCharge",
    "Package",
    "PaymentMail",
    "Period",
    "Plan",
    "PlanCheckout",
    "Price",
    "Reversal",
    "StripeCustomer",
    "StripeDifference",
    "StripeEvent",
    "StripeItem",
    "Subscription",
    "UsageCount",
]
