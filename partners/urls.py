"""Pages of the partners' portal."""

from django.urls import include, path

app_name = "partners"
urlpatterns = [
    path("", include("partners.program.urls")),
    path("", include("partners.commission.urls")),
    path("", include("partners.submissions.urls")),
]
