"""Addresses of the audit log's pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("settings/audit/", views.audit_log, name="audit_log"),
    path("settings/audit/exports/", views.export, name="audit_export"),
]
