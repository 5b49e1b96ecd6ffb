"""A worker process that kills itself (SIGKILL) before its n-th statement: run by the fault tests.

`python -m tests.leads.imports.doomed_worker WORKSPACE JOB STATEMENT ROWS FILES`; 0: never.
"""

import os
import signal
import sys
from typing import Any
from uuid import UUID


def main(workspace_id: str, job_id: str, statement: int, rows: int, files: str) -> None:
    """Work one job until it is over, or until the end."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connections

    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": files, "base_url": None},
        },
    }
    from cursive.lib.jobs.runner import run_job
    from leads.imports import previewing

    previewing.PART_ROWS = rows
    seen = 0

    def count(execute: Any, *args: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*args)

    with connections["default"].execute_wrapper(count):
        run_job(workspace_id=UUID(workspace_id), job_id=UUID(job_id))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
