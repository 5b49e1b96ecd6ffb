"""Imports by API."""

from typing import Any, cast
from uuid import UUID

from django.http import QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.errors import InvalidInput
from cursive.lib.jobs.queries import job_state
from cursive.lib.ui.page_documents import page_document
from cursive.lib.ui.pagination import numbered_page

from . import operations
from .models import Import
from .queries import imports_of
from .uploads.forms import ReadingForm
from .uploads.given import read_mapping
from .views import rejects_response

_READING = ("delimiter", "encoding", "header", "header_line")
_FIELDS = ("file", "label", "mapping", *_READING)


class ImportSerializer(serializers.Serializer):
    """An import's document."""

    id = serializers.UUIDField()
    file = serializers.CharField()
    read_as = serializers.CharField(help_text="In words: delimiter, encoding, line of the header.")
    # The document's field; DRF's own `label` is of no use here.
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.CharField(
        help_text="mapping, previewing, preview_failed, ready; then the state of the import's job."
    )
    columns = serializers.DictField(
        child=serializers.CharField(allow_null=True), help_text="Column → field, null: left out."
    )
    preview = serializers.DictField(
        help_text="Once there is one: rows, counts by outcome, reasons, samples."
    )
    preview_job = serializers.DictField(allow_null=True)
    job = serializers.DictField(allow_null=True)
    created_at = serializers.DateTimeField()


class ConfirmationSerializer(serializers.Serializer):
    """What `POST /api/leads/imports/{id}/confirmation` takes."""

    tags = serializers.ListField(child=serializers.CharField(), required=False)
    owner = serializers.UUIDField(required=False, allow_null=True)
    status = serializers.CharField(required=False)
    existing = serializers.ChoiceField(choices=Import.Existing.choices, required=False)


def import_state(found: Import) -> dict[str, Any]:
    """An import as the API shows it."""
    shown = ("rows", "counts", "reasons", "warnings", "samples")
    return {
        "id": str(found.id),
        "file": found.upload.file_name,
        "read_as": found.upload.description,
        "label": found.label,
        "state": found.state,
        "columns": {each.column: each.field for each in found.upload.columns_mapped.columns},
        "preview": {name: found.plan[name] for name in shown if name in found.plan},
        "preview_job": job_state(found.preview_job) if found.preview_job else None,
        "job": job_state(found.job) if found.job else None,
        "created_at": found.created_at,
    }


ImportPageSerializer = page_document("ImportPage", ImportSerializer)


class ImportListView(APIView):
    """`GET/POST /api/leads/imports`."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        parameters=[OpenApiParameter("page", int), OpenApiParameter("pageSize", int)],
        responses=ImportPageSerializer,
        operation_id="imports_list",
    )
    def get(self, request: Request) -> Response:
        """The workspace's imports, newest first."""
        found = imports_of(caller(request).workspace.id).order_by("-created_at", "-id")
        page = numbered_page(found, request.query_params)
        return Response(page.answer([import_state(one) for one in page.items]))

    @extend_schema(
        request={
            "multipart/form-data": inline_serializer(
                "ImportUpload",
                {
                    "file": serializers.FileField(),
                    "label": serializers.CharField(required=False),
                    "mapping": serializers.CharField(
                        required=False, help_text='JSON: {"Column": "field", "Other": null}'
                    ),
                    "delimiter": serializers.CharField(
                        required=False, help_text="One of , ; | or a tab. Without it, found out."
                    ),
                    "encoding": serializers.CharField(
                        required=False, help_text="Such as utf-8 or cp1252. Without it, found out."
                    ),
                    "header": serializers.ChoiceField(
                        choices=["yes", "no"], required=False, help_text="Are columns named?"
                    ),
                    "header_line": serializers.IntegerField(
                        required=False, help_text="The line with their names, from 1."
                    ),
                },
            )
        },
        responses={202: ImportSerializer},
        operation_id="imports_create",
    )
    def post(self, request: Request) -> Response:
        """Upload a CSV, TSV or Excel file; its preview is made by a job. No lead is written."""
        form = cast(QueryDict, request.data)
        if unknown := sorted(set(form) - set(_FIELDS)):
            raise InvalidInput("There is no such field.", fields={unknown[0]: "No such field."})
        file = request.FILES.get("file")
        if file is None:
            raise InvalidInput("Send a file.", fields={"file": "Send it as multipart/form-data."})
        plain = caller(request)
        made = operations.upload_import(
            workspace=plain.workspace,
            actor=plain.actor,
            file=file,
            label=form.get("label", ""),
            preview=True,
            fields=read_mapping(form.get("mapping", "")),
            reading=_reading(form),
        )
        return Response(import_state(made), status=202)


def _reading(form: QueryDict) -> dict[str, Any]:
    """What is said of how the file is read. Raises InvalidInput naming the field."""
    reading = ReadingForm(form)
    if not reading.is_valid():
        wrong = {name: str(errors[0]) for name, errors in reading.errors.items()}
        raise InvalidInput("The file can't be read so.", fields=wrong)
    return reading.said()


class ImportView(APIView):
    """`GET/DELETE /api/leads/imports/{id}`."""

    @extend_schema(responses=ImportSerializer, operation_id="imports_read")
    def get(self, request: Request, import_id: UUID) -> Response:
        """How far it is, and what the preview found."""
        found = get_object_or_404(imports_of(caller(request).workspace.id), id=import_id)
        return Response(import_state(found))

    @extend_schema(responses={204: None}, operation_id="imports_discard")
    def delete(self, request: Request, import_id: UUID) -> Response:
        """Throw it away with its file; 409 where the import has begun."""
        plain = caller(request)
        operations.discard_import(
            workspace_id=plain.workspace.id, actor=plain.actor, import_id=import_id
        )
        return Response(status=204)


class ImportConfirmationView(APIView):
    """`POST /api/leads/imports/{id}/confirmation`."""

    @extend_schema(
        request=ConfirmationSerializer,
        responses={202: inline_serializer("ImportJob", {"job": serializers.DictField()})},
        operation_id="imports_confirm",
    )
    def post(self, request: Request, import_id: UUID) -> Response:
        """Carry out what the preview shows; twice is once."""
        body = {} if request.data in (None, "") else request.data
        if not isinstance(body, dict):
            raise InvalidInput("The body must be a JSON object.")
        given = ConfirmationSerializer(data=body)
        given.is_valid(raise_exception=True)
        plain = caller(request)
        job, _ = operations.confirm_import(
            workspace_id=plain.workspace.id,
            actor=plain.actor,
            import_id=import_id,
            options={**body, **given.validated_data},
        )
        return Response({"job": job_state(job)}, status=202)


class ImportRejectsView(APIView):
    """`GET /api/leads/imports/{id}/rejects`."""

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR}, operation_id="imports_rejects")
    def get(self, request: Request, import_id: UUID) -> StreamingHttpResponse:
        """The rows that don't become leads, or not whole, as CSV: line, reason, values; kept for
        30 days."""
        found = get_object_or_404(imports_of(caller(request).workspace.id), id=import_id)
        return rejects_response(found)
