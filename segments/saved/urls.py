"""Addresses of saved segments."""

from django.urls import path

from . import views

urlpatterns = [
    path("segments/", views.segment_list, name="list"),
    path("segments/save/", views.segment_save, name="save"),
    path("segments/<uuid:segment_id>/details/", views.segment_details, name="details"),
    path("segments/<uuid:segment_id>/filter/", views.segment_filter, name="filter"),
    path("segments/<uuid:segment_id>/count/", views.segment_count, name="count"),
    path("segments/<uuid:segment_id>/copy/", views.segment_copy, name="copy"),
    *(
        path(
            f"segments/<uuid:segment_id>/{change}/",
            views.segment_status,
            {"change": change},
            name=change,
        )
        for change in views.STATUS_CHANGES
    ),
    path("segments/<uuid:segment_id>/deletion/", views.segment_deletion, name="deletion"),
    path("segments/<uuid:segment_id>/restore/", views.segment_restore, name="restore"),
]
