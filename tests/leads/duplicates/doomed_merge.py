"""A process that kills itself (SIGKILL) before its n-th statement while it merges two leads.

`python -m tests.leads.duplicates.doomed_merge WORKSPACE LEAD LEAD STATEMENT`; statement 0: never.
"""

import os
import signal
import sys
from typing import Any
from uuid import UUID


def main(workspace: str, first: str, second: str, statement: int) -> None:
    """Merge, or die."""
    import django

    django.setup()
    from django.db import connections

    from cursive.lib.actors import Actor
    from cursive.lib.tenancy import tenant_context
    from leads.duplicates.merging import merge_leads

    seen = 0

    def count(execute: Any, *args: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*args)

    with connections["default"].execute_wrapper(count), tenant_context(UUID(workspace)):
        merge_leads(
            workspace_id=UUID(workspace),
            actor=Actor.system("test"),
            lead_ids=[UUID(first), UUID(second)],
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
