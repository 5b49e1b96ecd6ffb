"""Buying in the marketplace by API (M-6)."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from accounts.workspaces.models import Role
from credits.purchases.models import CreditPurchase
from credits.purchases.operations import start_checkout
from credits.purchases.queries import can_be_paid
from cursive.lib.errors import InvalidInput
from cursive.lib.tenancy import uuid7
from cursive.lib.ui.pagination import keyset_page, parse_page
from leads.records.models import Lead
from leads.records.person import FIELD_NAMES
from marketplace import limits

from .given import NO_CREDITS, read_key
from .models import LeadReport, Order, OrderLine
from .operations import purchase_listings
from .orders import LineRow, get_line, get_order, lines_of, rows_of
from .reports import report_lead

KEY_HEADER = "Idempotency-Key"
KEY = OpenApiParameter(
    KEY_HEADER,
    location=OpenApiParameter.HEADER,
    description="The same key again answers as the first time, and changes nothing.",
)


class PurchaseBodySerializer(serializers.Serializer):
    """What buying leads takes; for the reference only."""

    listings = serializers.ListField(
        child=serializers.IntegerField(min_value=1), max_length=1_000, help_text="Their ids."
    )
    max_credits = serializers.DecimalField(
        max_digits=12,
        decimal_places=2,
        required=False,
        help_text="The most that all may cost; 409 where they cost more by now.",
    )


class BoughtSerializer(serializers.Serializer):
    """One lead that was bought."""

    id = serializers.UUIDField(help_text="Of the line; a report of a bad lead names it.")
    listing = serializers.IntegerField()
    lead = serializers.UUIDField()
    credits = serializers.DecimalField(max_digits=12, decimal_places=2)


class MarketplaceOrderSerializer(serializers.Serializer):
    """An order: what was bought, and what was left out, by reason."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    credits = serializers.DecimalField(max_digits=12, decimal_places=2)
    price_cents = serializers.IntegerField(help_text="The sellers' prices, in US cents.")
    created_at = serializers.DateTimeField()
    bought = BoughtSerializer(many=True)
    left_out = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text=(
            "Reason → listings: sold, withdrawn, unknown, repriced, reserved, own, suppressed,"
            " owned, double; of a cart also freed."
        ),
    )


class BoughtPersonSerializer(serializers.ModelSerializer):
    """Who a bought lead is, in the names of the filter language."""

    class Meta:
        model = Lead
        fields = ("id", *FIELD_NAMES, "status", "verification_status", "score", "tags")
        read_only_fields = fields


class LeadReportSerializer(serializers.Serializer):
    """A report of a bad lead."""

    id = serializers.UUIDField()
    reason = serializers.ChoiceField(choices=LeadReport.Reason.choices)
    state = serializers.ChoiceField(choices=LeadReport.State.choices)
    answer = serializers.CharField()
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class MyLeadSerializer(serializers.Serializer):
    """One bought lead with its order; `lead` is null where it was deleted since."""

    id = serializers.UUIDField()
    order = serializers.UUIDField()
    listing = serializers.IntegerField()
    credits = serializers.DecimalField(max_digits=12, decimal_places=2)
    price_cents = serializers.IntegerField()
    bought_at = serializers.DateTimeField()
    refunded_at = serializers.DateTimeField(allow_null=True)
    seller = serializers.CharField(help_text="The company that sold it.")
    lead = BoughtPersonSerializer(allow_null=True)
    report = LeadReportSerializer(allow_null=True)


class MyLeadPageSerializer(serializers.Serializer):
    """A page of bought leads, newest first; `next` and `previous` are cursors."""

    pageSize = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    # DRF has a property of this name on the class; the document has a field.
    data = MyLeadSerializer(many=True)  # type: ignore[assignment]


class ReportBodySerializer(serializers.Serializer):
    """What a report takes."""

    reason = serializers.ChoiceField(choices=LeadReport.Reason.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=1_000)


class CreditsBodySerializer(serializers.Serializer):
    """What buying credits takes: the code of a package, and nothing about its price."""

    package = serializers.CharField(max_length=40)


class MarketplaceCheckoutSerializer(serializers.Serializer):
    """A purchase of credits that has begun; a person pays at `checkout_url`."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=CreditPurchase.State.choices)
    package = serializers.CharField()
    credits = serializers.IntegerField()
    price_cents = serializers.IntegerField()
    checkout_url = serializers.CharField(allow_null=True)


def body_of(request: Request, allowed: tuple[str, ...]) -> dict[str, Any]:
    """The call's JSON object. Raises InvalidInput for anything else, and for unknown fields."""
    data = request.data
    if not isinstance(data, dict):
        raise InvalidInput("The body must be a JSON object.")
    if unknown := sorted(set(data) - set(allowed))[:5]:
        raise InvalidInput(
            f"Use {', '.join(allowed)}.",
            fields={str(name)[:60]: "There is no such field." for name in unknown},
        )
    return data


def _key(request: Request) -> str:
    return request.headers.get(KEY_HEADER, "").strip() or str(uuid7())


def order_document(order: Order) -> dict[str, Any]:
    """An order as the API shows it."""
    lines = lines_of(order.workspace_id, order.id).order_by("id")
    return {
        "id": order.id,
        "number": order.number,
        "credits": order.credits,
        "price_cents": order.cents,
        "created_at": order.created_at,
        "bought": [
            {
                "id": line.id,
                "listing": line.listing_id,
                "lead": line.lead_id,
                "credits": line.credits,
            }
            for line in lines
        ],
        "left_out": order.left_out,
    }


class PurchaseView(APIView):
    """`POST /api/marketplace/purchase`."""

    @extend_schema(
        parameters=[KEY],
        request=PurchaseBodySerializer,
        responses={201: MarketplaceOrderSerializer, 200: MarketplaceOrderSerializer},
        operation_id="marketplace_purchase",
    )
    def post(self, request: Request) -> Response:
        """Buy listings as far as they can be had: 201; 200 where the key was used before.

        402 with price and balance where the credits don't suffice; 409 where nobody is left to
        buy, with the reasons in `left_out`, where the price is over `max_credits`, and for a key
        that was used with other listings. Nothing is charged then.
        """
        plain = caller(request)
        key = read_key(_key(request))
        with limits.purchase(plain, key) as counted:
            body = body_of(request, ("listings", "max_credits"))
            order = purchase_listings(
                workspace=plain.workspace,
                actor=plain.actor,
                listing_ids=_ids(body.get("listings")),
                key=key,
                expected_credits=_credits(body.get("max_credits")),
            )
            counted.is_new = not order.is_repeat
        document = MarketplaceOrderSerializer(order_document(order)).data
        return Response(document, status=200 if order.is_repeat else 201)


def _ids(raw: object) -> list[int]:
    if isinstance(raw, list):
        return raw
    raise InvalidInput(
        "Give the ids of listings.", fields={"listings": "A list of ids, 1 to 1,000."}
    )


def _credits(raw: object) -> str | None:
    if raw is None:
        return None
    if isinstance(raw, str | int) and not isinstance(raw, bool):
        return str(raw)
    raise InvalidInput(NO_CREDITS, fields={"max_credits": NO_CREDITS})


class MyLeadsView(APIView):
    """`GET /api/marketplace/my-leads`."""

    @extend_schema(
        parameters=[
            OpenApiParameter("order", UUID, description="Only those of one order."),
            OpenApiParameter("cursor"),
            OpenApiParameter("pageSize", int),
        ],
        responses=MyLeadPageSerializer,
        operation_id="marketplace_my_leads",
    )
    def get(self, request: Request) -> Response:
        """The leads that the workspace bought in the marketplace, newest first."""
        plain = caller(request)
        limits.use(limits.OTHER, plain)
        params = request.query_params
        if unknown := sorted(set(params) - {"order", "cursor", "pageSize"})[:5]:
            raise InvalidInput(
                "Use order, cursor, pageSize.",
                fields={name[:60]: "There is no such parameter." for name in unknown},
            )
        order_id = None
        if params.get("order"):
            order_id = get_order(plain.workspace.id, _order_id(params["order"])).id
        wanted = parse_page(params)
        page = keyset_page(
            lines_of(plain.workspace.id, order_id),
            order=OrderLine.NEWEST_FIRST,
            cursor=params.get("cursor"),
            page_size=wanted.page_size,
        )
        rows = rows_of(plain.workspace.id, page.items)
        return Response(
            {
                "pageSize": wanted.page_size,
                "next": page.next_cursor,
                "previous": page.previous_cursor,
                "data": MyLeadSerializer([_my_lead(row) for row in rows], many=True).data,
            }
        )


def _order_id(raw: str) -> UUID:
    try:
        return UUID(raw)
    except ValueError:
        raise InvalidInput("Use an order's id.", fields={"order": "An order's id."}) from None


def _my_lead(row: LineRow) -> dict[str, Any]:
    return {
        "id": row.line.id,
        "order": row.line.order_id,
        "listing": row.line.listing_id,
        "seller": row.seller,
        "credits": row.line.credits,
        "price_cents": row.line.cents,
        "bought_at": row.line.created_at,
        "refunded_at": row.line.refunded_at,
        "lead": row.lead,
        "report": row.report,
    }


class LeadReportView(APIView):
    """`POST /api/marketplace/my-leads/{id}/report`."""

    @extend_schema(
        request=ReportBodySerializer,
        responses={201: LeadReportSerializer},
        operation_id="marketplace_report_lead",
    )
    def post(self, request: Request, line_id: UUID) -> Response:
        """Report a bad lead within 14 days: accepted, its credits are given back."""
        plain = caller(request)
        limits.use(limits.OTHER, plain)
        line = get_line(plain.workspace.id, line_id).line
        body = body_of(request, ("reason", "note"))
        report = report_lead(
            workspace=plain.workspace,
            actor=plain.actor,
            line_id=line.id,
            reason=body.get("reason", ""),
            note=body.get("note", ""),
        )
        return Response(LeadReportSerializer(report).data, status=201)


class CreditsPurchaseView(APIView):
    """`POST /api/marketplace/credits/purchase`."""

    required_scope = "billing"
    required_role = Role.ADMIN
    keys_allowed = True  # the scope billing is what a key needs

    @extend_schema(
        parameters=[KEY],
        request=CreditsBodySerializer,
        responses={201: MarketplaceCheckoutSerializer},
        operation_id="marketplace_credits_purchase",
    )
    def post(self, request: Request) -> Response:
        """Begin to buy a package of credits; a person pays at `checkout_url`."""
        plain = caller(request)
        limits.use(limits.OTHER, plain)
        package = body_of(request, ("package",)).get("package")
        if not isinstance(package, str) or not package:
            raise InvalidInput("Choose a package.", fields={"package": "Use a package's code."})
        cart = settings.BASE_URL + reverse("marketplace:cart")
        purchase = start_checkout(
            workspace=plain.workspace,
            actor=plain.actor,
            package=package,
            key=_key(request),
            success_url=settings.BASE_URL
            + reverse("marketplace:cart_paid")
            + "?session={CHECKOUT_SESSION_ID}",
            cancel_url=f"{cart}?checkout=cancelled",
        )
        document = {
            "id": purchase.id,
            "state": purchase.state,
            "package": purchase.package_code,
            "credits": purchase.credits,
            "price_cents": purchase.cents,
            "checkout_url": purchase.checkout_url if can_be_paid(purchase) else None,
        }
        return Response(MarketplaceCheckoutSerializer(document).data, status=201)
