"""Verifications by API."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.errors import InvalidInput
from cursive.lib.jobs.queries import job_state
from leads.filters.document import parse
from leads.records.pulls import read_key

from .models import Status
from .operations import MAX_IDS, start_verification
from .queries import summary_of

KEY_HEADER = "Idempotency-Key"
ALLOWED = ("ids", "filter", "again")


class VerifyBodySerializer(serializers.Serializer[Any]):
    """What `POST /api/leads/verify` takes; for the reference only."""

    ids = serializers.ListField(child=serializers.UUIDField(), max_length=MAX_IDS, required=False)
    filter = serializers.JSONField(required=False)
    again = serializers.BooleanField(required=False)


def read_ids(raw: object) -> list[UUID]:
    """Ids of leads. Raises InvalidInput for anything but a list of at most 1,000 ids."""
    sentence = f"Use a list of at most {MAX_IDS:,} ids."
    if not isinstance(raw, list) or len(raw) > MAX_IDS:
        raise InvalidInput(sentence, fields={"ids": sentence})
    try:
        return [UUID(one) for one in raw]
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidInput(sentence, fields={"ids": sentence}) from error


def read_body(data: object) -> dict[str, Any]:
    """The arguments of `start_verification`. Raises InvalidInput naming the field."""
    if not isinstance(data, dict):
        raise InvalidInput("The body must be a JSON object.")
    if unknown := sorted(set(data) - set(ALLOWED))[:5]:
        raise InvalidInput(
            f"Use {', '.join(ALLOWED)}.",
            fields={name[:60]: "There is no such field." for name in unknown},
        )
    if ("ids" in data) == ("filter" in data):
        raise InvalidInput(
            "Give ids or a filter.", fields={"ids": "Either ids or filter, not both."}
        )
    again = data.get("again", False)
    if not isinstance(again, bool):
        raise InvalidInput("again is true or false.", fields={"again": "true or false."})
    return {
        "ids": read_ids(data["ids"]) if "ids" in data else (),
        "filter": parse(data["filter"], scope="leads") if "filter" in data else None,
        "again": again,
    }


class VerifyView(APIView):
    """`POST /api/leads/verify`."""

    @extend_schema(
        parameters=[OpenApiParameter(KEY_HEADER, location=OpenApiParameter.HEADER)],
        request=VerifyBodySerializer,
        responses={202: inline_serializer("Verification", {"job": serializers.DictField()})},
        operation_id="leads_verify",
    )
    def post(self, request: Request) -> Response:
        """Start the job that checks these leads' addresses; follow it at `/api/jobs/{id}`."""
        plain = caller(request)
        job = start_verification(
            workspace_id=plain.workspace.id,
            actor=plain.actor,
            key=read_key(request.headers.get(KEY_HEADER, "").strip()),
            **read_body(request.data),
        )
        return Response({"job": job_state(job)}, status=202)


class SummaryView(APIView):
    """`GET /api/leads/verification/summary`."""

    @extend_schema(
        responses=inline_serializer(
            "VerificationSummary",
            {
                "leads": serializers.IntegerField(),
                "without_address": serializers.IntegerField(),
                "unchecked": serializers.IntegerField(),
                **{status.value: serializers.IntegerField() for status in Status},
                "waiting": serializers.IntegerField(),
                "providers": serializers.ListField(child=serializers.DictField()),
            },
        ),
        operation_id="leads_verification_summary",
    )
    def get(self, request: Request) -> Response:
        """How many leads have which status, how long the queue is, who is asked."""
        summary = summary_of(caller(request).workspace.id)
        return Response(
            {
                "leads": summary.leads,
                "without_address": summary.without_address,
                "unchecked": summary.unchecked,
                **summary.counts,
                "waiting": summary.waiting,
                "providers": [
                    {"name": provider.label, "is_resting": provider.is_resting}
                    for provider in summary.providers
                ],
            }
        )
