"""The jobs of a workspace: list, one, its stream of events, cancel, retry."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET, require_POST

from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import MemberRequest
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_own_job, retry_own_job
from cursive.lib.jobs.queries import job_facts, job_links, jobs_of, listed_jobs_of
from cursive.lib.jobs.registry import kind_choices
from cursive.lib.tenancy import tenant_context
from cursive.lib.ui.pagination import keyset_page
from cursive.lib.ui.progress import progress_context

STREAM_INTERVAL = 0.5  # seconds; a job writes its progress no oftener
STREAM_SECONDS = 300  # then the browser's EventSource comes back by itself


@require_GET
@member_required
def job_list(request: MemberRequest) -> HttpResponse:
    """All jobs, newest first, by kind and status."""
    kind, status = request.GET.get("kind", ""), request.GET.get("status", "")
    known = kind in dict(kind_choices(quiet=False)) | {"": ""} and status in {
        "",
        *Job.Status.values,
    }
    jobs = listed_jobs_of(request.workspace.id, kind=kind, status=status)
    context = {
        "page": keyset_page(
            jobs if known else jobs.none(),
            order=("-created_at", "-id"),
            cursor=request.GET.get("cursor"),
        ),
        "kinds": kind_choices(quiet=False),
        "statuses": Job.Status.choices,
        "kind": kind,
        "status": status,
    }
    fragment = "#results" if request.htmx and not request.htmx.boosted else ""
    return render(request, f"analytics/jobs/job_list.html{fragment}", context)


@require_GET
@member_required
def job_detail(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """One job: progress while it runs, results and errors when it is over."""
    job = get_object_or_404(jobs_of(request.workspace.id), id=job_id)
    context = {"links": job_links(job), "facts": job_facts(job), **progress_context(job)}
    fragment = "#outcome" if request.htmx and not request.htmx.boosted else ""
    return render(request, f"analytics/jobs/job_detail.html{fragment}", context)


@require_GET
@member_required
def job_progress(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """The progress region alone, for pages whose event stream fails."""
    job = get_object_or_404(jobs_of(request.workspace.id), id=job_id)
    return render(request, "_job_progress.html", progress_context(job))


@require_GET
@member_required
def job_events(request: MemberRequest, job_id: UUID) -> StreamingHttpResponse:
    """The job's progress as server-sent events; every message is the HTML of its region."""
    get_object_or_404(jobs_of(request.workspace.id), id=job_id)
    response = StreamingHttpResponse(
        _events(request.workspace.id, job_id, get_token(request)), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache, no-transform"
    response["X-Accel-Buffering"] = "no"
    return response


@require_POST
@member_required
def job_cancellation(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """Ask the job to end."""
    cancel_own_job(workspace_id=request.workspace.id, job_id=job_id, actor=request.actor)
    return _after_change(request, job_id)


@require_POST
@member_required
def job_retry(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """Put a failed job back in the queue."""
    retry_own_job(workspace_id=request.workspace.id, job_id=job_id, actor=request.actor)
    return _after_change(request, job_id)


def _after_change(request: MemberRequest, job_id: UUID) -> HttpResponse:
    if not request.htmx:
        return redirect("jobs:detail", job_id=job_id)
    job = get_object_or_404(jobs_of(request.workspace.id), id=job_id)
    return render(request, "_job_progress.html", progress_context(job))


def _render_progress(workspace_id: UUID, job_id: UUID, csrf_token: str) -> tuple[str, bool]:
    """The region's HTML and whether the job is over. Leaves no connection behind."""
    try:
        with tenant_context(workspace_id):
            job = Job.objects.filter(workspace_id=workspace_id, id=job_id).first()
            if job is None:
                return "", True
            context = progress_context(job) | {"csrf_token": csrf_token}
            return render_to_string("_job_progress.html", context), job.is_over
    finally:
        connections["default"].close()


async def _events(workspace_id: UUID, job_id: UUID, csrf_token: str) -> AsyncIterator[str]:
    last = None
    ends = time.monotonic() + STREAM_SECONDS
    while time.monotonic() < ends:
        html, over = await sync_to_async(_render_progress, thread_sensitive=False)(
            workspace_id, job_id, csrf_token
        )
        if html != last:
            yield "".join(f"data: {line}\n" for line in html.strip().splitlines()) + "\n"
            last = html
        if over:
            return
        await asyncio.sleep(STREAM_INTERVAL)
