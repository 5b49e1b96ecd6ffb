"""The bell, and the sweep that makes a lost ring harmless."""

import threading
from uuid import UUID

from celery import shared_task
from celery.signals import worker_shutting_down

from . import runner

_stopping = threading.Event()


@worker_shutting_down.connect
def _note_shutdown(**_: object) -> None:
    _stopping.set()


@shared_task(name="cursive.lib.jobs.run_job")
def run_job(job_id: str, workspace_id: str) -> None:
    """Work a job. Rung on commit and by the sweep; a job that is taken or over is left alone."""
    runner.run_job(workspace_id=UUID(workspace_id), job_id=UUID(job_id), stop=_stopping.is_set)


@shared_task(name="cursive.lib.jobs.sweep_jobs")
def sweep_jobs() -> int:
    """Ring for every job that nobody works: lost rings, dead workers, retries that are due."""
    due = runner.due_jobs()
    for workspace_id, job_id in due:
        run_job.delay(str(job_id), str(workspace_id))
    return len(due)
