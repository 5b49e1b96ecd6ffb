"""A worker that dies: a fork of the test's process which kills itself in the midst of its work."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from django.db import connections

LIFETIME = 60.0


def doomed_child(work: Callable[[], object], statement: int) -> int:
    """Fork a process that does `work` again and again; its pid.

    It kills itself (SIGKILL) before its n-th statement, and at the latest after LIFETIME seconds.
    Close all connections first: they can't be shared.
    """
    pid = os.fork()
    if pid:
        return pid
    seen = 0

    def count(execute: Callable[..., Any], *args: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen >= statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*args)

    try:
        ends = time.monotonic() + LIFETIME
        with (
            connections["default"].execute_wrapper(count),
            connections["admin"].execute_wrapper(count),
        ):
            while time.monotonic() < ends:
                work()
                time.sleep(0.02)
    finally:
        os._exit(1)
