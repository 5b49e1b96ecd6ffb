"""Where Stripe delivers its events: `POST /api/webhooks/stripe`."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.errors import InvalidInput

from .operations import receive_event

MAX_BYTES = 1_000_000


class ReceiptSerializer(serializers.Serializer):
    """That the event is stored."""

    received = serializers.BooleanField()
    duplicate = serializers.BooleanField(help_text="Whether it was stored already.")


class StripeWebhookView(APIView):
    """`POST /api/webhooks/stripe`: Stripe signs in by its signature, and has no limit (C-9)."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    # The signature is over the bytes as they came, so nothing reads them but we.
    parser_classes: list[type[BaseParser]] = []

    @extend_schema(
        request={"application/json": {"type": "object", "description": "An event of Stripe's."}},
        responses={
            200: ReceiptSerializer,
            400: OpenApiResponse(description="Not signed by Stripe within 300 s, or no event."),
        },
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Store a signed event, once, and answer; it is processed later."""
        body = request._request.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise InvalidInput(f"The body is larger than {MAX_BYTES:,} bytes.")
        is_new = receive_event(
            body=body,
            signature=request.headers.get("Stripe-Signature", ""),
            actor=caller(request).actor,
        )
        return Response(ReceiptSerializer({"received": True, "duplicate": not is_new}).data)
