"""Pages of the marketplace."""

from django.urls import include, path

app_name = "marketplace"
urlpatterns = [
    path("", include("marketplace.listings.urls")),
    path("", include("marketplace.purchases.urls")),
]
