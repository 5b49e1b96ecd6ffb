"""Addresses of lists that are enriched."""

from django.urls import path

from . import views

urlpatterns = [
    path("enrichment/", views.enrichment_list, name="enrichments"),
    path(
        "enrichment/uploads/<uuid:list_id>/",
        views.enrichment_mapping,
        name="enrichment_mapping",
    ),
    path(
        "enrichment/uploads/<uuid:list_id>/reading/",
        views.enrichment_reading,
        name="enrichment_reading",
    ),
    path("enrichment/<uuid:enrichment_id>/", views.enrichment_detail, name="enrichment"),
    path(
        "enrichment/<uuid:enrichment_id>/payment/",
        views.enrichment_payment,
        name="enrichment_payment",
    ),
    path("enrichment/files/<str:token>/", views.enrichment_file, name="enrichment_file"),
]
