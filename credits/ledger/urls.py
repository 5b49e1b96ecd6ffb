"""Addresses of the credits page."""

from django.urls import path

from . import views

urlpatterns = [
    path("credits/", views.overview, name="overview"),
    path("credits/balance/", views.balance, name="balance"),
    path("credits/export/", views.export, name="export"),
]
