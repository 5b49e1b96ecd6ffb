"""The ground floor's tasks."""

from celery import shared_task

from cursive.lib import partitions, probes
from cursive.lib.jobs.tasks import run_job, sweep_jobs

__all__ = ["heartbeat", "make_partitions", "run_job", "sweep_jobs"]


@shared_task(name="cursive.heartbeat")
def heartbeat() -> None:
    """Beat rang and a worker heard it."""
    probes.beat()


@shared_task(name="cursive.make_partitions")
def make_partitions() -> int:
    """Make the partitions of the coming months, and drop those that are kept no longer (X-9)."""
    made = partitions.ensure_partitions()
    partitions.drop_old_partitions()
    return made
