"""Earnings and payouts by API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import WorkspacePermission, caller
from cursive.lib.ui.page_documents import page_document
from cursive.lib.ui.pagination import keyset_page, parse_page
from partners.program.guards import PartnerPermission

from .models import PartnerEntry, Payout
from .queries import account_of, entries_of, next_payout, payouts_of

PAGES = [
    OpenApiParameter("pageSize", int),
    OpenApiParameter("cursor", description="`next` of the page before."),
]


def _next() -> serializers.CharField:
    return serializers.CharField(
        allow_null=True, help_text="The cursor of what comes after, null at the end."
    )


class PartnerEntrySerializer(serializers.Serializer):
    """One change of what the partner earns: what it adds to each part, in US cents."""

    id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=PartnerEntry.Kind.choices)
    held_cents = serializers.IntegerField()
    due_cents = serializers.IntegerField()
    paying_cents = serializers.IntegerField()
    paid_cents = serializers.IntegerField()
    leads = serializers.IntegerField(help_text="How many sold leads it is about.")
    note = serializers.CharField(allow_blank=True)


class NextPayoutSerializer(serializers.Serializer):
    """What the next payout would be of, as it stands."""

    cents = serializers.IntegerField(help_text="Due now; below 0 it is owed to us.")
    missing_cents = serializers.IntegerField(help_text="Until there is one.")


class PayoutSerializer(serializers.Serializer):
    """A payout."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    cents = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Payout.State.choices)
    method = serializers.ChoiceField(choices=[("", "Not yet"), *Payout.Method.choices])
    reference = serializers.CharField(allow_blank=True)
    planned_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)


EarningsSerializer = page_document(
    "PartnerEarnings",
    PartnerEntrySerializer,
    held_cents=serializers.IntegerField(help_text="Sold, and held for 14 days."),
    due_cents=serializers.IntegerField(help_text="Below 0 it is a debt."),
    paying_cents=serializers.IntegerField(help_text="In payouts that haven't arrived yet."),
    paid_cents=serializers.IntegerField(),
    next_payout=NextPayoutSerializer(),
    next=_next(),
    page=serializers.IntegerField(required=False, help_text="Not told: pages go by cursor."),
    total=serializers.IntegerField(required=False, help_text="Not told: pages go by cursor."),
)
PayoutPageSerializer = page_document(
    "PartnerPayouts",
    PayoutSerializer,
    next=_next(),
    page=serializers.IntegerField(required=False, help_text="Not told: pages go by cursor."),
    total=serializers.IntegerField(required=False, help_text="Not told: pages go by cursor."),
)


class EarningsView(APIView):
    """`GET /api/partner/earnings`."""

    permission_classes = [WorkspacePermission, PartnerPermission]

    @extend_schema(parameters=PAGES, responses=EarningsSerializer, operation_id="partner_earnings")
    def get(self, request: Request) -> Response:
        """What was earned, by where it stands, and the ledger, newest first."""
        workspace_id, params = caller(request).workspace.id, request.query_params
        account, size = account_of(workspace_id), parse_page(params).page_size
        rows = keyset_page(
            entries_of(workspace_id),
            order=PartnerEntry.NEWEST_FIRST,
            cursor=params.get("cursor"),
            page_size=size,
        )
        data: Any = PartnerEntrySerializer(rows.items, many=True).data
        return Response(
            {
                "held_cents": account.held_cents,
                "due_cents": account.due_cents,
                "paying_cents": account.paying_cents,
                "paid_cents": account.paid_cents,
                "next_payout": NextPayoutSerializer(next_payout(account)).data,
                "pageSize": size,
                "next": rows.next_cursor,
                "data": data,
            }
        )


class PayoutListView(APIView):
    """`GET /api/partner/payouts`."""

    permission_classes = [WorkspacePermission, PartnerPermission]

    @extend_schema(parameters=PAGES, responses=PayoutPageSerializer, operation_id="partner_payouts")
    def get(self, request: Request) -> Response:
        """Payouts, newest first."""
        workspace_id, params = caller(request).workspace.id, request.query_params
        size = parse_page(params).page_size
        rows = keyset_page(
            payouts_of(workspace_id),
            order=Payout.NEWEST_FIRST,
            cursor=params.get("cursor"),
            page_size=size,
        )
        data: Any = PayoutSerializer(rows.items, many=True).data
        return Response({"pageSize": size, "next": rows.next_cursor, "data": data})
