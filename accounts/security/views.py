"""The security events' page, for owners (A-8)."""

from dataclasses import asdict

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.workspaces.guards import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from cursive.lib.audit_port import record
from cursive.lib.errors import InvalidInput
from cursive.lib.ui.pagination import keyset_page

from .export import csv_lines, file_name
from .forms import FilterForm
from .queries import ORDER, events_of, in_batches


@require_safe
@member_required(role=Role.OWNER)
def security(request: MemberRequest) -> HttpResponse:
    """What may be an attack on this workspace, newest first."""
    form = FilterForm(request.GET)
    events = events_of(request.workspace.id, form.pick())
    page = keyset_page(events, order=ORDER, cursor=request.GET.get("cursor"))
    # A cursor is a place within one choice: changing the choice starts at the top.
    query = request.GET.copy()
    query.pop("cursor", None)
    context = {"form": form, "page": page, "picked": any(query.values())}
    fragment = "#results" if request.htmx else ""
    return render(request, f"accounts/security/security.html{fragment}", context)


@require_POST
@member_required(role=Role.OWNER)
def export(request: MemberRequest) -> HttpResponseBase:
    """All events that were chosen, as CSV, newest first."""
    form = FilterForm(request.POST)
    pick = form.pick()
    if form.errors:
        raise InvalidInput("The choice can't be used as it is. Choose anew.")
    record(
        action="export",
        resource="security_events",
        resource_id=request.workspace.id,
        actor=request.actor,
        workspace_id=request.workspace.id,
        new={name: value for name, value in asdict(pick).items() if value},
        severity="warning",
    )
    return StreamingHttpResponse(
        csv_lines(in_batches(request.workspace.id, pick)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{file_name()}"',
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        },
    )
