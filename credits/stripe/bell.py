"""Tells the workers that an event has come, from a thread: a broker that hangs holds up nobody.

Rings may be lost, with the process or when too many wait: the sweep of every minute finds what
they were for.
"""

import logging
import threading
from queue import Full, Queue
from uuid import UUID

from celery import current_app

log = logging.getLogger(__name__)

TASK = "credits.stripe.process_event"
MOST_WAITING = 1_000

_waiting: Queue[UUID] = Queue(MOST_WAITING)
_starting = threading.Lock()
_thread: threading.Thread | None = None


def ring(event_id: UUID) -> None:
    """Have a worker process this event soon. Returns at once."""
    _start()
    try:
        _waiting.put_nowait(event_id)
    except Full:
        log.warning("stripe_bell_full", extra={"event": str(event_id)})


def _start() -> None:
    global _thread
    with _starting:
        # A process that was forked since has inherited the variable, but not the thread.
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_publish, name="stripe-bell", daemon=True)
            _thread.start()


def _publish() -> None:
    while True:
        event_id = _waiting.get()
        try:
            current_app.send_task(TASK, args=[str(event_id)], retry=False)
        except Exception:  # the broker is down: the sweep will find the row
            log.warning("stripe_bell_failed", exc_info=True, extra={"event": str(event_id)})
