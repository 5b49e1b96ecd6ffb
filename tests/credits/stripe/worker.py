"""Workers for storms: processes that work on Stripe's events until none is pending any more."""

import multiprocessing
import os
import signal
import time
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any

from django.db import connections

from credits.stripe.models import StripeEvent
from credits.stripe.runner import process_due_events
from cursive.lib.tenancy import system_context

GRACE_SECONDS = 90


def hire(statement: int = 0, delay: float = 0.0) -> BaseProcess:
    """A worker with the handlers and settings of this process, forked from it.

    It kills itself (SIGKILL) `delay` seconds after it has begun its n-th `statement`, so also
    while a statement or a commit is on its way; with 0 never.
    """
    connections.close_all()
    worker = multiprocessing.get_context("fork").Process(target=_work, args=(statement, delay))
    worker.start()
    return worker


def ended(worker: BaseProcess) -> int:
    """How a worker has ended, once it has: -9 where it was killed."""
    worker.join(GRACE_SECONDS)
    assert worker.exitcode is not None, "a worker hangs"
    return worker.exitcode


def _work(statement: int, delay: float) -> None:
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

    default, admin = (connections[alias].execute_wrapper(count) for alias in ("default", "admin"))
    with default, admin, system_context():
        while StripeEvent.objects.filter(state=StripeEvent.State.PENDING).exists():
            process_due_events()
            time.sleep(0.1)
