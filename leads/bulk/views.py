"""The bulk bar's dialogs, what a bulk action did, and its undo."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import InvalidInput
from cursive.lib.jobs.models import Job
from cursive.lib.tables.writing import BOM, csv_lines, safe_cell
from cursive.lib.tenancy import tenant_context
from cursive.lib.ui.progress import progress_context
from leads.filters import url as filter_url
from leads.filters.tree import Group
from leads.records.queries import capped_count, leads_of

from . import queries
from .forms import SelectionForm
from .models import BulkRun
from .operations import Started, start_bulk, undo_bulk
from .registry import BulkAction, find_action

COUNTED = 10_000
FAILURES_AT_ONCE = 2_000


@require_POST
@member_required
def bulk_start(request: MemberRequest) -> HttpResponse:
    """Ask for what the action needs, then do it: the dialog posts here twice."""
    action = find_action(request.POST.get("action"))
    if action is None:
        raise InvalidInput("There is no such action.")
    selection = SelectionForm(request.POST)
    if not selection.is_valid() or not (selection.ids or selection.cleaned_data["everything"]):
        raise InvalidInput("No lead is chosen. Tick leads in the list first.")
    filter = selection.filter()
    is_answer = "sure" in request.POST
    form = action.form(request.workspace.id, request.POST if is_answer else None)
    asks = form is not None or action.is_destructive or filter is not None
    if (is_answer or not asks) and (form is None or form.is_valid()):
        try:
            started = _start(request, action, selection, filter, form)
        except InvalidInput as error:
            if form is None:
                raise
            show_refusal(form, error)
        else:
            return _after(request, started)
    count = (
        len(set(selection.ids))
        if filter is None
        else capped_count(leads_of(request.workspace.id, filter), COUNTED)
    )
    context = {
        "action": action,
        "form": form,
        "ids": selection.ids if filter is None else [],
        "everything": filter is not None,
        "filter_text": request.POST.get("f", ""),
        "back": request.POST.get("back", ""),
        "key": request.POST.get("key") or safe_cell(request.actor.request.request_id),
        "count": count,
        "counted": COUNTED,
    }
    fragment = "#dialog" if request.htmx else ""
    status = 400 if is_answer else 200
    return render(request, f"leads/bulk/bulk_start.html{fragment}", context, status=status)


def _start(
    request: MemberRequest,
    action: BulkAction,
    selection: SelectionForm,
    filter: Group | None,
    form: Any,
) -> Started:
    return start_bulk(
        workspace_id=request.workspace.id,
        actor=request.actor,
        action=action.name,
        values=form.cleaned_data if form else {},
        ids=selection.ids if filter is None else (),
        filter=filter,
        key=selection.cleaned_data["key"],
    )


def _after(request: MemberRequest, started: Started) -> HttpResponse:
    """Back to the list where it is done; to the progress where a job does it."""
    if started.run is None and started.job is not None:
        return redirect("jobs:detail", job_id=started.job.id)
    assert started.run is not None  # one of both is always there
    if started.job is not None:
        return redirect("leads:bulk_run", run_id=started.run.id)
    return redirect(_list(request, done=str(started.run.id)))


def _list(request: MemberRequest, **params: str) -> str:
    query = QueryDict(filter_url.back_to(request.POST.get("back"))[1:], mutable=True)
    query.update(params)
    return f"{reverse('leads:list')}?{query.urlencode()}"


@require_GET
@member_required
def bulk_run(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """One bulk action: its progress, what was done and what couldn't be, and its undo."""
    run = queries.get_run(request.workspace.id, run_id)
    jobs = Job.objects.filter(workspace_id=request.workspace.id)
    job_id = run.undo_job_id or run.job_id
    job = jobs.filter(id=job_id).first() if job_id else None
    context: dict[str, Any] = {"run": run, "job": job, "failures": _shown(run)}
    if job is not None:
        context |= progress_context(job)
    fragment = "#outcome" if request.htmx and not request.htmx.boosted else ""
    return render(request, f"leads/bulk/bulk_run.html{fragment}", context)


def _shown(run: BulkRun) -> list[Any]:
    return queries.with_leads(list(queries.failures_of(run)[: queries.SHOWN]))


@require_POST
@member_required
def bulk_undo(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Take it back: at once, or as a job whose progress is shown."""
    run = undo_bulk(workspace_id=request.workspace.id, actor=request.actor, run_id=run_id)
    if run.undo_job_id:
        return redirect("leads:bulk_run", run_id=run.id)
    messages.success(request, queries.said_of_undo(run))
    return redirect(_list(request))


@require_GET
@member_required
def bulk_failures(request: MemberRequest, run_id: UUID) -> StreamingHttpResponse:
    """The leads that couldn't be done, each with its reason, as CSV."""
    run = queries.get_run(request.workspace.id, run_id)
    return StreamingHttpResponse(
        csv_lines_of(run),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="not-done-{run.created_at:%Y-%m-%d}.csv"',
            "Cache-Control": "no-store",
        },
    )


def csv_lines_of(run: BulkRun) -> Iterator[str]:
    """The file, piece by piece; a stream has to enter its workspace by itself."""
    yield BOM + "".join(csv_lines([["lead", "name", "email", "reason"]]))
    after = None
    while True:
        with tenant_context(run.workspace_id):
            failures = queries.failures_of(run)
            behind = failures.filter(id__gt=after) if after else failures
            batch = list(behind.order_by("id")[:FAILURES_AT_ONCE])
            rows = [
                [failure.lead_id, lead.name if lead else "", lead.email if lead else "", why]
                for failure, lead in queries.with_leads(batch)
                for why in [failure.reason]
            ]
        yield "".join(csv_lines(rows))
        if len(batch) < FAILURES_AT_ONCE:
            return
        after = batch[-1].id
