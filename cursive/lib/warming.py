"""What a web process prepares beside its first requests, so that none of them waits for it."""

import logging
import threading
from collections.abc import Callable

from django.db import connections

log = logging.getLogger(__name__)

_tasks: list[Callable[[], None]] = []


def register_warm_up(task: Callable[[], None]) -> None:
    """Have `task` done once by each web process that starts.

    What it prepares must also come by itself where it is needed and isn't there yet.
    """
    if task not in _tasks:
        _tasks.append(task)


def warm_up() -> threading.Thread:
    """Do what is registered in a thread, which ends with the process; what fails is logged."""
    thread = threading.Thread(target=_do_all, name="warm-up", daemon=True)
    thread.start()
    return thread


def _do_all() -> None:
    for task in _tasks:
        try:
            task()
        except Exception:
            log.exception("warm_up_failed")
        finally:
            connections.close_all()
