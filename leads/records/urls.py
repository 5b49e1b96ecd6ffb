"""Addresses of leads."""

from django.urls import path

from . import views

urlpatterns = [
    path("leads/deleted/", views.lead_trash, name="trash"),
    path("leads/<uuid:lead_id>/", views.lead_detail, name="detail"),
    path("leads/<uuid:lead_id>/deletion/", views.lead_deletion, name="deletion"),
    path("leads/<uuid:lead_id>/restore/", views.lead_restore, name="restore"),
]
