"""Addresses of the pages about workspaces."""

from django.urls import path

from . import views

urlpatterns = [
    path("settings/", views.workspace_settings, name="workspace_settings"),
    path("workspaces/<uuid:workspace_id>/switch/", views.switch, name="workspace_switch"),
]
