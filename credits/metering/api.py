"""Usage by API: where the workspace stands, day by day, endpoint by endpoint."""

from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.errors import InvalidInput
from cursive.lib.ui.page_documents import page_document
from cursive.lib.ui.pagination import numbered_page

from .queries import DAYS_KEPT, FORECAST_DAYS, Tally, days_of, endpoints_of, summary_of

FIGURES = (
    "today",
    "calls",
    "limit",
    "remaining",
    "forecast",
    "overage_calls",
    "overage_usd",
    "forecast_overage_usd",
)
PAGES = [OpenApiParameter("page", int), OpenApiParameter("pageSize", int)]
DAYS = OpenApiParameter("days", int, description=f"How many days, 1 to {DAYS_KEPT}.")


class CurrentUsageSerializer(serializers.Serializer):
    """Where the workspace stands in the period of its plan. Times are UTC."""

    plan = serializers.CharField()
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    today = serializers.IntegerField(help_text="Calls since midnight UTC, as of some seconds ago.")
    calls = serializers.IntegerField(help_text="Calls in the period; refused ones don't count.")
    limit = serializers.IntegerField(
        allow_null=True, help_text="Calls that the plan includes; null without a limit."
    )
    remaining = serializers.IntegerField(allow_null=True)
    past_limit = serializers.ChoiceField(
        choices=["blocked", "charged"],
        allow_null=True,
        help_text="What happens past the limit; null without one.",
    )
    forecast = serializers.IntegerField(help_text="Calls by the period's end, at this rate.")
    overage_calls = serializers.IntegerField()
    overage_usd = serializers.DecimalField(max_digits=12, decimal_places=2)
    forecast_overage_usd = serializers.DecimalField(max_digits=12, decimal_places=2)


class TallySerializer(serializers.Serializer):
    """Calls, those of them answered with 400 or more, and what a limit refused."""

    calls = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    refused = serializers.IntegerField()


class UsageDaySerializer(TallySerializer):
    """One day (UTC)."""

    day = serializers.DateField()


# Day by day, oldest first, today last.
UsageHistorySerializer = page_document(
    "UsageHistory", UsageDaySerializer, days=serializers.IntegerField()
)


class EndpointUsageSerializer(TallySerializer):
    """One route; durations are in milliseconds, over days the mean by calls."""

    endpoint = serializers.CharField()
    path = serializers.CharField()
    p50_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)


# Route by route, the most called first.
EndpointUsageListSerializer = page_document(
    "EndpointUsageList", EndpointUsageSerializer, days=serializers.IntegerField()
)


class CurrentUsageView(APIView):
    """`GET /api/usage/current`."""

    @extend_schema(responses=CurrentUsageSerializer)
    def get(self, request: Request) -> Response:
        """Calls today and in this period, the limit, and what is to be expected."""
        workspace_id = caller(request).workspace.id
        found = summary_of(workspace_id, days_of(workspace_id, FORECAST_DAYS + 1))
        document = {
            "plan": found.terms.plan.code,
            "period_start": found.terms.period_start,
            "period_end": found.terms.period_end,
            "past_limit": found.terms.plan.past_limit if found.limit is not None else None,
            **{name: getattr(found, name) for name in FIGURES},
        }
        return Response(CurrentUsageSerializer(document).data)


class UsageHistoryView(APIView):
    """`GET /api/usage/history?days=30`."""

    @extend_schema(parameters=[DAYS, *PAGES], responses=UsageHistorySerializer)
    def get(self, request: Request) -> Response:
        """The last days, one by one."""
        days = read_days(request.query_params, 30)
        found = days_of(caller(request).workspace.id, days)
        page = numbered_page(found, request.query_params)
        data = [{"day": one.day, **_tally(one.tally)} for one in page.items]
        return Response(UsageHistorySerializer({"days": days, **page.answer(data)}).data)


class UsageEndpointsView(APIView):
    """`GET /api/usage/endpoints?days=7`."""

    @extend_schema(parameters=[DAYS, *PAGES], responses=EndpointUsageListSerializer)
    def get(self, request: Request) -> Response:
        """The routes that were called in the last days."""
        days = read_days(request.query_params, 7)
        found = endpoints_of(caller(request).workspace.id, days)
        page = numbered_page(found, request.query_params)
        data = [
            {
                "endpoint": one.endpoint,
                "path": one.path,
                **_tally(one.tally),
                "p50_ms": _rounded(one.p50_ms),
                "p95_ms": _rounded(one.p95_ms),
            }
            for one in page.items
        ]
        return Response(EndpointUsageListSerializer({"days": days, **page.answer(data)}).data)


def read_days(params: QueryDict, usual: int) -> int:
    """`days` of a query string. Raises InvalidInput for all but 1 to 90."""
    raw = params.get("days", "")
    if not raw:
        return usual
    # isdecimal alone takes digits of every script, and int() of a long text is refused.
    if raw.isascii() and raw.isdecimal() and len(raw) <= 4 and 1 <= int(raw) <= DAYS_KEPT:
        return int(raw)
    sentence = f"Use a whole number of days from 1 to {DAYS_KEPT}."
    raise InvalidInput(sentence, fields={"days": sentence})


def _tally(tally: Tally) -> dict[str, Any]:
    return {"calls": tally.calls, "errors": tally.errors, "refused": tally.refused}


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
