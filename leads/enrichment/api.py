"""Lists by API: upload, read, pay, download."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponseRedirect
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.jobs.queries import job_state
from cursive.lib.ui.page_documents import page_document
from cursive.lib.ui.pagination import numbered_page
from leads.imports.uploads.forms import UploadForm

from .files import signed_url
from .operations import pay_enrichment, receive_list
from .prices import quote_of
from .queries import Listed, enrichments_of, get_listed, listed

KEY_HEADER = "Idempotency-Key"
KEY = OpenApiParameter(KEY_HEADER, location=OpenApiParameter.HEADER)


class QuoteSerializer(serializers.Serializer[Any]):
    """What a list costs now: `new` people are charged, `owned` are delivered free."""

    people = serializers.IntegerField()
    owned = serializers.IntegerField()
    new = serializers.IntegerField()
    price = serializers.DecimalField(max_digits=12, decimal_places=2)
    available = serializers.DecimalField(max_digits=12, decimal_places=2)


class EnrichmentSerializer(serializers.Serializer[Listed]):
    """A list's document. Counts are of rows, but `people`, and are 0 until the look-up is over."""

    id = serializers.UUIDField(source="enrichment.id")
    file_name = serializers.CharField(source="enrichment.file_name")
    status = serializers.ChoiceField(
        ["matching", "failed", "ready", "delivering", "completed", "cancelled", "expired"],
        source="stage",
    )
    rows = serializers.IntegerField(source="enrichment.rows")
    people = serializers.IntegerField(
        source="enrichment.people", help_text="How many different people were found."
    )
    without_key = serializers.IntegerField(source="enrichment.without_key")
    unreadable = serializers.IntegerField(source="enrichment.unreadable")
    mapping = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="enrichment.created_at")
    preview_job = serializers.UUIDField(source="enrichment.preview_job_id", allow_null=True)
    delivery_job = serializers.UUIDField(source="enrichment.delivery_job_id", allow_null=True)
    error = serializers.CharField(help_text="Why it has failed; else empty.")
    result = serializers.SerializerMethodField()
    download_url = serializers.CharField()

    def get_mapping(self, one: Listed) -> dict[str, str | None]:
        """Column → the field that it was read as, or null."""
        return {each.column: each.field for each in one.enrichment.columns_mapped.columns}

    def get_result(self, one: Listed) -> dict[str, Any] | None:
        """What was delivered and charged, when that is over."""
        return one.delivery.result or None if one.delivery else None


EnrichmentPageSerializer = page_document("EnrichmentPage", EnrichmentSerializer)


class UploadBodySerializer(serializers.Serializer[Any]):
    """What sending a list takes; for the reference only."""

    file = serializers.FileField()
    mapping = serializers.CharField(
        required=False,
        help_text='A JSON object of column → field, or null; such as {"Mail": "email"}. '
        "Columns that aren't named are guessed.",
    )


class PaymentBodySerializer(serializers.Serializer[Any]):
    """What paying takes: no more than `max_credits` (a string); `leads`: make leads of them."""

    max_credits = serializers.DecimalField(max_digits=12, decimal_places=2, required=False)
    leads = serializers.BooleanField(required=False)


def document(workspace_id: UUID, one: Listed) -> dict[str, Any]:
    """The list's document, with its price where it can be paid."""
    quote = quote_of(workspace_id, one.enrichment) if one.can_be_paid else None
    return {
        **EnrichmentSerializer(one).data,
        "quote": QuoteSerializer(quote).data if quote else None,
    }


class EnrichmentList(APIView):
    """`GET/POST /api/enrichment`."""

    # A body that is read as JSON can't hold a file.
    parser_classes = (MultiPartParser,)

    @extend_schema(
        parameters=[OpenApiParameter("page", int), OpenApiParameter("pageSize", int)],
        responses=EnrichmentPageSerializer,
        operation_id="enrichment_list",
    )
    def get(self, request: Request) -> Response:
        """The workspace's lists, newest first."""
        workspace_id = caller(request).workspace.id
        found = enrichments_of(workspace_id).order_by("-created_at", "-id")
        page = numbered_page(found, request.query_params)
        rows = [EnrichmentSerializer(one).data for one in listed(workspace_id, page.items)]
        return Response(page.answer(rows))

    @extend_schema(
        parameters=[KEY],
        request={"multipart/form-data": UploadBodySerializer},
        responses={202: EnrichmentSerializer},
        operation_id="enrichment_create",
    )
    def post(self, request: Request) -> Response:
        """Send a list and look it up; free. Read it again until its status is `ready`, then pay."""
        plain = caller(request)
        form = UploadForm(None, request.FILES)
        if not form.is_valid():
            raise InvalidInput("Send a file.", fields={"file": str(form.errors["file"][0])})
        enrichment = receive_list(
            workspace_id=plain.workspace.id,
            actor=plain.actor,
            file=form.cleaned_data["file"],
            fields=_read_mapping(request.POST.get("mapping", "")),
            country=plain.workspace.country,
            key=request.headers.get(KEY_HEADER, "").strip(),
        )
        one = get_listed(plain.workspace.id, enrichment.id)
        return Response(document(plain.workspace.id, one), status=202)


class EnrichmentDetail(APIView):
    """`GET /api/enrichment/{job}`: by the list's id, or that of its look-up or delivery."""

    @extend_schema(responses=EnrichmentSerializer, operation_id="enrichment_read")
    def get(self, request: Request, enrichment_id: UUID) -> Response:
        """One list, and `quote`: what it costs now."""
        workspace_id = caller(request).workspace.id
        return Response(document(workspace_id, get_listed(workspace_id, enrichment_id)))


class EnrichmentPayment(APIView):
    """`POST /api/enrichment/{job}/payment`."""

    @extend_schema(
        parameters=[KEY],
        request=PaymentBodySerializer,
        responses={202: inline_serializer("EnrichmentPaid", {"job": serializers.DictField()})},
        operation_id="enrichment_pay",
    )
    def post(self, request: Request, enrichment_id: UUID) -> Response:
        """Hold the price and start the delivery. 402 with too few credits."""
        if not isinstance(request.data, dict):
            raise InvalidInput("The body must be a JSON object.")
        given = PaymentBodySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        plain = caller(request)
        most = given.validated_data.get("max_credits")
        job = pay_enrichment(
            workspace_id=plain.workspace.id,
            actor=plain.actor,
            enrichment_id=get_listed(plain.workspace.id, enrichment_id).enrichment.id,
            most=None if most is None else str(most),
            leads=given.validated_data.get("leads", True),
            key=request.headers.get(KEY_HEADER, "").strip(),
        )
        return Response({"job": job_state(job)}, status=202)


class EnrichmentDownload(APIView):
    """`GET /api/enrichment/{job}/download`."""

    @extend_schema(responses={302: None}, operation_id="enrichment_download")
    def get(self, request: Request, enrichment_id: UUID) -> HttpResponseRedirect:
        """A redirect to the signed link of the CSV file; 409 while there is none."""
        one = get_listed(caller(request).workspace.id, enrichment_id)
        if one.delivery is None:
            raise Conflict("This list isn't paid for yet, so there is no file.")
        return HttpResponseRedirect(signed_url(one.delivery))


def _read_mapping(raw: object) -> dict[str, str | None]:
    """Column → field or None. Raises InvalidInput for anything but a JSON object of those."""
    try:
        found = json.loads(str(raw)) if raw else {}
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and all(
        value is None or isinstance(value, str) for value in found.values()
    ):
        return found
    sentence = 'Use a JSON object of column names and fields, such as {"Mail": "email"}.'
    raise InvalidInput(sentence, fields={"mapping": sentence})
