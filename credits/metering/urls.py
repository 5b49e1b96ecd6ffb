"""Addresses of the usage page."""

from django.urls import path

from . import views

urlpatterns = [
    path("usage/", views.usage, name="usage"),
    path("usage/export/", views.export, name="usage_export"),
]
