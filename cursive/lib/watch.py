"""A look once in a while, beside long work: is it still wanted? If not, it is interrupted.

The look runs in a thread of its own, on database connections of its own: the work's transaction
neither shows what others have committed in other connections' stead, nor may be committed early.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Self

from django.db import connections

log = logging.getLogger(__name__)


class Ended(Exception):
    """The work isn't wanted any more: cancelled, another worker's, or its worker goes down."""


class Watch(threading.Thread):
    """Calls `look` every `beat` seconds until the `with` block is left; dies with its process.

    `look` returns why the work has to end, or None. The first reason stays. A look that breaks
    (the database is away, say) counts as none.
    """

    def __init__(self, look: Callable[[], Exception | None], *, beat: float) -> None:
        super().__init__(name="watch", daemon=True)
        self.reason: Exception | None = None
        self._look = look
        self._beat = beat
        self._interrupt: Callable[[], object] | None = None
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        """Interrupts again and again: an interruption hits only what runs at that moment."""
        try:
            while not self._over.wait(self._beat):
                try:
                    self.reason = self.reason or self._look()
                except Exception:
                    log.warning("watch_failed", exc_info=True)
                    connections.close_all()
                interrupt = self._interrupt
                if self.reason is not None and interrupt is not None:
                    with contextlib.suppress(Exception):  # it may just have ended by itself
                        interrupt()
        finally:
            connections.close_all()

    def raise_reason(self) -> None:
        """Raise why the work has to end, if it has to."""
        if self.reason is not None:
            raise self.reason

    @contextlib.contextmanager
    def interrupting(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """Do what `interrupt` can end (DuckDB's `connection.interrupt`, say); raise the reason."""
        self._interrupt = interrupt
        try:
            yield
        except Exception:
            self.raise_reason()  # what broke, broke because it was interrupted
            raise
        finally:
            self._interrupt = None
        self.raise_reason()
