"""Addresses of the search page."""

from django.urls import path

from . import views

urlpatterns = [
    path("segments/new/", views.segment_new, name="new"),
    path("segments/new/pull/", views.segment_pull, name="new_pull"),
    path("segments/new/pull/price/", views.pull_price, name="new_pull_price"),
    path("segments/options/<slug:field>/", views.field_options, name="options"),
    path("segments/suggestions/<slug:field>/", views.field_suggestions, name="suggestions"),
    path("segments/<uuid:segment_id>/", views.segment_detail, name="detail"),
    path("segments/<uuid:segment_id>/pull/", views.segment_pull, name="pull"),
    path("segments/<uuid:segment_id>/pull/price/", views.pull_price, name="pull_price"),
]
