"""The JSON Schema of filter documents, for programs (S-1)."""

from typing import Any, cast, get_args

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cursive.lib.errors import InvalidInput
from leads.filters.registry import Scope
from leads.filters.schema import json_schema

SCOPES = get_args(Scope)


class FilterSchemaView(APIView):
    """`GET /api/filters/schema`, for everybody."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "scope",
                enum=SCOPES,
                default=SCOPES[0],
                description="What is searched: the lead database, own leads, the marketplace.",
            )
        ],
        responses={(200, "application/schema+json"): OpenApiTypes.OBJECT},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """The JSON Schema (2020-12) that every filter document of this scope fits."""
        scope = request.query_params.get("scope", SCOPES[0])
        if scope not in SCOPES:
            raise InvalidInput(
                "There is no such scope.", fields={"scope": f"One of {', '.join(SCOPES)}."}
            )
        url = f"{settings.BASE_URL}{request.path}?scope={scope}"
        return Response(
            json_schema(cast(Scope, scope), url=url),
            content_type="application/schema+json",
            headers={"Cache-Control": "public, max-age=300"},
        )
