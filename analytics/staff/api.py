"""Staff's figures by REST: for staff in a browser session, a 404 for everybody else."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import SessionAuthentication, StaffPermission

from .queries import business_overview, users_page


def _credits() -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=16, decimal_places=2)


class PlanLineSerializer(serializers.Serializer):
    """A plan with how many workspaces have it."""

    code = serializers.CharField()
    name = serializers.CharField()
    workspaces = serializers.IntegerField()
    mrr_cents = serializers.IntegerField()


class MovedSerializer(serializers.Serializer):
    """Credits bought (less what refunds took back), given and spent."""

    sold = _credits()
    given = _credits()
    spent = _credits()


class MonthSerializer(serializers.Serializer):
    """One calendar month (UTC)."""

    month = serializers.DateTimeField(format="%Y-%m")
    customers = serializers.IntegerField(help_text="Workspaces that pay for a plan, at its end.")
    mrr_cents = serializers.IntegerField(help_text="At its end.")
    new_mrr_cents = serializers.IntegerField()
    lost_mrr_cents = serializers.IntegerField()
    expansion_mrr_cents = serializers.IntegerField()
    contraction_mrr_cents = serializers.IntegerField()
    revenue_cents = serializers.IntegerField(help_text="Money that came in and stayed.")
    overage_cents = serializers.IntegerField(help_text="Invoiced for calls past plans' limits.")
    new_workspaces = serializers.IntegerField()
    credits = MovedSerializer()


class TopWorkspaceSerializer(serializers.Serializer):
    """A workspace with what it paid and used in the months shown."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    plan = serializers.CharField()
    revenue_cents = serializers.IntegerField()
    credits_spent = _credits()


class OverviewSerializer(serializers.Serializer):
    """The business over the last twelve months."""

    as_of = serializers.DateTimeField()
    workspaces = serializers.IntegerField()
    customers = serializers.IntegerField()
    mrr_cents = serializers.IntegerField()
    credits_outstanding = _credits()
    plans = PlanLineSerializer(many=True)
    months = MonthSerializer(many=True)
    top_workspaces = TopWorkspaceSerializer(many=True)


class BelongingSerializer(serializers.Serializer):
    """A workspace of a user."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.CharField()
    plan = serializers.CharField()


class UserLineSerializer(serializers.Serializer):
    """A user; activity is that of their workspaces in the last 30 days."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    is_active = serializers.BooleanField()
    is_staff = serializers.BooleanField()
    joined_at = serializers.DateTimeField()
    last_sign_in_at = serializers.DateTimeField(allow_null=True)
    plan = serializers.CharField(help_text="The dearest; empty without a workspace.")
    revenue_cents = serializers.IntegerField(help_text="Ever paid by workspaces they own.")
    credits_spent = _credits()
    api_calls = serializers.IntegerField()
    workspaces = BelongingSerializer(many=True)


class StaffView(APIView):
    """What only staff may see; the customers' reference doesn't tell of it."""

    schema = None
    authentication_classes = [SessionAuthentication]
    permission_classes: list[Any] = [StaffPermission]


class OverviewView(StaffView):
    """`GET /api/admin/analytics/overview`."""

    def get(self, request: Request) -> Response:
        """Plans, recurring revenue, credits sold and spent, top workspaces, month by month."""
        return Response(OverviewSerializer(business_overview()).data)


class UserListView(StaffView):
    """`GET /api/admin/analytics/users`."""

    def get(self, request: Request) -> Response:
        """A page of users (X-4), the most active first; takes `plan`, `q`, `sort`."""
        page = users_page(request.query_params)
        return Response(page.answer(list(UserLineSerializer(page.items, many=True).data)))
