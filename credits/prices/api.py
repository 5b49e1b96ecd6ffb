"""Packages and the calculator, for everybody."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cursive.lib.errors import InvalidInput, Unavailable
from cursive.lib.ui.page_documents import page_document
from cursive.lib.ui.pagination import numbered_page

from .queries import MAX_WANTED, Offer, cheapest_mix, packages


class PackageSerializer(serializers.Serializer):
    """A package of credits; prices are in US cents."""

    code = serializers.CharField()
    name = serializers.CharField()
    credits = serializers.IntegerField()
    price_cents = serializers.IntegerField()
    saving_percent = serializers.IntegerField(
        help_text="What a credit of it saves against the smallest package."
    )
    popular = serializers.BooleanField()


PackageListSerializer = page_document("PackageList", PackageSerializer)


class MixItemSerializer(serializers.Serializer):
    """A package of a mix, and how many of it."""

    package = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    credits = serializers.IntegerField(help_text="Of all of them.")
    price_cents = serializers.IntegerField(help_text="Of all of them.")


class MixSerializer(serializers.Serializer):
    """The cheapest packages that give at least `credits`."""

    credits = serializers.IntegerField()
    total_credits = serializers.IntegerField()
    total_cents = serializers.IntegerField()
    items = MixItemSerializer(many=True)


class PublicView(APIView):
    """Needs neither key nor session."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class PackageListView(PublicView):
    """`GET /api/credits/packages`."""

    @extend_schema(
        parameters=[OpenApiParameter("page", int), OpenApiParameter("pageSize", int)],
        responses=PackageListSerializer,
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """The packages that are for sale."""
        page = numbered_page(packages(), request.query_params)
        return Response(page.answer([_package(offer) for offer in page.items]))


class PricingView(PublicView):
    """`GET /api/credits/pricing?credits=N`."""

    @extend_schema(
        parameters=[
            OpenApiParameter("credits", int, required=True, description=f"1 to {MAX_WANTED:,}.")
        ],
        responses=MixSerializer,
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """The cheapest mix of packages for at least N credits."""
        mix = cheapest_mix(read_wanted(request.query_params.get("credits", "")))
        if mix is None:
            raise Unavailable("No package is for sale right now.")
        items = [
            {
                "package": package.code,
                "name": package.name,
                "quantity": count,
                "credits": package.credits * count,
                "price_cents": package.price_cents * count,
            }
            for package, count in mix.items
        ]
        return Response(
            {
                "credits": mix.wanted,
                "total_credits": mix.credits,
                "total_cents": mix.cents,
                "items": items,
            }
        )


def read_wanted(raw: str) -> int:
    """How many credits are wanted. Raises InvalidInput for all but 1 to MAX_WANTED."""
    # isdecimal alone takes digits of every script, and int() of a long text is refused.
    if raw.isascii() and raw.isdecimal() and len(raw) <= 9 and 1 <= int(raw) <= MAX_WANTED:
        return int(raw)
    sentence = f"Use a whole number from 1 to {MAX_WANTED:,}."
    raise InvalidInput(sentence, fields={"credits": sentence})


def _package(offer: Offer) -> dict[str, object]:
    return {
        "code": offer.code,
        "name": offer.name,
        "credits": offer.credits,
        "price_cents": offer.price_cents,
        "saving_percent": offer.saving_percent,
        "popular": offer.popular,
    }
