"""Addresses of imports."""

from django.urls import path

from . import views

urlpatterns = [
    path("leads/imports/", views.import_list, name="imports"),
    path("leads/imports/new/", views.import_new, name="import_new"),
    path("leads/imports/<uuid:import_id>/", views.import_detail, name="import"),
    path("leads/imports/<uuid:import_id>/mapping/", views.import_mapping, name="import_mapping"),
    path("leads/imports/<uuid:import_id>/reading/", views.import_reading, name="import_reading"),
    path(
        "leads/imports/<uuid:import_id>/confirmation/",
        views.import_confirmation,
        name="import_confirmation",
    ),
    path("leads/imports/<uuid:import_id>/removal/", views.import_removal, name="import_removal"),
    path("leads/imports/<uuid:import_id>/rejects/", views.import_rejects, name="import_rejects"),
]
