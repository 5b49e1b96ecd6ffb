"""API routes of analytics."""

from django.urls import path

from analytics.jobs import api as jobs
from analytics.reference import api as reference
from analytics.reference.views import reference as reference_page
from analytics.staff import api as staff

urlpatterns = [
    path("schema", reference.SchemaView.as_view(), name="api-schema"),
    path("docs/", reference_page, name="api-docs"),
    path("admin/analytics/overview", staff.OverviewView.as_view(), name="api-staff-overview"),
    path("admin/analytics/users", staff.UserListView.as_view(), name="api-staff-users"),
    path("jobs", jobs.JobListView.as_view(), name="api-jobs"),
    path("jobs/<uuid:job_id>", jobs.JobView.as_view(), name="api-job"),
    path(
        "jobs/<uuid:job_id>/cancellation",
        jobs.JobCancellationView.as_view(),
        name="api-job-cancellation",
    ),
]
