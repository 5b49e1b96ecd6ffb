"""Exports by API: the file. `POST /api/leads/bulk` starts them."""

from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.access.api import caller

from .operations import FORMATS
from .views import export_response


class ExportDownloadView(APIView):
    """`GET /api/leads/exports/{job}/download`."""

    @extend_schema(
        responses={(200, media): OpenApiTypes.BINARY for media in FORMATS.values()},
        operation_id="exports_download",
    )
    def get(self, request: Request, job_id: UUID) -> FileResponse:
        """The finished file, CSV or .xlsx; 409 until it is there, and after its 30 days."""
        return export_response(caller(request).workspace.id, job_id)
