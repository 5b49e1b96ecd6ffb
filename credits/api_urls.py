"""API routes of credits."""

from django.urls import URLPattern, URLResolver, path

from credits.ledger import api as ledger
from credits.metering import api as metering
from credits.overage import api as overage
from credits.prices import api as prices
from credits.purchases import api as purchases
from credits.stripe import api as stripe

urlpatterns: list[URLPattern | URLResolver] = [
    path("credits/balance", ledger.BalanceView.as_view(), name="api-credits-balance"),
    path(
        "credits/transactions",
        ledger.TransactionListView.as_view(),
        name="api-credits-transactions",
    ),
    path("credits/packages", prices.PackageListView.as_view(), name="api-credits-packages"),
    path("usage/current", metering.CurrentUsageView.as_view(), name="api-usage-current"),
    path("usage/history", metering.UsageHistoryView.as_view(), name="api-usage-history"),
    path("usage/endpoints", metering.UsageEndpointsView.as_view(), name="api-usage-endpoints"),
    path("credits/pricing", prices.PricingView.as_view(), name="api-credits-pricing"),
    path("credits/checkout", purchases.CheckoutView.as_view(), name="api-credits-checkout"),
    path("credits/purchase", purchases.CheckoutView.as_view(), name="api-credits-purchase"),
    path("webhooks/stripe", stripe.StripeWebhookView.as_view(), name="api-webhooks-stripe"),
    path("usage/overage", overage.OverageView.as_view(), name="api-usage-overage"),
]
