"""Addresses of duplicates and merges."""

from django.urls import path

from . import views

urlpatterns = [
    path("leads/duplicates/", views.duplicate_list, name="duplicates"),
    path("leads/duplicates/search/", views.duplicate_search, name="duplicate_search"),
    path("leads/duplicates/<uuid:candidate_id>/", views.duplicate, name="duplicate"),
    path(
        "leads/duplicates/<uuid:candidate_id>/dismissal/",
        views.duplicate_dismissal,
        name="duplicate_dismissal",
    ),
    path(
        "leads/duplicates/<uuid:candidate_id>/reopening/",
        views.duplicate_reopening,
        name="duplicate_reopening",
    ),
    path("leads/merges/<uuid:merge_id>/", views.merge, name="merge"),
    path("leads/merges/<uuid:merge_id>/undo/", views.merge_undo, name="merge_undo"),
]
