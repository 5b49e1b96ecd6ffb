"""Works one job: claim, step after step, finish. Safe to run twice and at once.

A claim is a lease with a token, kept as long as the worker is at it. Every step locks the job's
row and checks that the token is still ours, so a worker that was thought dead and comes back does
nothing.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from django.db.models import F
from django.utils import timezone

from cursive.lib.errors import DomainError
from cursive.lib.outbox import emit
from cursive.lib.tenancy import system_context, tenant_context
from cursive.lib.watch import Ended

from .lease import Lease, lease_end
from .models import Job
from .registry import JobHandler, Step, handler_for

log = logging.getLogger(__name__)

BACKOFF = [timedelta(seconds=seconds) for seconds in (5, 30, 120, 600)]
MAX_ATTEMPTS = len(BACKOFF) + 1
# Claims without a step done, of a job whose workers died: more than restarts explain.
MAX_CLAIMS = 3 * MAX_ATTEMPTS
ERRORS_KEPT = 50


class LeaseLost(Exception):
    """Another worker has the job now."""


class GivenUp(DomainError):
    """Worker after worker died over the job (out of memory, say), with no step done."""

    code = "given_up"


def run_job(*, workspace_id: UUID, job_id: UUID, stop: Callable[[], bool] = lambda: False) -> None:
    """Work a job until it is over, fails, or `stop()` says that the worker is going down."""
    token = _claim(workspace_id, job_id)
    if token is None:
        return
    lease = Lease(workspace_id, job_id, token, stop)
    try:
        with lease.kept():
            while _goes_on(workspace_id, job_id, token):
                lease.note_renewal()
                if stop():
                    _give_back(workspace_id, job_id, token)
                    return
    except LeaseLost:
        log.info("job_lease_lost", extra={"job": str(job_id)})
    except DomainError as refusal:
        _end(workspace_id, job_id, token, Job.Status.FAILED, error=refusal.message)
    except Exception as error:
        log.exception("job_step_failed", extra={"job": str(job_id)})
        _retry_later(workspace_id, job_id, token, error)


def due_jobs(limit: int = 100) -> list[tuple[UUID, UUID]]:
    """(workspace id, job id) of jobs that wait for a worker, oldest first, in all workspaces."""
    with system_context():
        return list(
            Job.objects.due().order_by("next_attempt_at").values_list("workspace_id", "id")[:limit]
        )


def _claim(workspace_id: UUID, job_id: UUID) -> UUID | None:
    token = uuid4()
    with tenant_context(workspace_id):
        # A step that takes longer than the lease has the row locked: it isn't waited for.
        due = (
            Job.objects.filter(workspace_id=workspace_id, id=job_id)
            .due()
            .select_for_update(skip_locked=True)
        )
        claimed = Job.objects.filter(workspace_id=workspace_id, id__in=due.values("id")).update(
            lease_token=token,
            lease_until=lease_end(),
            status=Job.Status.PROCESSING,
            attempts=F("attempts") + 1,
        )
        if claimed:
            Job.objects.filter(
                workspace_id=workspace_id, id=job_id, started_at__isnull=True
            ).update(started_at=timezone.now())
    return token if claimed else None


def _held(workspace_id: UUID, job_id: UUID, token: UUID) -> Job:
    job = (
        Job.objects.select_for_update()
        .filter(workspace_id=workspace_id, id=job_id, lease_token=token)
        .first()
    )
    if job is None:
        raise LeaseLost
    return job


def _goes_on(workspace_id: UUID, job_id: UUID, token: UUID) -> bool:
    try:
        return _advance(workspace_id, job_id, token)
    except Ended:  # why, the next step finds out, or whoever asked this worker to stop
        return True


def _advance(workspace_id: UUID, job_id: UUID, token: UUID) -> bool:
    """Do one step. Returns whether there is more to do."""
    with tenant_context(workspace_id):
        job = Job.objects.filter(workspace_id=workspace_id, id=job_id, lease_token=token).first()
        if job is None:
            raise LeaseLost
        if job.attempts > MAX_CLAIMS:
            raise GivenUp("It was given up: every worker that took it went down.")
        handler = handler_for(job.kind)
        prepared = None if job.cancel_requested else handler.prepare(job)
    with tenant_context(workspace_id):
        job = _held(workspace_id, job_id, token)
        if job.cancel_requested:
            _close(job, handler, Job.Status.CANCELLED)
            return False
        step = handler.step(job, prepared)
        _apply(job, step)
        if step.done:
            _close(job, handler, Job.Status.COMPLETED)
            return False
        if step.later is not None:
            job.next_attempt_at = timezone.now() + step.later
            job.lease_token = job.lease_until = None
            job.save()
            return False
        job.lease_until = lease_end()
        job.save()
    return True


def _apply(job: Job, step: Step) -> None:
    job.processed += step.processed
    job.failed += step.failed
    job.cursor = step.cursor
    job.attempts = 0  # it got on: only tries without progress count
    if step.total is not None:
        job.total = step.total
    job.note = step.note[:200]
    if step.errors:
        job.errors = (job.errors + step.errors)[-ERRORS_KEPT:]


def _close(job: Job, handler: JobHandler, status: str, error: str = "") -> None:
    job.status = status
    job.error = error
    job.finished_at = timezone.now()
    job.lease_token = None
    job.lease_until = None
    if error:
        job.errors = [*job.errors, error][-ERRORS_KEPT:]
    handler.finish(job)
    job.save()
    emit(
        job.workspace_id,
        "job.completed",
        {"job": str(job.id), "kind": job.kind, "status": str(status), "result": job.result},
    )


def _end(workspace_id: UUID, job_id: UUID, token: UUID, status: str, error: str) -> None:
    try:
        with tenant_context(workspace_id):
            job = _held(workspace_id, job_id, token)
            _close(job, handler_for(job.kind), status, error)
    except LeaseLost:
        log.info("job_lease_lost", extra={"job": str(job_id)})


def _give_back(workspace_id: UUID, job_id: UUID, token: UUID) -> None:
    with tenant_context(workspace_id):
        Job.objects.filter(workspace_id=workspace_id, id=job_id, lease_token=token).update(
            lease_token=None, lease_until=None, next_attempt_at=timezone.now()
        )


def _retry_later(workspace_id: UUID, job_id: UUID, token: UUID, error: Exception) -> None:
    sentence = f"Something broke on our side ({type(error).__name__})."
    with tenant_context(workspace_id):
        job = (
            Job.objects.select_for_update()
            .filter(workspace_id=workspace_id, id=job_id, lease_token=token)
            .first()
        )
        if job is None:
            return
        if job.attempts >= MAX_ATTEMPTS:
            _close(job, handler_for(job.kind), Job.Status.FAILED, sentence)
            return
        job.errors = [*job.errors, f"{sentence} Trying again."][-ERRORS_KEPT:]
        job.next_attempt_at = timezone.now() + BACKOFF[job.attempts - 1]
        job.lease_token = None
        job.lease_until = None
        job.save()
