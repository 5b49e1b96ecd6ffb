"""Addresses of verifications."""

from django.urls import path

from . import views

urlpatterns = [
    path("leads/verification/", views.verification, name="verification"),
    path("leads/verification/start/", views.verification_start, name="verification_start"),
    path(
        "leads/<uuid:lead_id>/verification/",
        views.lead_verification,
        name="lead_verification",
    ),
]
