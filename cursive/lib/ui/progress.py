"""What the component of progress needs, wherever a page includes it."""

from django.urls import reverse

from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import handler_for


def progress_context(job: Job) -> dict[str, object]:
    """What `_job_progress.html` shows of a job, and the addresses that it asks and posts to."""
    is_ours = handler_for(job.kind).is_ours(job)
    return {
        "job": job,
        "stream_url": reverse("jobs:events", args=[job.id]),
        "poll_url": reverse("jobs:progress", args=[job.id]),
        "cancel_url": "" if is_ours else reverse("jobs:cancellation", args=[job.id]),
        "retry_url": "" if is_ours else reverse("jobs:retry", args=[job.id]),
    }
