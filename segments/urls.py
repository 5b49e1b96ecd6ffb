"""Pages of segments."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "segments"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("segments.builder.urls")),
    path("", include("segments.saved.urls")),
]
