"""Pages of leads."""

from django.urls import include, path

app_name = "leads"
urlpatterns = [
    path("", include("leads.listing.urls")),
    path("", include("leads.duplicates.urls")),
    path("", include("leads.records.urls")),
    path("", include("leads.exports.urls")),
    path("", include("leads.scoring.urls")),
    path("", include("leads.bulk.urls")),
    path("", include("leads.enrichment.urls")),
    path("", include("leads.imports.urls")),
    path("", include("leads.verification.urls")),
]
