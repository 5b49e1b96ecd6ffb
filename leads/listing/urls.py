"""Addresses of the lead list."""

from django.urls import path

from . import views

urlpatterns = [
    path("leads/", views.lead_list, name="list"),
    path("leads/news/", views.lead_news, name="news"),
    path("leads/options/<slug:field>/", views.field_options, name="options"),
    path("leads/suggestions/<slug:field>/", views.field_suggestions, name="suggestions"),
    path("leads/columns/", views.list_columns, name="columns"),
    path("leads/filters/new/", views.filter_new, name="filter_new"),
    path("leads/filters/<uuid:filter_id>/", views.filter_details, name="filter"),
    path("leads/filters/<uuid:filter_id>/deletion/", views.filter_deletion, name="filter_deletion"),
    path("leads/filters/<uuid:filter_id>/restore/", views.filter_restore, name="filter_restore"),
]
