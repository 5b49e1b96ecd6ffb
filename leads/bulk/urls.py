"""Addresses of bulk actions."""

from django.urls import path

from . import views

urlpatterns = [
    path("leads/bulk/", views.bulk_start, name="bulk"),
    path("leads/bulk/<uuid:run_id>/", views.bulk_run, name="bulk_run"),
    path("leads/bulk/<uuid:run_id>/undo/", views.bulk_undo, name="bulk_undo"),
    path("leads/bulk/<uuid:run_id>/failures/", views.bulk_failures, name="bulk_failures"),
]
