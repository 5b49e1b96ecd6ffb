"""Segments by API: list, create, read, change, delete, run."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.errors import InvalidInput
from cursive.lib.jobs.queries import job_state
from cursive.lib.ui.page_documents import page_document
from cursive.lib.ui.pagination import numbered_page
from leads.catalogue.local import local_source
from leads.filters.document import parse
from leads.filters.tree import Group
from leads.records.acquisition import owned_people
from leads.records.person import FIELD_NAMES
from leads.records.pulls import read_order

from . import operations
from .models import Segment
from .queries import DELETED, count_people, get_segment, segments_of

PREVIEW = 20
KEY_HEADER = "Idempotency-Key"
CHANGEABLE = ("name", "description", "filter", "status")


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    """A segment's document (S-7)."""

    owner = serializers.SerializerMethodField()

    class Meta:
        model = Segment
        fields = (
            "id",
            "name",
            "description",
            "filter",
            "sentence",
            "status",
            "last_count",
            "last_net_new",
            "last_counted_at",
            "last_run_at",
            "owner",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_owner(self, segment: Segment) -> dict[str, str] | None:
        """Who saved it."""
        owner = segment.owner
        return {"id": str(owner.id), "name": str(owner)} if owner else None


class SegmentBodySerializer(serializers.Serializer[Any]):
    """What creating and changing a segment take; for the reference only."""

    name = serializers.CharField(max_length=operations.NAME_LENGTH)
    description = serializers.CharField(
        max_length=operations.DESCRIPTION_LENGTH, required=False, allow_blank=True
    )
    filter = serializers.JSONField()
    status = serializers.ChoiceField(Segment.Status.choices, required=False)


SegmentPageSerializer = page_document("SegmentPage", SegmentSerializer)


class RunBodySerializer(serializers.Serializer[Any]):
    """What running a segment takes; for the reference only."""

    action = serializers.ChoiceField(["preview", "pull"])
    limit = serializers.IntegerField(required=False, min_value=1, max_value=50_000)
    order = serializers.ChoiceField(["score", "fresh"], required=False)


def body_of(request: Request, allowed: tuple[str, ...]) -> dict[str, Any]:
    """The call's JSON object. Raises InvalidInput for anything else, and for unknown keys."""
    data = request.data
    if not isinstance(data, dict):
        raise InvalidInput("The body must be a JSON object.")
    unknown = sorted(set(data) - set(allowed))[:5]
    if unknown:
        raise InvalidInput(
            f"Use {', '.join(allowed)}.",
            fields={name[:60]: "There is no such field." for name in unknown},
        )
    return data


def read_filter(raw: object) -> Group:
    """A filter over the catalogue. Raises FilterError naming the path inside it."""
    return parse(raw, scope="catalogue")


class SegmentList(APIView):
    """`GET/POST /api/segments`."""

    @extend_schema(
        parameters=[
            OpenApiParameter("page", int),
            OpenApiParameter("pageSize", int),
            OpenApiParameter("status", enum=Segment.Status.values),
        ],
        responses=SegmentPageSerializer,
        operation_id="segments_list",
    )
    def get(self, request: Request) -> Response:
        """The workspace's segments, last changed first; without `status` all but archived ones."""
        status = request.query_params.get("status", "")
        if status and status not in (*Segment.Status.values, DELETED):
            sentence = f"Use one of {', '.join(Segment.Status.values)}."
            raise InvalidInput(sentence, fields={"status": sentence})
        segments = segments_of(caller(request).workspace.id, status=status)
        page = numbered_page(segments, request.query_params)
        rows = list(SegmentSerializer(page.items, many=True).data)
        return Response(page.answer(rows))

    @extend_schema(
        request=SegmentBodySerializer,
        responses={201: SegmentSerializer},
        operation_id="segments_create",
    )
    def post(self, request: Request) -> Response:
        """Save a filter under a name."""
        body = body_of(request, ("name", "description", "filter"))
        segment = operations.create_segment(
            workspace=caller(request).workspace,
            actor=caller(request).actor,
            name=body.get("name", ""),
            description=body.get("description", ""),
            filter=read_filter(body.get("filter")),
        )
        return Response(SegmentSerializer(segment).data, status=201)


class SegmentDetail(APIView):
    """`GET/PATCH/DELETE /api/segments/{id}`."""

    @extend_schema(responses=SegmentSerializer, operation_id="segments_read")
    def get(self, request: Request, segment_id: UUID) -> Response:
        """One segment."""
        segment = get_segment(caller(request).workspace.id, segment_id)
        return Response(SegmentSerializer(segment).data)

    @extend_schema(
        request=SegmentBodySerializer(partial=True),
        responses=SegmentSerializer,
        operation_id="segments_change",
    )
    def patch(self, request: Request, segment_id: UUID) -> Response:
        """Change name, description, filter or status; what isn't given stays."""
        get_segment(caller(request).workspace.id, segment_id)
        changes = dict(body_of(request, CHANGEABLE))
        if "filter" in changes:
            changes["filter"] = read_filter(changes["filter"])
        for name, value in changes.items():
            if value is None:
                raise InvalidInput(f"{name} can't be null.", fields={name: "Leave it out."})
        operations.update_segment(
            workspace=caller(request).workspace,
            actor=caller(request).actor,
            segment_id=segment_id,
            **changes,
        )
        segment = get_segment(caller(request).workspace.id, segment_id)
        return Response(SegmentSerializer(segment).data)

    @extend_schema(responses={204: None}, operation_id="segments_delete")
    def delete(self, request: Request, segment_id: UUID) -> Response:
        """Delete it; restorable on its page for 30 days."""
        operations.delete_segment(
            workspace=caller(request).workspace,
            actor=caller(request).actor,
            segment_id=segment_id,
        )
        return Response(status=204)


class SegmentRun(APIView):
    """`POST /api/segments/{id}/run`: preview (free) or pull (S-8)."""

    @property
    def required_scope(self) -> str:
        """A preview only reads, like counting; everything else asks for `write`."""
        data = self.request.data
        is_preview = isinstance(data, dict) and data.get("action") == "preview"
        return "read" if is_preview else "write"

    @extend_schema(
        parameters=[OpenApiParameter(KEY_HEADER, location=OpenApiParameter.HEADER)],
        request=RunBodySerializer,
        responses={
            200: inline_serializer(
                "SegmentPreview",
                {
                    "count": serializers.IntegerField(),
                    "net_new": serializers.IntegerField(),
                    "leads": serializers.ListField(child=serializers.DictField()),
                },
            ),
            202: inline_serializer("SegmentPull", {"job": serializers.DictField()}),
        },
        operation_id="segments_run",
    )
    def post(self, request: Request, segment_id: UUID) -> Response:
        """Preview 20 masked people, or start the job that pulls `limit` of them."""
        segment = get_segment(caller(request).workspace.id, segment_id)
        body = body_of(request, ("action", "limit", "order"))
        if body.get("action") == "preview":
            return self._preview(request, segment, read_order(body.get("order", "score")))
        if body.get("action") != "pull":
            sentence = "Use preview or pull."
            raise InvalidInput(sentence, fields={"action": sentence})
        job = operations.pull_leads(
            workspace=caller(request).workspace,
            actor=caller(request).actor,
            segment=segment,
            limit=body.get("limit"),
            order=body.get("order", "score"),
            key=request.headers.get(KEY_HEADER, "").strip(),
        )
        return Response({"job": job_state(job)}, status=202)

    def _preview(self, request: Request, segment: Segment, order: Any) -> Response:
        workspace = caller(request).workspace
        filter = segment.tree()
        count = count_people(workspace.id, filter)
        owned = owned_people(workspace.id)
        rows = (
            local_source().preview(filter, limit=PREVIEW, order=order, owned=owned)
            if count.total
            else []
        )
        operations.note_count(workspace=workspace, segment_id=segment.id, count=count)
        leads = [
            {name: row[name] for name in FIELD_NAMES} | {"owned": row["id"] in owned}
            for row in rows
        ]
        return Response({"count": count.total, "net_new": count.net_new, "leads": leads})
