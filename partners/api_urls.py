"""API routes of the partners' portal."""

from django.urls import URLPattern, URLResolver, path

from partners.commission import api as commission
from partners.submissions import api as submissions

urlpatterns: list[URLPattern | URLResolver] = [
    path("partner/leads/upload", submissions.UploadView.as_view(), name="api-partner-upload"),
    path(
        "partner/submissions",
        submissions.SubmissionListView.as_view(),
        name="api-partner-submissions",
    ),
    path(
        "partner/submissions/<uuid:submission_id>",
        submissions.SubmissionView.as_view(),
        name="api-partner-submission",
    ),
    path(
        "partner/submissions/<uuid:submission_id>/rejects",
        submissions.RejectsView.as_view(),
        name="api-partner-rejects",
    ),
    path("partner/earnings", commission.EarningsView.as_view(), name="api-partner-earnings"),
    path("partner/payouts", commission.PayoutListView.as_view(), name="api-partner-payouts"),
]
