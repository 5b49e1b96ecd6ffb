"""Pages of credits."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "credits"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("credits.ledger.urls")),
    path("", include("credits.plans.urls")),
    path("", include("credits.metering.urls")),
    path("", include("credits.purchases.urls")),
]
