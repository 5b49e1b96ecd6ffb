"""Buying credits by API."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from accounts.workspaces.models import Role
from cursive.lib.errors import InvalidInput
from cursive.lib.tenancy import uuid7

from .models import CreditPurchase
from .operations import start_checkout
from .queries import can_be_paid

KEY_HEADER = "Idempotency-Key"
FIELDS = ("package",)


class CheckoutBodySerializer(serializers.Serializer):
    """What buying takes: the code of a package, and nothing about its price."""

    package = serializers.CharField(max_length=40)


class PurchaseSerializer(serializers.Serializer):
    """A purchase. Its credits are added once Stripe says that it is paid."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=CreditPurchase.State.choices)
    package = serializers.CharField()
    credits = serializers.IntegerField()
    price_cents = serializers.IntegerField()
    checkout_url = serializers.CharField(
        allow_null=True, help_text="Where a person pays; null once that is over."
    )
    created_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)


def purchase_document(purchase: CreditPurchase) -> Any:
    """A purchase as the API shows it."""
    document = {
        "id": purchase.id,
        "state": purchase.state,
        "package": purchase.package_code,
        "credits": purchase.credits,
        "price_cents": purchase.cents,
        "checkout_url": purchase.checkout_url if can_be_paid(purchase) else None,
        "created_at": purchase.created_at,
        "paid_at": purchase.paid_at,
    }
    return PurchaseSerializer(document).data


class CheckoutView(APIView):
    """`POST /api/credits/checkout`, also at `/api/credits/purchase`."""

    required_scope = "billing"
    required_role = Role.ADMIN
    keys_allowed = True  # the scope billing is what a key needs

    @extend_schema(
        parameters=[
            OpenApiParameter(
                KEY_HEADER,
                location=OpenApiParameter.HEADER,
                description="The same key again answers with the same purchase.",
            )
        ],
        request=CheckoutBodySerializer,
        responses={201: PurchaseSerializer},
    )
    def post(self, request: Request) -> Response:
        """Begin to buy a package; a person pays at `checkout_url`."""
        behind = caller(request)
        purchase = start_checkout(
            workspace=behind.workspace,
            actor=behind.actor,
            package=_package(request.data),
            key=request.headers.get(KEY_HEADER, "").strip() or str(uuid7()),
            success_url=settings.BASE_URL
            + reverse("credits:returned")
            + "?session={CHECKOUT_SESSION_ID}",
            cancel_url=settings.BASE_URL + reverse("credits:overview") + "?checkout=cancelled",
        )
        return Response(purchase_document(purchase), status=201)


def _package(data: object) -> str:
    if not isinstance(data, dict):
        raise InvalidInput("The body must be a JSON object.")
    unknown = sorted(set(data) - set(FIELDS))[:5]
    if unknown:
        raise InvalidInput(
            "Only the package can be chosen; its price is ours.",
            fields={name[:60]: "There is no such field." for name in unknown},
        )
    package = data.get("package")
    if not isinstance(package, str) or not package:
        raise InvalidInput("Choose a package.", fields={"package": "Use a package's code."})
    return package
