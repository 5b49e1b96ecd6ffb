"""API routes of leads."""

from django.urls import path

from leads.filters import api as filters
from leads.records import api as records

urlpatterns = [
    path("filters/schema", filters.FilterSchemaView.as_view(), name="api-filter-schema"),
    path("leads", records.LeadListView.as_view(), name="api-leads"),
    path("leads/<uuid:lead_id>", records.LeadView.as_view(), name="api-lead"),
]
