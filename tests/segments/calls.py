"""Calls of the API of segments, as its tests make them."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.workspaces.models import Workspace
from cursive.lib.tenancy import tenant_context
from segments.saved.models import Segment

TEXAS = {"version": 1, "all": [{"field": "state", "op": "in", "value": ["TX"]}]}
VPS = {
    "version": 1,
    "all": [
        {"field": "seniority", "op": "in", "value": ["vp", "director"]},
        {"none": [{"field": "industry", "op": "in", "value": ["gambling"]}]},
    ],
}


def send(
    client: Client, method: str, path: str, body: object = None, **headers: str
) -> HttpResponse:
    """One call with a JSON body and headers."""
    return getattr(client, method)(
        path,
        json.dumps(body) if body is not None else None,
        content_type="application/json",
        headers=headers,
    )


def make(client: Client, filter: object = TEXAS, name: str = "Texans") -> dict[str, Any]:
    """A new segment's document."""
    answer = send(client, "post", "/api/segments", {"name": name, "filter": filter})
    assert answer.status_code == 201, answer.content
    return answer.json()


def all_segments(workspace: Workspace) -> list[Segment]:
    """What the database has."""
    with tenant_context(workspace.id):
        return list(Segment.objects.filter(workspace_id=workspace.id))
