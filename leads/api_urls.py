"""API routes of leads."""

from django.urls import path

from leads.records import api as records

urlpatterns = [
    path("leads", records.LeadListView.as_view(), name="api-leads"),
    path("leads/<uuid:lead_id>", records.LeadView.as_view(), name="api-lead"),
]
