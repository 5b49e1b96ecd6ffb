"""Pages of analytics."""

from django.urls import include, path

from analytics.dashboards import views as dashboards

urlpatterns = [
    path("", dashboards.home, name="home"),
    path("dashboard/", dashboards.dashboard, name="dashboard"),
    path("", include("analytics.jobs.urls")),
]
