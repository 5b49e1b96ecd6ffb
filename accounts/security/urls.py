"""Addresses of the security events' pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("settings/security/", views.security, name="security"),
    path("settings/security/exports/", views.export, name="security_export"),
]
