"""What changes jobs from outside: enqueue, cancel, retry."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, NotFound

from .bell import ring_bell
from .models import Job
from .registry import handler_for

log = logging.getLogger(__name__)


def enqueue_job(
    *,
    workspace_id: UUID,
    kind: str,
    title: str,
    params: Mapping[str, Any],
    actor: Actor,
    key: str = "",
    total: int = 0,
) -> tuple[Job, bool]:
    """Write a job in the current transaction and ring the bell on commit.

    Returns the job and whether it is new. The same `key` again returns the first job; with
    other params it raises `Conflict`.
    """
    handler_for(kind)
    try:
        with tenancy.atomic():
            job = Job.objects.create(
                workspace_id=workspace_id,
                kind=kind,
                title=title,
                params=dict(params),
                key=key,
                total=total,
                created_by_id=actor.user_id,
                created_by_label=actor.label,
            )
            record(
                action="create",
                resource="job",
                resource_id=job.id,
                actor=actor,
                workspace_id=workspace_id,
                new={"kind": kind, "title": title},
            )
    except IntegrityError:
        first = Job.objects.filter(workspace_id=workspace_id, kind=kind, key=key).first()
        if not key or first is None:
            raise
        if first.params != dict(params):
            raise _used_otherwise() from None
        return first, False
    ring(job)
    return job, True


def earlier_job(
    *, workspace_id: UUID, kind: str, key: str, params: Mapping[str, Any] | None = None
) -> Job | None:
    """The job that this `key` made, if any; for what must happen once before a job is written.

    Two at once with one key wait here for each other, until the first has committed. Raises
    `Conflict` where that job has other values for any of `params`. Without a key there is none.
    """
    if not key:
        return None
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"job:{workspace_id}:{kind}:{key}"],
        )
    first = Job.objects.filter(workspace_id=workspace_id, kind=kind, key=key).first()
    if first is not None and any(first.params.get(n) != v for n, v in (params or {}).items()):
        raise _used_otherwise()
    return first


def _used_otherwise() -> Conflict:
    return Conflict(
        "This Idempotency-Key was used for something else.",
        fields={"Idempotency-Key": "Use a new key for a new request."},
    )


def ring(job: Job) -> None:
    """Tell the workers, once the transaction is committed. A lost ring costs a sweep's wait."""
    job_id, workspace_id = str(job.id), str(job.workspace_id)

    def publish() -> None:
        try:
            ring_bell(job_id, workspace_id)
        except Exception:  # the broker is down or hangs: the sweeper will find the row
            log.warning("job_bell_failed", exc_info=True, extra={"job": job_id})

    tenancy.on_commit(publish)


def _locked(workspace_id: UUID, job_id: UUID) -> Job:
    job = Job.objects.select_for_update().filter(workspace_id=workspace_id, id=job_id).first()
    if job is None:
        raise NotFound("There is no such job.")
    return job


def cancel_job(*, workspace_id: UUID, job_id: UUID, actor: Actor) -> Job:
    """Ask a job to end. What it has done stays, what it hasn't is given back by its handler.

    Raises `Conflict` where the job is over.
    """
    with tenancy.atomic():
        job = _locked(workspace_id, job_id)
        if job.is_over:
            raise Conflict(f"This job is already {job.get_status_display().lower()}.")
        if not job.cancel_requested:
            job.cancel_requested = True
            job.next_attempt_at = timezone.now()
            job.save(update_fields=["cancel_requested", "next_attempt_at"])
            record(
                action="cancel",
                resource="job",
                resource_id=job.id,
                actor=actor,
                workspace_id=workspace_id,
            )
            ring(job)
    return job


def cancel_own_job(*, workspace_id: UUID, job_id: UUID, actor: Actor) -> Job:
    """The same, asked by somebody of the workspace: raises `Conflict` for a job that is ours."""
    with tenancy.atomic():
        if _is_ours(workspace_id, job_id):
            raise Conflict("Cursive does this job, and it runs to its end. Ask our support.")
        return cancel_job(workspace_id=workspace_id, job_id=job_id, actor=actor)


def retry_job(*, workspace_id: UUID, job_id: UUID, actor: Actor) -> Job:
    """Put a failed job back; it goes on from its cursor. Raises `Conflict` for any other."""
    with tenancy.atomic():
        job = _locked(workspace_id, job_id)
        if not job.can_retry:
            raise Conflict("Only a failed job can be tried again.")
        handler_for(job.kind).reopen(job)
        job.status = Job.Status.PENDING
        job.error = ""
        job.attempts = 0
        job.finished_at = None
        job.next_attempt_at = timezone.now()
        job.save()
        record(
            action="retry",
            resource="job",
            resource_id=job.id,
            actor=actor,
            workspace_id=workspace_id,
        )
        ring(job)
    return job


def retry_own_job(*, workspace_id: UUID, job_id: UUID, actor: Actor) -> Job:
    """The same, asked by somebody of the workspace: raises `Conflict` for a job that is ours."""
    with tenancy.atomic():
        if _is_ours(workspace_id, job_id):
            raise Conflict("Cursive does this job: our staff decide how it goes on.")
        return retry_job(workspace_id=workspace_id, job_id=job_id, actor=actor)


def _is_ours(workspace_id: UUID, job_id: UUID) -> bool:
    job = _locked(workspace_id, job_id)
    return handler_for(job.kind).is_ours(job)
