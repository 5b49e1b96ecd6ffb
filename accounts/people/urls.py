"""Addresses of the pages about people."""

from django.urls import path

from . import views

urlpatterns = [
    path("settings/people/", views.people, name="people"),
    path("settings/people/departure/", views.departure, name="departure"),
    path("settings/people/<uuid:membership_id>/role/", views.role, name="member_role"),
    path("settings/people/<uuid:membership_id>/removal/", views.removal, name="member_removal"),
]
