"""Addresses of jobs."""

from django.urls import path

from . import views

app_name = "jobs"
urlpatterns = [
    path("jobs/", views.job_list, name="list"),
    path("jobs/<uuid:job_id>/", views.job_detail, name="detail"),
    path("jobs/<uuid:job_id>/progress/", views.job_progress, name="progress"),
    path("jobs/<uuid:job_id>/cancellation/", views.job_cancellation, name="cancellation"),
    path("jobs/<uuid:job_id>/retry/", views.job_retry, name="retry"),
    path("events/jobs/<uuid:job_id>/", views.job_events, name="events"),
]
