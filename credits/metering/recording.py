"""The details of calls: kept in memory, and written by a thread of their own (C-17).

A call only appends to a list. The list is written when it holds 100 calls or its first is 5 s
old, and when the process ends; a process that is killed loses that list, and nothing that limits
or bills use: see `counting`.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db import connections

from cursive.lib import tenancy
from cursive.lib.tenancy import atomic, system_context

from .counting import own_unwritten, write_counts

log = logging.getLogger(__name__)

FULL = 100
SECONDS = 5.0
# Without a database so many calls are remembered; the oldest go first.
MOST = 20_000
# What the database refuses so often is given up, so that it holds nothing else up.
TRIES = 5


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as it is recorded; `counted` is False where a limit refused it."""

    workspace_id: UUID
    created_at: datetime
    key_id: UUID | None
    user_id: UUID | None
    endpoint: str
    method: str
    status: int
    duration_ms: float
    counted: bool


COLUMNS = tuple(field.name for field in fields(Call))
# `astuple` would copy every value, and take longer than all else that is done for a call.
_row_of = attrgetter(*COLUMNS)


class _Buffer:
    """The calls that aren't written yet, and the thread that writes them."""

    def __init__(self) -> None:
        self.calls: deque[Call] = deque(maxlen=MOST)
        self.since = 0.0
        self.tries = 0
        self.changed = threading.Condition()
        self.writing = threading.Lock()
        self.thread: threading.Thread | None = None

    def add(self, call: Call) -> None:
        with self.changed:
            if not self.calls:
                self.since = time.monotonic()
            self.calls.append(call)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._work, name="api-calls")
                self.thread.start()
            elif len(self.calls) == FULL:
                self.changed.notify()

    def _work(self) -> None:
        # Not a daemon: the interpreter waits for it, and it ends once the main thread has.
        main = threading.main_thread()
        while main.is_alive():
            with self.changed:
                self.changed.wait(timeout=0.5)
                due = len(self.calls) >= FULL or (
                    bool(self.calls) and time.monotonic() - self.since >= SECONDS
                )
            if due:
                self.write()
        self.write()

    def write(self) -> bool:
        """Write what is there; whether that went well. Waits for a writing that is going on."""
        with self.writing:
            with self.changed:
                calls = list(self.calls)
                self.calls.clear()
                self.since = time.monotonic()
            try:
                _write(calls)
            except Exception:
                self._failed(calls)
                return False
            finally:
                # The thread lives long; its connection goes back in between, also a broken one.
                if not connections["admin"].in_atomic_block:
                    connections["admin"].close()
            self.tries = 0
            return True

    def _failed(self, calls: Sequence[Call]) -> None:
        self.tries += 1
        if self.tries >= TRIES:
            log.exception("api_calls_lost", extra={"calls": len(calls)})
            self.tries = 0
            return
        log.warning("api_calls_not_written", exc_info=True, extra={"calls": len(calls)})
        with self.changed:
            room = MOST - len(self.calls)
            self.calls.extendleft(reversed(calls[-room:] if room else []))


_buffer = _Buffer()


def _begin_anew() -> None:
    global _buffer
    _buffer = _Buffer()


os.register_at_fork(after_in_child=_begin_anew)


def record_call(call: Call) -> None:
    """Have `call` written soon. Never waits, never fails."""
    _buffer.add(call)


def write_now() -> bool:
    """Write what this process has recorded and counted; False where the database refuses."""
    return _buffer.write()


def _write(calls: Sequence[Call]) -> None:
    with system_context(), own_unwritten() as counts:
        if not (calls or counts):
            return
        with atomic():
            if calls:
                _copy(calls)
            write_counts(counts)


def _copy(calls: Sequence[Call]) -> None:
    statement = f"COPY credits_apicall ({', '.join(COLUMNS)}) FROM STDIN"
    with tenancy.connection().cursor() as cursor, cursor.copy(statement) as copy:
        for call in calls:
            copy.write_row(_row_of(call))
