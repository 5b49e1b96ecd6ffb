"""Leads by API."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from accounts.workspaces.models import Role
from cursive.lib.errors import InvalidInput
from cursive.lib.ui.pagination import parse_page
from leads.filters.parameters import read_parameters

from .creation import create_lead
from .editing import EDITABLE_FIELDS, edit_lead
from .models import Lead
from .operations import delete_lead
from .person import FIELD_NAMES
from .queries import SORTS, as_q, leads_of, missing_lead, page_of, trash_of

COUNTED = 10_000
# Not the list's: scores change every night, and who reads page after page must meet everybody.
DEFAULT_SORT = "newest"


class LeadSerializer(serializers.ModelSerializer):
    """A lead's document; the record's fields have the names of the filter language."""

    owner = serializers.UUIDField(source="owner_id", allow_null=True)

    class Meta:
        model = Lead
        fields = (
            "id",
            *FIELD_NAMES,
            "source",
            "status",
            "verification_status",
            "owner",
            "tags",
            "notes",
            "score",
            "score_factors",
            "pages_viewed",
            "seconds_on_site",
            "last_seen_at",
            "segment_id",
            "created_at",
            "updated_at",
            "deleted_at",
        )
        read_only_fields = fields


class LeadChangeSerializer(serializers.Serializer):
    """What `PATCH /api/leads/{id}` takes beside the fields of a record."""

    status = serializers.ChoiceField(choices=Lead.Status.choices, required=False)
    notes = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=50, required=False
    )
    owner = serializers.UUIDField(allow_null=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Unknown fields are refused, so that a typing error doesn't pass for a change."""
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown:
            raise serializers.ValidationError(dict.fromkeys(unknown, "No such field."))
        return attrs


class LeadPatchSerializer(serializers.ModelSerializer):
    """All that `PATCH /api/leads/{id}` takes; for the reference only."""

    owner = serializers.UUIDField(required=False, allow_null=True)

    class Meta:
        model = Lead
        fields = (*EDITABLE_FIELDS, "status", "tags", "notes", "owner")


class NewLeadSerializer(serializers.ModelSerializer):
    """What `POST /api/leads` takes: fields of a record, and the workspace's own."""

    owner = serializers.UUIDField(required=False, allow_null=True)

    class Meta:
        model = Lead
        fields = (*FIELD_NAMES, "status", "tags", "notes", "owner")


def _wants_deleted(raw: str) -> bool:
    if raw not in ("", "true", "false"):
        raise InvalidInput("deleted is true or false.", fields={"deleted": "true or false."})
    return raw == "true"


PARAMETERS = ("f", "filter", "sort", "deleted", "cursor", "pageSize")


class LeadListView(APIView):
    """`GET /api/leads`: filter `f` or `filter`, `sort`, `deleted`, `cursor`, `pageSize`."""

    @extend_schema(
        parameters=[
            OpenApiParameter("f", description="A filter in its short form, as in page addresses."),
            OpenApiParameter("filter", description="Or a filter document, as JSON."),
            OpenApiParameter("sort", enum=list(SORTS)),
            OpenApiParameter(
                "deleted", bool, description="Instead, those deleted in the last 30 days."
            ),
            OpenApiParameter("cursor"),
            OpenApiParameter("pageSize", int),
        ],
        responses=LeadSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """One page; `next` and `previous` are cursors. `total` stops counting at 10,001."""
        params = request.query_params
        sort = params.get("sort", DEFAULT_SORT)
        if sort not in SORTS:
            raise InvalidInput(
                "There is no such order.", fields={"sort": f"One of: {', '.join(SORTS)}."}
            )
        filter = read_parameters(params, PARAMETERS, scope="leads")
        workspace_id = caller(request).workspace.id
        if _wants_deleted(params.get("deleted", "")):
            leads = trash_of(workspace_id).filter(as_q(filter))
        else:
            leads = leads_of(workspace_id, filter)
        wanted = parse_page(params)
        page, total = page_of(
            leads,
            order=SORTS[sort].order,
            cap=COUNTED,
            narrowed=filter is not None,
            cursor=params.get("cursor"),
            page_size=wanted.page_size,
        )
        return Response(
            {
                "pageSize": wanted.page_size,
                "total": total,
                "next": page.next_cursor,
                "previous": page.previous_cursor,
                "data": LeadSerializer(page.items, many=True).data,
            }
        )

    @extend_schema(request=NewLeadSerializer, responses={201: LeadSerializer})
    def post(self, request: Request) -> Response:
        """Add one person; 409 with the existing lead's id where the workspace has them already."""
        if not isinstance(request.data, dict):
            raise InvalidInput("The body must be a JSON object.")
        plain = caller(request)
        lead_id = create_lead(workspace=plain.workspace, actor=plain.actor, values=request.data)
        lead = get_object_or_404(leads_of(plain.workspace.id), id=lead_id)
        return Response(LeadSerializer(lead).data, status=201)


class LeadView(APIView):
    """`GET/PATCH/DELETE /api/leads/{id}`."""

    # Owners and admins make keys: what has the scope `write` may delete as well.
    keys_allowed = True

    @property
    def required_role(self) -> str:
        """Members can't delete leads (A-2)."""
        return Role.ADMIN if self.request.method == "DELETE" else Role.MEMBER

    @extend_schema(responses=LeadSerializer)
    def get(self, request: Request, lead_id: UUID) -> Response:
        """The lead. For one that was merged, 404 with the other's id as `merged_into`."""
        workspace_id = caller(request).workspace.id
        lead = leads_of(workspace_id).filter(id=lead_id).first()
        if lead is None:
            raise missing_lead(workspace_id, lead_id)
        return Response(LeadSerializer(lead).data)

    @extend_schema(request=LeadPatchSerializer, responses=LeadSerializer)
    def patch(self, request: Request, lead_id: UUID) -> Response:
        """Change fields of the record, status, notes, tags or owner: all of them or none.

        409 with the other lead's id where a new address or number is another lead's.
        """
        if not isinstance(request.data, dict):
            raise InvalidInput("The body must be a JSON object.")
        fields = {name: value for name, value in request.data.items() if name in FIELD_NAMES}
        given = LeadChangeSerializer(
            data={name: value for name, value in request.data.items() if name not in fields}
        )
        given.is_valid(raise_exception=True)
        changes = dict(given.validated_data)
        if "owner" in changes:
            changes["owner_id"] = changes.pop("owner")
        plain = caller(request)
        lead = edit_lead(
            workspace=plain.workspace,
            actor=plain.actor,
            lead_id=lead_id,
            values={**fields, **changes},
        )
        return Response(LeadSerializer(lead).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, lead_id: UUID) -> Response:
        """Put the lead in the trash."""
        plain = caller(request)
        delete_lead(workspace_id=plain.workspace.id, lead_id=lead_id, actor=plain.actor)
        return Response(status=204)
