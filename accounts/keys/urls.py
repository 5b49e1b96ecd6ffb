"""Addresses of the pages about API keys."""

from django.urls import path

from . import views

urlpatterns = [
    path("settings/keys/", views.api_keys, name="api_keys"),
    path("settings/keys/<uuid:key_id>/revocation/", views.revoke, name="api_key_revoke"),
]
