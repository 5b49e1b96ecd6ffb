"""Addresses of the pages about business profiles."""

from django.urls import path

from . import views

urlpatterns = [
    path("settings/profile/", views.profile, name="profile"),
    path("settings/profile/new/", views.profile_new, name="profile_new"),
    path("settings/profile/<uuid:profile_id>/", views.profile_edit, name="profile_edit"),
]
