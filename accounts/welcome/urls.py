"""Addresses of the first steps."""

from django.urls import path

from . import views

urlpatterns = [path("workspaces/new/", views.workspace_new, name="workspace_new")]
