"""Runs queries against an open snapshot: bounded in time and number, ended when obsolete."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import duckdb

from .source import CatalogueBusy, QueryTimeout, Superseded


class Database(Protocol):
    """What is searched: an open snapshot, say."""

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of the asker's own, to be closed."""


class Runner:
    """The door through which all queries of a process go.

    `time_limit` is in seconds a query; at most `concurrent` run at once, and one that waits
    longer than `patience` seconds for its turn is refused.
    """

    def __init__(self, *, time_limit: float, concurrent: int = 8, patience: float = 2.0) -> None:
        self.time_limit = time_limit
        self.patience = patience
        self._turns = threading.BoundedSemaphore(concurrent)
        self._lock = threading.Lock()
        self._latest: dict[str, Search] = {}

    @contextmanager
    def search(
        self,
        snapshot: Database,
        cancel_key: str | None = None,
        *,
        time_limit: float | None = None,
    ) -> Iterator["Search"]:
        """Yield a search on a snapshot; an older one with the same key is ended.

        Raises CatalogueBusy, and from within QueryTimeout and Superseded.
        """
        found = Search(time_limit or self.time_limit)
        if cancel_key:
            with self._lock:
                older, self._latest[cancel_key] = self._latest.get(cancel_key), found
            if older is not None:
                older.end("superseded")
        try:
            if not self._turns.acquire(timeout=self.patience):
                raise CatalogueBusy("Many searches are running. Try again in a moment.")
            try:
                with found.running(snapshot):
                    yield found
            finally:
                self._turns.release()
        finally:
            if cancel_key:
                with self._lock:
                    if self._latest.get(cancel_key) is found:
                        del self._latest[cancel_key]


class Search:
    """Some queries that belong together, and share one time limit."""

    def __init__(self, time_limit: float) -> None:
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._ended: str | None = None

    def end(self, why: str) -> None:
        """Interrupt what runs, from any thread; later queries don't start."""
        with self._lock:
            if self._ended is None:
                self._ended = why
                if self._cursor is not None:
                    self._cursor.interrupt()

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one query; return its rows. Raises QueryTimeout or Superseded when ended."""
        assert self._cursor is not None
        self._check()
        try:
            return self._cursor.execute(sql, list(parameters)).fetchall()
        except duckdb.InterruptException:
            self._check()
            raise

    def _check(self) -> None:
        if self._ended == "superseded":
            raise Superseded("A newer search has taken the place of this one.")
        if self._ended is not None:
            raise QueryTimeout(
                f"The search took longer than {self._time_limit:g} seconds. Narrow the filter."
            )

    @contextmanager
    def running(self, snapshot: Database) -> Iterator[None]:
        """Hold a cursor and a timer while queries run."""
        self._check()
        cursor = snapshot.cursor()
        timer = threading.Timer(self._time_limit, self.end, ("timeout",))
        timer.daemon = True
        timer.start()
        with self._lock:
            self._cursor = cursor
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._cursor = None
            cursor.close()
