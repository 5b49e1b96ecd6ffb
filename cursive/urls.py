"""All addresses, by app."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from cursive.views import HealthView

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    # Before the pages, all of which an address of the API would be compared with.
    path("api/health", HealthView.as_view(), name="health"),
    path("api/", include("accounts.api_urls")),
    path("api/", include("credits.api_urls")),
    path("api/", include("leads.api_urls")),
    path("api/", include("segments.api_urls")),
    path("api/", include("marketplace.api_urls")),
    path("api/", include("partners.api_urls")),
    path("api/", include("analytics.api_urls")),
    path("", include("analytics.urls")),
    path("", include("accounts.urls")),
    path("", include("credits.urls")),
    path("", include("leads.urls")),
    path("", include("segments.urls")),
    path("", include("marketplace.urls")),
    path("", include("partners.urls")),
]

handler400 = "cursive.views.bad_request"
handler403 = "cursive.views.forbidden"
handler404 = "cursive.views.not_found"
handler500 = "cursive.views.server_error"
handler429 = "accounts.access.views.too_many_requests"
