"""Bulk actions by API."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.errors import InvalidInput
from cursive.lib.jobs.queries import job_state
from leads.exports.operations import FORMATS
from leads.filters.document import parse
from leads.filters.tree import Group

from .operations import MISSING, start_bulk, undo_bulk
from .queries import get_run, run_state
from .registry import all_actions, find_action

KEY_HEADER = "Idempotency-Key"
COMMON = ("action", "ids", "filter")


class BulkBodySerializer(serializers.Serializer[Any]):
    """What a bulk action takes; for the reference only."""

    action = serializers.CharField()
    ids = serializers.ListField(child=serializers.UUIDField(), max_length=1_000, required=False)
    filter = serializers.JSONField(required=False)
    status = serializers.CharField(required=False)
    owner = serializers.UUIDField(required=False, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    columns = serializers.ListField(child=serializers.CharField(), required=False)
    format = serializers.ChoiceField(choices=list(FORMATS), required=False)
    again = serializers.BooleanField(required=False)


class BulkFailureSerializer(serializers.Serializer[Any]):
    """A lead that couldn't be done, and why."""

    id = serializers.UUIDField()
    reason = serializers.CharField()


class BulkRunSerializer(serializers.Serializer[Any]):
    """A bulk action: counts of what was really done; for the reference only."""

    id = serializers.UUIDField()
    action = serializers.CharField()
    title = serializers.CharField()
    which = serializers.CharField()
    asked = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    failed = serializers.IntegerField()
    failures = BulkFailureSerializer(many=True)
    job = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    undoable_until = serializers.DateTimeField(allow_null=True)
    undo_job = serializers.UUIDField(allow_null=True)
    undone_at = serializers.DateTimeField(allow_null=True)
    undone = serializers.IntegerField()
    left_alone = serializers.IntegerField()


class BulkView(APIView):
    """`POST /api/leads/bulk`."""

    @extend_schema(
        request=BulkBodySerializer,
        responses={200: BulkRunSerializer, 202: BulkRunSerializer},
        parameters=[OpenApiParameter(KEY_HEADER, location=OpenApiParameter.HEADER)],
        operation_id="leads_bulk",
    )
    def post(self, request: Request) -> Response:
        """By ids at once (200), or by a filter as a job (202). The action's values stand beside.

        `set_status` takes `status`, `assign` takes `owner` (null: nobody), `add_tags` and
        `remove_tags` take `tags`, `export` takes `columns` and `format`, `verify` takes `again`.
        Ids that aren't leads of the workspace are among the failures.
        """
        body = _body_of(request)
        plain = caller(request)
        started = start_bulk(
            workspace_id=plain.workspace.id,
            actor=plain.actor,
            action=body.get("action", ""),
            values={name: value for name, value in body.items() if name not in COMMON},
            ids=_ids_of(body),
            filter=_filter_of(body),
            key=request.headers.get(KEY_HEADER, "").strip(),
        )
        answer: dict[str, Any] = run_state(started.run) if started.run else {}
        if started.job is not None:
            answer |= {"job": job_state(started.job)}
            if started.run is None:
                answer["failures"] = [
                    {"id": str(one), "reason": MISSING} for one in started.missing
                ]
        return Response(answer, status=202 if started.job else 200)


class BulkRunView(APIView):
    """`GET/DELETE /api/leads/bulk/{run}`."""

    @extend_schema(responses=BulkRunSerializer, operation_id="leads_bulk_get")
    def get(self, request: Request, run_id: UUID) -> Response:
        """What was done."""
        return Response(run_state(get_run(caller(request).workspace.id, run_id)))

    @extend_schema(
        responses={200: BulkRunSerializer, 202: BulkRunSerializer}, operation_id="leads_bulk_undo"
    )
    def delete(self, request: Request, run_id: UUID) -> Response:
        """Undo it for all leads that weren't changed since: at once (200), or as a job (202)."""
        plain = caller(request)
        run = undo_bulk(workspace_id=plain.workspace.id, actor=plain.actor, run_id=run_id)
        return Response(run_state(run), status=202 if run.undo_job_id else 200)


def _body_of(request: Request) -> dict[str, Any]:
    body = request.data
    if not isinstance(body, dict):
        raise InvalidInput("The body must be a JSON object.")
    action = find_action(body.get("action"))
    allowed = {*COMMON, *(action.values if action else ())}
    unknown = sorted(set(map(str, body)) - allowed)[:5]
    if action and unknown:
        raise InvalidInput(
            f"Use {', '.join(sorted(allowed))}.",
            fields={name[:60]: "There is no such field." for name in unknown},
        )
    if action is None:
        known = ", ".join(one.name for one in all_actions())
        raise InvalidInput("There is no such action.", fields={"action": f"One of: {known}."})
    return body


def _ids_of(body: dict[str, Any]) -> list[UUID]:
    raw = body.get("ids", [])
    try:
        if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
            raise ValueError
        return [UUID(one) for one in raw]
    except ValueError:
        raise InvalidInput("ids must be leads' ids.", fields={"ids": "A list of UUIDs."}) from None


def _filter_of(body: dict[str, Any]) -> Group | None:
    raw = body.get("filter")
    return None if raw is None else parse(raw, scope="leads")
