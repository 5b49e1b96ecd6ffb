"""A worker as the storm hires it: takes whatever is due, in small steps, until all is over."""

import time

import django


def main() -> None:
    """Say that it is up, then work."""
    django.setup()
    from cursive.lib.jobs.models import Job
    from cursive.lib.jobs.runner import due_jobs, run_job
    from cursive.lib.tenancy import system_context
    from leads.records import pulls

    pulls.BATCH, pulls.SMALLEST_BATCH = 4, 2
    print("up", flush=True)
    while True:
        for workspace_id, job_id in due_jobs():
            run_job(workspace_id=workspace_id, job_id=job_id)
        with system_context():
            if not Job.objects.filter(status__in=Job.ACTIVE).exists():
                return
        time.sleep(0.1)


if __name__ == "__main__":
    main()
