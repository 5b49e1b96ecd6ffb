"""Submissions by API (P-8)."""

from typing import Any, cast
from uuid import UUID

from django.http import QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import WorkspacePermission, caller
from cursive.lib.errors import InvalidInput
from cursive.lib.jobs.queries import job_state
from cursive.lib.ui.page_documents import page_document
from cursive.lib.ui.pagination import numbered_page
from leads.imports.uploads.given import read_mapping
from partners.program.guards import PartnerPermission

from . import operations
from .details import FIELDS, PRICE_FIX
from .models import Submission
from .queries import Sales, sales_of, submissions_of
from .views import rejects_response


class UploadBodySerializer(serializers.Serializer[Any]):
    """What handing in a file takes; for the reference only."""

    file = serializers.FileField()
    price = serializers.CharField(help_text=PRICE_FIX)
    categories = serializers.CharField(required=False, help_text="Separated by commas.")
    max_sales = serializers.IntegerField(required=False, help_text="Buyers per lead; 1 unless said")
    guarantee = serializers.BooleanField(help_text="true: they agreed, and the data is right.")
    # The document's field; DRF's own `source` is of no use here.
    source = serializers.CharField()  # type: ignore[assignment]
    collected_on = serializers.DateField()
    mapping = serializers.CharField(
        required=False, help_text='JSON: {"Column": "field", "Other": null}'
    )


class QualitySerializer(serializers.Serializer[Any]):
    """Quality points, in all and by part (P-4)."""

    total = serializers.IntegerField(help_text="0 to 100.")
    verified = serializers.IntegerField(help_text="0 to 40.")
    completeness = serializers.IntegerField(help_text="0 to 30.")
    freshness = serializers.IntegerField(help_text="0 to 20.")
    uniqueness = serializers.IntegerField(help_text="0 to 10.")


class DuplicatesSerializer(serializers.Serializer[Any]):
    """Rows that are duplicates, by where the other one is."""

    in_file = serializers.IntegerField()
    own = serializers.IntegerField(help_text="In your earlier submissions.")
    others = serializers.IntegerField(help_text="In other partners' submissions.")
    marketplace = serializers.IntegerField(help_text="On sale, or sold.")


class SubmissionSerializer(serializers.Serializer[Any]):
    """A submission's document. Counts are 0 until it is validated."""

    id = serializers.UUIDField()
    number = serializers.CharField(help_text="Such as S-0001.")
    file = serializers.CharField()
    status = serializers.ChoiceField(Submission.Status.choices)
    refusal = serializers.CharField(help_text="Why it isn't taken; else empty.")
    price_cents = serializers.IntegerField()
    categories = serializers.ListField(child=serializers.CharField())
    max_sales = serializers.IntegerField()
    # The document's field, as above.
    source = serializers.CharField()  # type: ignore[assignment]
    collected_on = serializers.DateField()
    rows = serializers.IntegerField()
    valid = serializers.IntegerField()
    invalid = serializers.IntegerField()
    duplicates = DuplicatesSerializer()
    quality = QualitySerializer()
    approved = serializers.IntegerField()
    on_sale = serializers.IntegerField()
    sold = serializers.IntegerField(help_text="Leads that somebody bought.")
    reject_code = serializers.CharField()
    reject_text = serializers.CharField()
    columns = serializers.DictField(
        child=serializers.CharField(allow_null=True), help_text="Column → field, null: left out."
    )
    job = serializers.DictField(allow_null=True)
    created_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)


SubmissionPageSerializer = page_document("SubmissionPage", SubmissionSerializer)
_PLAIN = (
    *("id", "status", "refusal", "price_cents", "categories", "max_sales", "source"),
    *("collected_on", "rows", "valid", "invalid", "approved", "reject_code", "reject_text"),
    *("created_at", "submitted_at", "reviewed_at"),
)


def submission_state(found: Submission, sales: Sales) -> dict[str, Any]:
    """A submission as the API shows it."""
    job = found.shown_job or found.job
    return {
        **{name: getattr(found, name) for name in _PLAIN},
        "number": str(found),
        "file": found.upload.file_name,
        "duplicates": {
            "in_file": found.doubles_in_file,
            "own": found.doubles_own,
            "others": found.doubles_others,
            "marketplace": found.doubles_market,
        },
        "quality": {
            "total": found.quality,
            "verified": found.verified_points,
            "completeness": found.completeness_points,
            "freshness": found.freshness_points,
            "uniqueness": found.uniqueness_points,
        },
        "on_sale": sales.on_sale,
        "sold": sales.sold,
        "columns": {each.column: each.field for each in found.upload.columns_mapped.columns},
        "job": job_state(job) if job is not None else None,
    }


class UploadView(APIView):
    """`POST /api/partner/leads/upload`."""

    permission_classes = (WorkspacePermission, PartnerPermission)
    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": UploadBodySerializer},
        responses={202: SubmissionSerializer},
        operation_id="partner_upload",
    )
    def post(self, request: Request) -> Response:
        """Hand in a CSV, TSV or Excel file; a job validates it. Submit it for review in the
        portal, where you see what was found.

        So many leads are checked for a partner in 24 hours, and so many files at a time: past
        that it answers 429, and the sentence says when to go on.
        """
        form = cast(QueryDict, request.data)
        if unknown := sorted(set(form) - {*FIELDS, "file", "mapping"}):
            raise InvalidInput("There is no such field.", fields={unknown[0]: "No such field."})
        file = request.FILES.get("file")
        if file is None:
            raise InvalidInput("Send a file.", fields={"file": "Send it as multipart/form-data."})
        plain = caller(request)
        made = operations.upload_submission(
            workspace=plain.workspace,
            actor=plain.actor,
            file=file,
            details={name: form.get(name) for name in FIELDS},
            validate=True,
            fields=read_mapping(form.get("mapping", "")),
        )
        return Response(submission_state(made, Sales()), status=202)


class SubmissionListView(APIView):
    """`GET /api/partner/submissions`."""

    permission_classes = (WorkspacePermission, PartnerPermission)

    @extend_schema(
        parameters=[OpenApiParameter("page", int), OpenApiParameter("pageSize", int)],
        responses=SubmissionPageSerializer,
        operation_id="partner_submissions_list",
    )
    def get(self, request: Request) -> Response:
        """What this partner has handed in, newest first."""
        found = submissions_of(caller(request).workspace.id).order_by("-created_at", "-id")
        page = numbered_page(found, request.query_params)
        sales = sales_of(page.items)
        return Response(page.answer([submission_state(one, sales[one.id]) for one in page.items]))


class SubmissionView(APIView):
    """`GET /api/partner/submissions/{id}`."""

    permission_classes = (WorkspacePermission, PartnerPermission)

    @extend_schema(responses=SubmissionSerializer, operation_id="partner_submissions_read")
    def get(self, request: Request, submission_id: UUID) -> Response:
        """How far it is, what validation found, and what is sold."""
        found = get_object_or_404(submissions_of(caller(request).workspace.id), id=submission_id)
        return Response(submission_state(found, sales_of([found])[found.id]))


class RejectsView(APIView):
    """`GET /api/partner/submissions/{id}/rejects`."""

    permission_classes = (WorkspacePermission, PartnerPermission)

    @extend_schema(
        responses={(200, "text/csv"): OpenApiTypes.STR}, operation_id="partner_submissions_rejects"
    )
    def get(self, request: Request, submission_id: UUID) -> StreamingHttpResponse:
        """The rows that aren't taken as CSV: line, field, reason, values; kept for 30 days."""
        found = get_object_or_404(submissions_of(caller(request).workspace.id), id=submission_id)
        return rejects_response(found)
