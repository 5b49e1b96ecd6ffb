"""Reading jobs."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from .models import Job
from .registry import handler_for, quiet_kinds


def jobs_of(workspace_id: UUID, *, kind: str = "", status: str = "") -> QuerySet[Job]:
    """The workspace's jobs; empty strings mean all."""
    jobs = Job.objects.filter(workspace_id=workspace_id)
    if kind:
        jobs = jobs.filter(kind=kind)
    if status:
        jobs = jobs.filter(status=status)
    return jobs


def listed_jobs_of(workspace_id: UUID, *, kind: str = "", status: str = "") -> QuerySet[Job]:
    """Those of them that a list shows: all but what is done in passing (see `is_quiet`)."""
    return jobs_of(workspace_id, kind=kind, status=status).exclude(kind__in=quiet_kinds())


def job_state(job: Job) -> dict[str, Any]:
    """The job as the API and the event stream show it."""
    return {
        "id": str(job.id),
        "type": job.kind,
        "title": job.title,
        "status": job.status,
        "progress": job.progress,
        "total": job.total,
        "processed": job.processed,
        "failed": job.failed,
        "note": job.note,
        "eta_seconds": job.eta_seconds,
        "cancel_requested": job.cancel_requested,
        "error": job.error,
        "result": job.result,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def job_facts(job: Job) -> list[tuple[str, str]]:
    """What came of a job that is over: (label, value) pairs."""
    return handler_for(job.kind).facts(job) if job.is_over else []


def job_links(job: Job) -> list[tuple[str, str]]:
    """Where the results of a completed job are: (label, URL) pairs."""
    return handler_for(job.kind).links(job) if job.status == Job.Status.COMPLETED else []
