"""API routes of analytics."""

from django.urls import path

from analytics.jobs import api as jobs

urlpatterns = [
    path("jobs", jobs.JobListView.as_view(), name="api-jobs"),
    path("jobs/<uuid:job_id>", jobs.JobView.as_view(), name="api-job"),
    path(
        "jobs/<uuid:job_id>/cancellation",
        jobs.JobCancellationView.as_view(),
        name="api-job-cancellation",
    ),
]
