"""Balance and history by API."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from accounts.workspaces.models import Workspace
from cursive.lib.errors import InvalidInput
from cursive.lib.ui.page_documents import page_document
from cursive.lib.ui.pagination import keyset_page, numbered_page, parse_page

from .forms import HistoryForm
from .models import Entry
from .queries import Line, action_labels, as_lines, balance_of, history


class BalanceSerializer(serializers.Serializer):
    """What can be spent, and what running work holds; credits are decimal strings."""

    balance = serializers.DecimalField(max_digits=12, decimal_places=2)
    held = serializers.DecimalField(max_digits=12, decimal_places=2)
    low_credit_threshold = serializers.IntegerField()
    low = serializers.BooleanField(help_text="Whether the balance is under the threshold.")


class ReferenceSerializer(serializers.Serializer):
    """What caused a change."""

    kind = serializers.CharField()
    id = serializers.CharField()
    title = serializers.CharField(allow_blank=True)


class TransactionSerializer(serializers.Serializer):
    """One change of the credits. Never changes itself."""

    id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=Entry.Kind.choices)
    action = serializers.CharField()
    description = serializers.CharField()
    amount = serializers.DecimalField(max_digits=12, decimal_places=2)
    balance_after = serializers.DecimalField(
        max_digits=12, decimal_places=2, help_text="Held credits included."
    )
    reference = ReferenceSerializer()
    actor = serializers.CharField(help_text="Who caused it.")
    refunds = serializers.IntegerField(allow_null=True, help_text="The spend that it returns.")


# By number with `page` and `total`, by cursor with `next`.
TransactionPageSerializer = page_document(
    "TransactionPage",
    TransactionSerializer,
    page=serializers.IntegerField(required=False),
    total=serializers.IntegerField(required=False),
    next=serializers.CharField(
        allow_null=True,
        required=False,
        help_text="The cursor of what comes after, null at the end.",
    ),
)


def _document(line: Line[Entry]) -> dict[str, Any]:
    entry = line.entry
    return {
        "id": entry.id,
        "created_at": entry.created_at,
        "kind": entry.kind,
        "action": entry.action,
        "description": line.title,
        "amount": entry.amount,
        "balance_after": entry.balance_after,
        "reference": {
            "kind": entry.reference_kind,
            "id": entry.reference_id,
            "title": line.detail,
        },
        "actor": line.who,
        "refunds": entry.refunds_id,
    }


class BalanceView(APIView):
    """`GET /api/credits/balance`."""

    @extend_schema(responses=BalanceSerializer)
    def get(self, request: Request) -> Response:
        """The workspace's balance, live."""
        workspace = caller(request).workspace
        found = balance_of(workspace.id)
        document = {
            "balance": found.available,
            "held": found.held,
            "low_credit_threshold": workspace.low_credit_threshold,
            "low": found.available < workspace.low_credit_threshold,
        }
        return Response(BalanceSerializer(document).data)


class TransactionListView(APIView):
    """`GET /api/credits/transactions`: newest first, by `page` or by `cursor`."""

    @extend_schema(
        parameters=[
            OpenApiParameter("action", description="Only changes of this action."),
            OpenApiParameter("from", description="First day, such as 2026-11-01."),
            OpenApiParameter("to", description="Last day; days are of the workspace's time zone."),
            OpenApiParameter("page", int),
            OpenApiParameter("pageSize", int),
            OpenApiParameter("cursor", description="`next` of the page before."),
        ],
        responses=TransactionPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """One page (X-4). The first tells the cursor `next`, as does each that it leads to."""
        workspace, params = caller(request).workspace, request.query_params
        form = HistoryForm(params)
        chosen = form.chosen()
        if form.errors:
            raise InvalidInput("This choice can't be used.", fields=form.problems())
        entries = history(workspace.id, chosen, workspace.zone)
        asked = parse_page(params)
        if asked.page > 1 and not params.get("cursor"):
            page = numbered_page(entries.newest_first(), params)
            return Response(page.answer(_data(workspace, page.items)))
        rows = keyset_page(
            entries,
            order=Entry.NEWEST_FIRST,
            cursor=params.get("cursor"),
            page_size=asked.page_size,
        )
        data = _data(workspace, rows.items)
        answer = {"pageSize": asked.page_size, "next": rows.next_cursor, "data": data}
        if not params.get("cursor"):
            answer |= {"page": 1, "total": entries.count()}
        return Response(answer)


def _data(workspace: Workspace, entries: Sequence[Entry]) -> Any:
    lines = as_lines(workspace.id, entries, action_labels())
    return TransactionSerializer([_document(line) for line in lines], many=True).data
