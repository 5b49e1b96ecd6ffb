"""Workers that die: forks of the test's process which kill themselves in the midst of their work.

A fork has the settings and patches of its test, begins at once, and opens connections and a
catalogue of its own.
"""

import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from threading import Thread
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created

GRACE_SECONDS = 90.0
KILLED = -signal.SIGKILL


def hire(work: Callable[[], object], *, dies_at: int = 0, delay: float = 0.0) -> int:
    """Let another process do `work`; its pid. Pass that to `ended`.

    It kills itself (SIGKILL) before the statement `dies_at` (1 is its first) on whatever
    connection, or `delay` seconds after it has begun that, so also while a statement or a commit
    is on its way; with 0 never.
    """
    connections.close_all()  # they can't be shared
    pid = os.fork()
    if pid:
        return pid
    # Garbage of the test's process isn't ours to collect: an engine's threads aren't here.
    gc.freeze()
    try:
        _count_statements(dies_at, delay)
        work()
    except BaseException:
        traceback.print_exc(file=sys.stderr)
        os._exit(1)
    os._exit(0)


def ended(pid: int) -> int:
    """How a hired process has ended, once it has: KILLED, 0, or 1 where something was raised."""
    ends = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < ends:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("a worker hangs")


def doomed(work: Callable[[], object], dies_at: int) -> int:
    """Let another process do `work` until the statement `dies_at`; how it ended."""
    return ended(hire(work, dies_at=dies_at))


def _count_statements(dies_at: int, delay: float) -> None:
    seen = 0

    def die() -> None:
        time.sleep(delay)
        os.kill(os.getpid(), signal.SIGKILL)

    def count(execute: Callable[..., Any], *args: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == dies_at:
            if not delay:
                die()
            Thread(target=die).start()
        return execute(*args)

    def watch(connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(count)

    connection_created.connect(watch, weak=False)
