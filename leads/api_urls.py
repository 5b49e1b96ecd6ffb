"""API routes of leads."""

from django.urls import path

from leads.bulk import api as bulk
from leads.duplicates import api as duplicates
from leads.enrichment import api as enrichment
from leads.exports import api as exports
from leads.filters import api as filters
from leads.imports import api as imports
from leads.records import api as records
from leads.verification import api as verification

urlpatterns = [
    path("filters/schema", filters.FilterSchemaView.as_view(), name="api-filter-schema"),
    path("leads/duplicates", duplicates.DuplicateListView.as_view(), name="api-duplicates"),
    path(
        "leads/duplicates/<uuid:candidate_id>/merge",
        duplicates.DuplicateMergeView.as_view(),
        name="api-duplicate-merge",
    ),
    path(
        "leads/duplicates/<uuid:candidate_id>/dismissal",
        duplicates.DuplicateDismissalView.as_view(),
        name="api-duplicate-dismissal",
    ),
    path("leads", records.LeadListView.as_view(), name="api-leads"),
    path("leads/bulk", bulk.BulkView.as_view(), name="api-leads-bulk"),
    path("leads/bulk/<uuid:run_id>", bulk.BulkRunView.as_view(), name="api-leads-bulk-run"),
    path(
        "leads/exports/<uuid:job_id>/download",
        exports.ExportDownloadView.as_view(),
        name="api-export-download",
    ),
    path("leads/imports", imports.ImportListView.as_view(), name="api-imports"),
    path("leads/imports/<uuid:import_id>", imports.ImportView.as_view(), name="api-import"),
    path(
        "leads/imports/<uuid:import_id>/confirmation",
        imports.ImportConfirmationView.as_view(),
        name="api-import-confirmation",
    ),
    path(
        "leads/imports/<uuid:import_id>/rejects",
        imports.ImportRejectsView.as_view(),
        name="api-import-rejects",
    ),
    path("leads/<uuid:lead_id>", records.LeadView.as_view(), name="api-lead"),
    path("leads/verify", verification.VerifyView.as_view(), name="api-leads-verify"),
    path(
        "leads/verification/summary",
        verification.SummaryView.as_view(),
        name="api-verification-summary",
    ),
    path("enrichment", enrichment.EnrichmentList.as_view(), name="api-enrichments"),
    path(
        "enrichment/<uuid:enrichment_id>",
        enrichment.EnrichmentDetail.as_view(),
        name="api-enrichment",
    ),
    path(
        "enrichment/<uuid:enrichment_id>/payment",
        enrichment.EnrichmentPayment.as_view(),
        name="api-enrichment-payment",
    ),
    path(
        "enrichment/<uuid:enrichment_id>/download",
        enrichment.EnrichmentDownload.as_view(),
        name="api-enrichment-download",
    ),
]
