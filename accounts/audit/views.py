"""The audit log's page, for owners (A-9)."""

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.workspaces.guards import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import InvalidInput
from cursive.lib.ui.pagination import keyset_page

from .export import csv_lines, file_name
from .forms import FilterForm
from .operations import note_export
from .queries import ORDER, choices_of, entries_of, in_batches


@require_safe
@member_required(role=Role.OWNER)
def audit_log(request: MemberRequest) -> HttpResponse:
    """Who did what in this workspace, newest first."""
    form = FilterForm(request.GET, choices=choices_of(request.workspace.id))
    pick = form.pick()
    entries = entries_of(request.workspace.id, pick)
    page = keyset_page(entries, order=ORDER, cursor=request.GET.get("cursor"))
    # A cursor is a place within one choice: changing the choice starts at the top.
    query = request.GET.copy()
    query.pop("cursor", None)
    context = {"form": form, "page": page, "picked": any(query.values())}
    fragment = "#results" if request.htmx else ""
    return render(request, f"accounts/audit/audit_log.html{fragment}", context)


@require_POST
@member_required(role=Role.OWNER)
def export(request: MemberRequest) -> HttpResponseBase:
    """All entries that were chosen, as CSV, newest first."""
    form = FilterForm(request.POST, choices=choices_of(request.workspace.id))
    pick = form.pick()
    if form.errors:
        raise InvalidInput("The days can't be used as they are. Choose them anew.")
    note_export(workspace_id=request.workspace.id, actor=request.actor, pick=pick)
    lines = csv_lines(in_batches(request.workspace.id, pick))
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{file_name()}"',
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        },
    )
