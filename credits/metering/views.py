"""The usage page, and its figures as CSV."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.access.views import member_required
from accounts.workspaces.requests import MemberRequest

from .chart import chart_of
from .export import file_name, note_export, usage_lines
from .forms import SPANS, read_span
from .operations import minute_limit
from .queries import FORECAST_DAYS, days_of, endpoints_of, keys_of_usage, summary_of


@require_safe
@member_required
def usage(request: MemberRequest) -> HttpResponse:
    """Where the workspace stands, its last days, and who calls what."""
    workspace_id, span = request.workspace.id, read_span(request.GET)
    days = days_of(workspace_id, max(span, FORECAST_DAYS + 1))
    shown = days[-span:]
    context = {
        "page_title": "API usage",
        "summary": summary_of(workspace_id, days),
        "rate": minute_limit().rate.partition("/")[0],
        "span": span,
        "spans": SPANS,
        "days": shown,
        "chart": chart_of(shown),
        "calls": sum(one.tally.calls for one in shown),
        "errors": sum(one.tally.errors for one in shown),
        "refused": sum(one.tally.refused for one in shown),
        "endpoints": endpoints_of(workspace_id, span),
        "keys": keys_of_usage(workspace_id, span),
    }
    fragment = "#details" if request.htmx and not request.htmx.boosted else ""
    return render(request, f"credits/metering/usage.html{fragment}", context)


@require_POST
@member_required
def export(request: MemberRequest) -> StreamingHttpResponse:
    """Each endpoint on each of the chosen days as CSV, newest first."""
    workspace_id, days = request.workspace.id, read_span(request.POST)
    note_export(workspace_id=workspace_id, actor=request.actor, days=days)
    return StreamingHttpResponse(
        usage_lines(workspace_id, days),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{file_name()}"',
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        },
    )
