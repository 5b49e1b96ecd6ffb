"""Addresses of leads."""

from django.urls import path

from . import note_views, views

urlpatterns = [
    path("leads/deleted/", views.lead_trash, name="trash"),
    path("leads/<uuid:lead_id>/", views.lead_detail, name="detail"),
    path("leads/<uuid:lead_id>/notes/", note_views.note_new, name="note_new"),
    path(
        "leads/<uuid:lead_id>/notes/<uuid:note_id>/deletion/",
        note_views.note_deletion,
        name="note_deletion",
    ),
    path(
        "leads/<uuid:lead_id>/notes/<uuid:note_id>/restore/",
        note_views.note_restore,
        name="note_restore",
    ),
    path("leads/<uuid:lead_id>/deletion/", views.lead_deletion, name="deletion"),
    path("leads/<uuid:lead_id>/edit/", views.lead_edit, name="edit"),
    path("leads/<uuid:lead_id>/restore/", views.lead_restore, name="restore"),
]
