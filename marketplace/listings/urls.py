"""Addresses of the market."""

from django.urls import path

from . import saved_views, views

urlpatterns = [
    path("marketplace/", views.listing_list, name="listings"),
    path("marketplace/options/<slug:field>/", views.field_options, name="options"),
    path("marketplace/suggestions/<slug:field>/", views.field_suggestions, name="suggestions"),
    path("marketplace/searches/new/", saved_views.search_new, name="search_new"),
    path("marketplace/searches/<uuid:search_id>/", saved_views.search_details, name="search"),
    path(
        "marketplace/searches/<uuid:search_id>/deletion/",
        saved_views.search_deletion,
        name="search_deletion",
    ),
    path(
        "marketplace/searches/<uuid:search_id>/restore/",
        saved_views.search_restore,
        name="search_restore",
    ),
]
