"""Duplicates by API."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.errors import InvalidInput
from cursive.lib.ui.pagination import keyset_page, parse_page
from leads.records.api import LeadSerializer
from leads.records.queries import capped_count

from .choosing import UNITS
from .merging import MOST, merge_leads
from .models import DuplicateCandidate, LeadMerge
from .operations import dismiss_candidate
from .queries import FILTERS, candidates_of, order_of

COUNTED = 100_000
KINDS = f"One of: {', '.join(filter(None, FILTERS))}."


class DuplicateSerializer(serializers.ModelSerializer):
    """A pair of leads that may be one person."""

    confidence = serializers.IntegerField(help_text="That they are the same, in percent.")
    leads = serializers.SerializerMethodField()

    class Meta:
        model = DuplicateCandidate
        fields = ("id", "confidence", "is_exact", "reasons", "state", "leads", "created_at")
        read_only_fields = fields

    @extend_schema_field(LeadSerializer(many=True))
    def get_leads(self, candidate: DuplicateCandidate) -> Any:
        """Both leads."""
        return LeadSerializer([candidate.first, candidate.second], many=True).data


class MergeBodySerializer(serializers.Serializer):
    """What merging takes; everything may be left out."""

    leads = serializers.ListField(
        child=serializers.UUIDField(),
        min_length=2,
        max_length=MOST,
        required=False,
        help_text="Which leads to merge; left out: the pair.",
    )
    choices = serializers.DictField(
        child=serializers.UUIDField(),
        required=False,
        help_text=f"Whose value a field keeps: a lead's id by field. Fields: {', '.join(UNITS)}.",
    )


class MergeSerializer(serializers.ModelSerializer):
    """A merge that was done."""

    lead = serializers.UUIDField(source="survivor_id")
    merged = serializers.ListField(source="merged_ids", child=serializers.UUIDField())

    class Meta:
        model = LeadMerge
        fields = ("id", "lead", "merged", "created_at")
        read_only_fields = fields


class DuplicateListView(APIView):
    """`GET /api/leads/duplicates`: open pairs, the surest first; or those told apart."""

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", enum=[kind for kind in FILTERS if kind]),
            OpenApiParameter("cursor"),
            OpenApiParameter("pageSize", int),
        ],
        responses=DuplicateSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """One page; `next` and `previous` are cursors. `total` stops counting at 100,001."""
        params = request.query_params
        kind = params.get("kind", "")
        if kind not in FILTERS:
            raise InvalidInput("There is no such kind.", fields={"kind": KINDS})
        found = candidates_of(caller(request).workspace.id, kind)
        wanted = parse_page(params)
        page = keyset_page(
            found, order=order_of(kind), cursor=params.get("cursor"), page_size=wanted.page_size
        )
        return Response(
            {
                "pageSize": wanted.page_size,
                "total": capped_count(found, COUNTED),
                "next": page.next_cursor,
                "previous": page.previous_cursor,
                "data": DuplicateSerializer(page.items, many=True).data,
            }
        )


class DuplicateMergeView(APIView):
    """`POST /api/leads/duplicates/{id}/merge`."""

    @extend_schema(request=MergeBodySerializer, responses=MergeSerializer)
    def post(self, request: Request, candidate_id: UUID) -> Response:
        """Merge the pair, or the `leads` that the body names."""
        given = MergeBodySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        plain = caller(request)
        candidate = get_object_or_404(candidates_of(plain.workspace.id), id=candidate_id)
        done = merge_leads(
            workspace_id=plain.workspace.id,
            actor=plain.actor,
            lead_ids=given.validated_data.get("leads") or [candidate.first_id, candidate.second_id],
            choices=given.validated_data.get("choices"),
        )
        return Response(MergeSerializer(done).data)


class DuplicateDismissalView(APIView):
    """`POST /api/leads/duplicates/{id}/dismissal`."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, candidate_id: UUID) -> Response:
        """Remember that these are not the same."""
        plain = caller(request)
        dismiss_candidate(
            workspace_id=plain.workspace.id, candidate_id=candidate_id, actor=plain.actor
        )
        return Response(status=204)
