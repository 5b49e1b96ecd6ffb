"""A circuit breaker: what fails again and again is left alone for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.cache import cache

from cursive.lib.errors import Unavailable

from .client import CallFailed


@dataclass(frozen=True, slots=True)
class Breaker:
    """Shared by all processes through the cache.

    After `failures` failed calls in a row it is open for `cooldown` seconds: `guard()` raises
    `Unavailable` at once. Then calls go through again; the first failure opens it anew.
    """

    service: str
    failures: int = 5
    cooldown: int = 60

    @property
    def _count(self) -> str:
        return f"breaker:{self.service}:failures"

    @property
    def _open(self) -> str:
        return f"breaker:{self.service}:open"

    def is_open(self) -> bool:
        """Whether calls are refused now."""
        return bool(cache.get(self._open))

    def open(self) -> None:
        """Refuse calls for the cooldown: for who has counted failures in a row by themselves."""
        cache.set(self._open, True, self.cooldown)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Do a call inside; a `CallFailed` counts as failure, anything else as success."""
        if self.is_open():
            raise Unavailable(f"{self.service} doesn't answer at the moment.")
        try:
            yield
        except CallFailed:
            self._note_failure()
            raise
        cache.delete(self._count)

    def _note_failure(self) -> None:
        # The count outlives the open time, so that one more failure after it is enough.
        cache.add(self._count, 0, 10 * self.cooldown)
        if cache.incr(self._count) >= self.failures:
            self.open()
