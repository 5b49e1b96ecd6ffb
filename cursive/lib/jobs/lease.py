"""Keeping a job for the worker that is at it, however long it takes, and telling it to end.

Between steps the runner renews the lease itself. Only where preparing takes longer than a beat,
this looks beside it, so short steps cost no query more. While a step runs its transaction holds
the row's lock, which keeps the job by itself.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from cursive.lib.tenancy import tenant_context
from cursive.lib.watch import Ended, Watch

from .models import Job

BEAT = 1.0  # seconds; so late is a cancellation noticed at most

_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


def lease_end() -> datetime:
    """Until when a lease lasts that is taken or renewed now."""
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


class Lease:
    """One worker's hold on a job, by its token. It is kept inside `with lease.kept():`."""

    def __init__(
        self, workspace_id: UUID, job_id: UUID, token: UUID, stop: Callable[[], bool]
    ) -> None:
        self._workspace_id, self._job_id, self._token = workspace_id, job_id, token
        self._stop = stop
        self._beat = min(BEAT, settings.JOB_LEASE_SECONDS / 4)
        self.note_renewal()

    def note_renewal(self) -> None:
        """The runner has just renewed it, or taken it."""
        self._stepped = self._renewed = time.monotonic()

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Keep it while the block runs, and not a moment longer."""
        with Watch(self._look, beat=self._beat) as watch:
            token = _watch.set(watch)
            try:
                yield
            finally:
                _watch.reset(token)

    def _look(self) -> Exception | None:
        now = time.monotonic()
        if now - self._stepped < self._beat:
            return None
        with tenant_context(self._workspace_id):
            mine = Job.objects.filter(
                workspace_id=self._workspace_id, id=self._job_id, lease_token=self._token
            )
            is_cancelled = mine.values_list("cancel_requested", flat=True).first()
            if is_cancelled is None:
                return Ended("another worker has it")
            if now - self._renewed > settings.JOB_LEASE_SECONDS / 3:
                # Waits for nobody: a step that is being committed renews it anyhow.
                free = mine.select_for_update(skip_locked=True)
                Job.objects.filter(id__in=free.values("id")).update(lease_until=lease_end())
                self._renewed = now
        return Ended("cancelled, or the worker goes down") if is_cancelled or self._stop() else None


def raise_if_ended() -> None:
    """Raise `Ended` where the job that this thread works isn't wanted any more.

    For loops in a handler's `prepare`; costs no query. The runner knows what to do with it.
    """
    watch = _watch.get()
    if watch is not None:
        watch.raise_reason()


def interrupting(interrupt: Callable[[], object]) -> contextlib.AbstractContextManager[None]:
    """Do work in a handler's `prepare` that a call of `interrupt`, from another thread, can end.

    It is called when the job isn't wanted any more; then the block raises `Ended`.
    """
    watch = _watch.get()
    return contextlib.nullcontext() if watch is None else watch.interrupting(interrupt)
