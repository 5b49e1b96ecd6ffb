"""Overage by API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.ui.page_documents import page_document
from cursive.lib.ui.pagination import numbered_page

from .queries import Running, closed_charges, running_period


class RunningSerializer(serializers.Serializer):
    """The period that runs; what it costs is known at its end."""

    plan = serializers.CharField()
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    calls = serializers.IntegerField()
    included = serializers.IntegerField(allow_null=True, help_text="Null: unlimited.")
    over = serializers.IntegerField(help_text="Calls past the limit that are charged.")
    call_price_usd = serializers.DecimalField(
        max_digits=8,
        decimal_places=5,
        allow_null=True,
        help_text="Null: calls past the limit are refused, or there is no limit.",
    )
    amount_usd = serializers.DecimalField(max_digits=16, decimal_places=5)


class ChargeSerializer(serializers.Serializer):
    """A period that is over, and its invoice."""

    plan = serializers.CharField(source="period.plan.code")
    period_start = serializers.DateTimeField(source="period.start")
    period_end = serializers.DateTimeField(source="period.end")
    calls = serializers.IntegerField()
    included = serializers.IntegerField(allow_null=True)
    over = serializers.IntegerField()
    call_price_usd = serializers.DecimalField(max_digits=8, decimal_places=5, allow_null=True)
    amount_cents = serializers.IntegerField(source="cents")
    state = serializers.ChoiceField(choices=["pending", "invoiced"], source="told_state")
    invoiced_at = serializers.DateTimeField(source="billed_at", allow_null=True)


# The running period, and a page of those that are over.
OverageSerializer = page_document("Overage", ChargeSerializer, current=RunningSerializer())


class OverageView(APIView):
    """`GET /api/usage/overage`."""

    @extend_schema(
        parameters=[OpenApiParameter("page", int), OpenApiParameter("pageSize", int)],
        responses=OverageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Calls past the plan's limit: of this period so far, and of earlier ones, newest first."""
        workspace = caller(request).workspace
        page = numbered_page(closed_charges(workspace.id), request.query_params)
        data: Any = ChargeSerializer(page.items, many=True).data
        current = RunningSerializer(_running(running_period(workspace.id))).data
        return Response({"current": current, **page.answer(data)})


def _running(running: Running) -> dict[str, object]:
    terms = running.terms
    return {
        "plan": terms.plan.code,
        "period_start": terms.period_start,
        "period_end": terms.period_end,
        "calls": running.calls,
        "included": terms.calls,
        "over": running.over,
        "call_price_usd": terms.call_price_usd,
        "amount_usd": running.usd,
    }
