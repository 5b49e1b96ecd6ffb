"""A worker as the storm hires it: takes whatever is due, in small steps, until all is over.

`python -m tests.faults.worker [STATEMENT DELAY]`: it kills itself (SIGKILL) DELAY seconds after
it has begun its n-th statement, so also while a statement or a commit is on its way.
"""

import os
import signal
import sys
import time
from threading import Thread
from typing import Any

import django


def main(statement: int = 0, delay: float = 0.0) -> None:
    """Work until nothing is left, or until the end; statement 0: never."""
    django.setup()
    from django.db import connections

    from cursive.lib.jobs.models import Job
    from cursive.lib.jobs.runner import due_jobs, run_job
    from cursive.lib.tenancy import system_context
    from leads.records import pulls

    pulls.BATCH, pulls.SMALLEST_BATCH = 4, 2
    seen = 0

    def die() -> None:
        time.sleep(delay)
        os.kill(os.getpid(), signal.SIGKILL)

    def count(execute: Any, *args: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == statement:
            Thread(target=die).start()
        return execute(*args)

    with connections["default"].execute_wrapper(count):
        while True:
            for workspace_id, job_id in due_jobs():
                run_job(workspace_id=workspace_id, job_id=job_id)
            with system_context():
                if not Job.objects.filter(status__in=Job.ACTIVE).exists():
                    return
            time.sleep(0.1)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]), *(float(word) for word in sys.argv[2:3]))
