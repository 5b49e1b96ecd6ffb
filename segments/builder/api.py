"""Counting an unsaved filter by API."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from leads.catalogue.local import local_source
from segments.saved.api import body_of, read_filter
from segments.saved.queries import count_people

from .queries import offer_for, read_facets


class CountBodySerializer(serializers.Serializer[Any]):
    """What counting takes; for the reference only."""

    filter = serializers.JSONField()
    facets = serializers.ListField(child=serializers.CharField(), required=False)


class FacetValueSerializer(serializers.Serializer[Any]):
    """One value of a field and its people."""

    value = serializers.CharField()
    count = serializers.IntegerField()


class CountSerializer(serializers.Serializer[Any]):
    """How many people match, what is new, by which values, and the price of all that is new."""

    count = serializers.IntegerField()
    net_new = serializers.IntegerField()
    facets = serializers.DictField(child=FacetValueSerializer(many=True))
    price = serializers.DecimalField(max_digits=14, decimal_places=2)
    as_of = serializers.DateTimeField()


class CountView(APIView):
    """`POST /api/segments/count`."""

    required_scope = "read"

    @extend_schema(
        request=CountBodySerializer,
        responses=CountSerializer,
        operation_id="segments_count",
    )
    def post(self, request: Request) -> Response:
        """Count the people of a filter, exactly (L-3).

        `net_new` and `price` are the most that a pull delivers and charges: who turns out to be
        a lead that came from elsewhere is passed over, and costs nothing.
        """
        body = body_of(request, ("filter", "facets"))
        filter = read_filter(body.get("filter"))
        fields = read_facets(body.get("facets"))
        workspace_id = caller(request).workspace.id
        count = count_people(workspace_id, filter)
        facets = local_source().facets(filter, fields) if fields else {}
        return Response(
            {
                "count": count.total,
                "net_new": count.net_new,
                "facets": {
                    name: [{"value": v.value, "count": v.count} for v in values]
                    for name, values in facets.items()
                },
                "price": f"{offer_for(workspace_id, count.net_new).price_of_all:.2f}",
                "as_of": timezone.now(),
            }
        )
