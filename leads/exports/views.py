"""Starting and downloading exports."""

from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import MemberRequest
from cursive.lib.jobs.queries import jobs_of
from cursive.lib.tables.writing import safe_cell
from leads.records.columns import COLUMNS, DEFAULT_EXPORT
from leads.records.queries import capped_count, leads_of

from .forms import ExportForm
from .operations import FORMATS, ExportHandler, format_of, open_export, start_export


@require_POST
@member_required
def export_start(request: MemberRequest) -> HttpResponse:
    """Ask which columns, then start the job: the dialog posts here twice."""
    form = ExportForm(request.POST)
    if "columns" in request.POST and form.is_valid():
        job = start_export(
            workspace_id=request.workspace.id,
            actor=request.actor,
            columns=form.cleaned_data["columns"],
            ids=() if form.cleaned_data["everything"] else form.ids,
            filter=form.filter(),
            key=form.cleaned_data["key"],
            format=form.cleaned_data["format"] or "csv",
        )
        return redirect("jobs:detail", job_id=job.id)
    chosen = request.POST.getlist("columns")
    context = {
        "form": form if "columns" in request.POST else None,
        "everything": bool(request.POST.get("everything")),
        "ids": request.POST.getlist("lead"),
        "filter_text": request.POST.get("f", ""),
        "columns": COLUMNS.values(),
        "chosen": chosen or DEFAULT_EXPORT,
        "chosen_format": request.POST.get("format"),
        "key": request.POST.get("key") or safe_cell(request.actor.request.request_id),
        "count": capped_count(leads_of(request.workspace.id), 10_000),
    }
    # The first post only opens the dialog; one that chose and can't be used is bad input.
    status = 400 if context["form"] else 200
    return render(request, "leads/exports/export_start.html", context, status=status)


@require_GET
@member_required
def export_download(request: MemberRequest, job_id: UUID) -> FileResponse:
    """The finished file."""
    return export_response(request.workspace.id, job_id)


def export_response(workspace_id: UUID, job_id: UUID) -> FileResponse:
    """A workspace's finished file as a download. Raises Http404, and Conflict where there is none
    (yet, or any more).
    """
    jobs = jobs_of(workspace_id, kind=ExportHandler.kind)
    job = get_object_or_404(jobs, id=job_id)
    day = job.finished_at or job.created_at
    return FileResponse(
        open_export(job),
        as_attachment=True,
        filename=f"leads-{day:%Y-%m-%d}.{format_of(job)}",
        content_type=FORMATS[format_of(job)],
    )
