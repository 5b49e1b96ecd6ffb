"""Pages of leads."""

from django.urls import include, path

app_name = "leads"
urlpatterns = [
    path("", include("leads.listing.urls")),
    path("", include("leads.records.urls")),
    path("", include("leads.exports.urls")),
]
