"""API routes of credits."""

from django.urls import URLPattern, URLResolver, path

from credits.ledger import api as ledger
from credits.prices import api as prices

urlpatterns: list[URLPattern | URLResolver] = [
    path("credits/balance", ledger.BalanceView.as_view(), name="api-credits-balance"),
    path(
        "credits/transactions",
        ledger.TransactionListView.as_view(),
        name="api-credits-transactions",
    ),
    path("credits/packages", prices.PackageListView.as_view(), name="api-credits-packages"),
    path("credits/pricing", prices.PricingView.as_view(), name="api-credits-pricing"),
]
