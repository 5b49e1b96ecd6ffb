"""Addresses of exports."""

from django.urls import path

from . import views

urlpatterns = [
    path("leads/exports/", views.export_start, name="export"),
    path("leads/exports/<uuid:job_id>/download/", views.export_download, name="export_download"),
]
