"""API routes of the marketplace."""

from django.urls import path

from marketplace.listings import api as listings
from marketplace.purchases import api as purchases

urlpatterns = [
    path("marketplace", listings.ListingListView.as_view(), name="api-marketplace"),
    path("marketplace/leads", listings.ListingListView.as_view(), name="api-marketplace-leads"),
    path("marketplace/purchase", purchases.PurchaseView.as_view(), name="api-marketplace-purchase"),
    path("marketplace/my-leads", purchases.MyLeadsView.as_view(), name="api-marketplace-my-leads"),
    path(
        "marketplace/my-leads/<uuid:line_id>/report",
        purchases.LeadReportView.as_view(),
        name="api-marketplace-report",
    ),
    path(
        "marketplace/credits/purchase",
        purchases.CreditsPurchaseView.as_view(),
        name="api-marketplace-credits-purchase",
    ),
]
