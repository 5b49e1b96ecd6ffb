"""The schema for programs."""

from typing import Any

from django.http import HttpResponse
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from .queries import schema_document


class SchemaView(APIView):
    """`GET /api/schema`, for everybody."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    schema = None

    def get(self, request: Request) -> HttpResponse:
        """All routes of customers as OpenAPI 3, in JSON."""
        return HttpResponse(
            schema_document(),
            content_type="application/vnd.oai.openapi+json",
            headers={"Cache-Control": "public, max-age=300"},
        )
