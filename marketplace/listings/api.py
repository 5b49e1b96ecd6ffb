"""The marketplace by API (M-6)."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.errors import Unavailable
from cursive.lib.ui.pagination import parse_page
from leads.filters.parameters import read_parameters
from leads.filters.tree import EVERYBODY
from marketplace.limits import BROWSE, use

from .orders import DEFAULT_ORDER, ORDERS
from .queries import browse
from .search import FACET_FIELDS

PARAMETERS = ("f", "filter", "sort", "cursor", "pageSize", "facets")


class ListingSerializer(serializers.Serializer[Any]):
    """A lead on sale; the record's fields have the names of the filter language."""

    id = serializers.IntegerField(source="listing.id")
    name = serializers.CharField(
        source="listing.name", help_text="The first name and an initial; the rest once bought."
    )
    title = serializers.CharField(source="listing.title")
    seniority = serializers.CharField(source="listing.seniority")
    department = serializers.CharField(source="listing.department")
    company_name = serializers.CharField(source="listing.company_name")
    industry = serializers.CharField(source="listing.industry")
    employee_band = serializers.CharField(source="listing.employee_band")
    revenue_band = serializers.CharField(source="listing.revenue_band")
    country = serializers.CharField(source="listing.country")
    state = serializers.CharField(source="listing.state")
    city = serializers.CharField(source="listing.city")
    postal_code = serializers.CharField(source="listing.postal_code")
    has_email = serializers.BooleanField(source="listing.has_email")
    has_phone = serializers.BooleanField(source="listing.has_phone")
    has_linkedin = serializers.BooleanField(source="listing.has_linkedin")
    categories = serializers.ListField(child=serializers.CharField(), source="listing.categories")
    verification_status = serializers.CharField(source="listing.verification_status")
    quality_score = serializers.IntegerField(source="listing.quality")
    source_date = serializers.DateField(
        source="listing.collected_on", help_text="The day the record is from."
    )
    max_sales = serializers.IntegerField(
        source="listing.max_sales", help_text="To how many buyers it is sold at most; 1: exclusive."
    )
    sold = serializers.IntegerField(
        source="listing.sold", help_text="How many have bought it already."
    )
    price_cents = serializers.IntegerField(source="listing.price_cents")
    price_credits = serializers.DecimalField(max_digits=12, decimal_places=2, source="credits")


class FacetSerializer(serializers.Serializer[Any]):
    """One value of a field, and how many leads on sale have it."""

    value = serializers.CharField()
    count = serializers.IntegerField()


PAGE = inline_serializer(
    "ListingPage",
    {
        "pageSize": serializers.IntegerField(),
        "total": serializers.IntegerField(help_text="All that match, counted exactly."),
        "next": serializers.CharField(allow_null=True),
        "previous": serializers.CharField(allow_null=True),
        "data": ListingSerializer(many=True),
        "facets": serializers.DictField(
            child=FacetSerializer(many=True), required=False, help_text="Where asked for."
        ),
    },
)


class ListingListView(APIView):
    """`GET /api/marketplace/leads`, and `/api/marketplace`."""

    @extend_schema(
        parameters=[
            OpenApiParameter("f", description="A filter in its short form, as in page addresses."),
            OpenApiParameter("filter", description="Or a filter document, as JSON."),
            OpenApiParameter("sort", enum=list(ORDERS), default=DEFAULT_ORDER),
            OpenApiParameter("cursor"),
            OpenApiParameter("pageSize", int),
            OpenApiParameter(
                "facets", description=f"Fields to count by, with commas: {', '.join(FACET_FIELDS)}."
            ),
        ],
        responses=PAGE,
    )
    def get(self, request: Request) -> Response:
        """Leads on sale that match, all counted; who they are is told once they are bought.

        60 searches a minute for each user or key. What your workspace sells itself, and what
        another buyer is paying for just now, is left out.
        """
        use(BROWSE, caller(request))
        params = request.query_params
        size = parse_page(params).page_size
        fields = [name for name in params.get("facets", "").split(",") if name]
        results = browse(
            caller(request).workspace.id,
            read_parameters(params, PARAMETERS, scope="listings") or EVERYBODY,
            order=params.get("sort") or DEFAULT_ORDER,
            facets=list(dict.fromkeys(fields)),
            cursor=params.get("cursor"),
            page_size=size,
        )
        if results.found is None:
            raise Unavailable(results.problem)
        page = results.found.page
        answer: dict[str, Any] = {
            "pageSize": size,
            "total": results.found.total,
            "next": page.next_cursor,
            "previous": page.previous_cursor,
            "data": ListingSerializer(results.rows, many=True).data,
        }
        if fields:
            answer["facets"] = {
                name: [{"value": one.value, "count": one.count} for one in values]
                for name, values in results.found.facets.items()
            }
        return Response(answer)
