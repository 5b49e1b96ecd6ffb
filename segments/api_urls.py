"""API routes of segments."""

from django.urls import URLPattern, URLResolver, path

from segments.builder import api as builder
from segments.saved import api as saved

urlpatterns: list[URLPattern | URLResolver] = [
    path("segments", saved.SegmentList.as_view(), name="api-segments"),
    path("segments/count", builder.CountView.as_view(), name="api-segments-count"),
    path("segments/<uuid:segment_id>", saved.SegmentDetail.as_view(), name="api-segment"),
    path("segments/<uuid:segment_id>/run", saved.SegmentRun.as_view(), name="api-segment-run"),
]
