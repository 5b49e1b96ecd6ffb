"""What is on sale, as each process keeps it in memory for searching: a DuckDB table of codes.

PostgreSQL alone is too slow to count and group a million listings while somebody types. So the
first search of a process reads what is on sale into DuckDB, and each one after that adds what has
been committed since (`following`): answers are exact at once, in every process. Only PostgreSQL
knows who may buy what; the mirror is for finding, and may be thrown away at any time.
"""

import atexit
import ctypes
import logging
import os
import tempfile
import threading
import time
import uuid
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
from django.conf import settings

from cursive.lib import tenancy
from cursive.lib.errors import Unavailable
from leads.catalogue import layout
from leads.filters.registry import FIELDS
from leads.filters.text import duckdb_fold, fold, tag_form

from . import following
from .answers import Answers
from .following import CHOICES, COLUMNS, SEPARATOR, TEXTS, Moment

log = logging.getLogger(__name__)

# So much of what PostgreSQL sends is held at a time.
PIECE = 16_000_000
# So long a search waits for another one that is reading.
PATIENCE = 20.0
# Texts, and what else gets a number when it is first met: a table each of number and value.
NUMBERED = (*TEXTS, "seller", "categories")
# Columns of `f`, in order, and how a row of what was read gives them.
_F_TYPES = {
    "id": "BIGINT",
    "seller": "INTEGER",
    **dict.fromkeys(CHOICES, "USMALLINT"),
    **dict.fromkeys(TEXTS, "INTEGER"),
    "categories": "INTEGER",
    "has_email": "BOOLEAN",
    "has_phone": "BOOLEAN",
    "has_linkedin_url": "BOOLEAN",
    "quality_score": "UTINYINT",
    "price_cents": "USMALLINT",
    "source_date": "INTEGER",
}
_CODED = (*CHOICES, *NUMBERED)


class MarketLoading(Unavailable):
    """The market is being read for the first time by this process."""

    code = "market_loading"


@dataclass(frozen=True, slots=True)
class Words:
    """The values behind codes; what a filter is compiled with. Never changed, only replaced."""

    values: Mapping[str, Mapping[int, str]]
    sellers: Mapping[UUID, int]
    category_sets: Mapping[int, frozenset[str]]
    states: Mapping[str, tuple[int, ...]]
    topic_words: int = 0

    def codes(self, field: str, values: Iterable[str]) -> list[int]:
        """The codes of the values of a choice that occur; states compare folded."""
        if field == "state":
            return sorted({code for one in values for code in self.states.get(fold(one), ())})
        known = {value: code for code, value in self.values[field].items()}
        return sorted(known[value] for value in values if value in known)

    def topic_bit(self, topic: str) -> tuple[int, int] | None:
        """Listings have no topics."""
        return None


@dataclass(frozen=True, slots=True)
class Reservation:
    """A listing that is kept for a workspace until a Unix time."""

    workspace_id: UUID
    until: float


@dataclass(frozen=True, slots=True)
class State:
    """The market at one moment. `version` grows with every change. Of sellers who are suspended
    nothing is on sale, though their listings may be there yet."""

    version: int
    words: Words
    reservations: Mapping[int, Reservation] = field(default_factory=dict)
    suspended: frozenset[UUID] = frozenset()

    def kept_from(self, buyer_id: UUID, *, now: float) -> list[int]:
        """The listings that somebody else is paying for just now, in order."""
        return sorted(
            id
            for id, one in self.reservations.items()
            if one.until > now and one.workspace_id != buyer_id
        )


class Mirror:
    """What is on sale, for one process; safe for its threads.

    `memory` is the most that DuckDB may use. At a million listings a process was seen to grow by
    about 240 MB; past the limit searches answer that they can't be done now.
    """

    def __init__(self, *, memory: str = "512MB", threads: int = 2) -> None:
        self._memory, self._threads = memory, threads
        self._lock = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None
        # Where pieces lie for a moment; nothing else may be read by a query.
        name = f"cursive-market-{uuid.uuid4().hex}"
        self._folder = Path(tempfile.gettempdir()) / name
        self._moment: Moment | None = None
        self._state = State(0, Words({}, {}, {}, {}))
        self.answers = Answers()
        self._left = 0  # rows that were deleted or replaced, and still take room
        _mirrors.add(self)

    def follow(self) -> State:
        """Bring the mirror up to what is committed now. Raises Unavailable while it is read."""
        if not self._lock.acquire(timeout=PATIENCE):
            raise MarketLoading("The marketplace is being read. Try again in a moment.")
        try:
            now = Moment.now()
            if self._moment is None:
                self._load()
            elif not now.is_same(self._moment):
                for piece in following.in_pieces(following.changed_since(self._moment, now), PIECE):
                    self._apply(piece)
            if now.suspended != self._state.suspended:
                self._change(suspended=now.suspended)
            self._moment = now
            return self._state
        except duckdb.Error as error:
            self._drop()
            log.exception("market_mirror_broken")
            raise Unavailable("The marketplace can't be searched now. Try again soon.") from error
        finally:
            if self._moment is None:  # half of it was read
                self._drop()
            self._lock.release()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of the asker's own, to be closed."""
        database = self._database
        if database is None:  # another thread has given it up since
            raise MarketLoading("The marketplace is being read again. Try again in a moment.")
        return database.cursor()

    def forget(self) -> None:
        """Read everything anew at the next search: the table has changed behind its triggers."""
        with self._lock:
            self._drop()

    # --- behind them ----------------------------------------------------------------------
    def _drop(self) -> None:
        """Give up what is held. Who still reads it keeps it until they are done."""
        self._database = self._moment = None
        self._left = 0

    def _abandon(self) -> None:
        """In a forked child: never touch, not even to close, what belongs to the parent."""
        self._lock = threading.Lock()
        if self._database is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._database))
        self._drop()

    def _change(self, **values: Any) -> None:
        self._state = replace(self._state, version=self._state.version + 1, **values)

    def _load(self) -> None:
        self._drop()
        database = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": self._memory,
                "threads": self._threads,
                "temp_directory": "",
                "preserve_insertion_order": "false",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        database.execute(f"SET allowed_directories = ['{self._folder}']")
        database.execute("SET enable_external_access = false")
        database.execute("SET lock_configuration = true")
        self._database = database
        columns = ", ".join(f"{name} {kind}" for name, kind in _F_TYPES.items())
        database.execute(f"CREATE TABLE f ({columns})")
        incoming = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        database.execute(f"CREATE TABLE incoming ({incoming})")
        for name in _CODED:
            database.execute(
                f"CREATE TABLE {layout.dictionary(name)}"
                " (code INTEGER, value VARCHAR, folded VARCHAR)"
            )
        for name in CHOICES:
            codes = list(FIELDS[name].choices or {})
            database.execute(
                f"INSERT INTO {layout.dictionary(name)}"
                " SELECT generate_subscripts($1::VARCHAR[], 1), unnest($1::VARCHAR[]), NULL",
                [codes],
            )
        self._change(words=self._words(database), reservations={})
        for piece in following.in_pieces(following.everything_on_sale(), PIECE):
            self._apply(piece, is_first=True)

    def _apply(self, piece: bytes, *, is_first: bool = False) -> None:
        """Take over some rows, all of them or none."""
        database = self._database
        assert database is not None
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / "piece.csv"
        path.write_bytes(piece)
        try:
            database.execute("BEGIN")
            try:
                reservations = self._take(database, path, is_first=is_first)
                words = self._words(database)
                database.execute("COMMIT")
            except BaseException:
                database.execute("ROLLBACK")
                raise
        finally:
            path.unlink()
            self._folder.rmdir()
        self._change(words=words, reservations=reservations)
        if self._left > 100_000 + _number(database, "SELECT count(*) FROM f"):
            self._tidy(database)

    def _take(
        self, database: duckdb.DuckDBPyConnection, path: Path, *, is_first: bool
    ) -> dict[int, Reservation]:
        """Write the rows of a file into `f`; returns who has reserved what then."""
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
        database.execute("DELETE FROM incoming")
        database.execute(
            f"INSERT INTO incoming SELECT * FROM read_csv('{path}', columns = {{{types}}},"
            " header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"',"
            " nullstr = '', parallel = false, max_line_size = 1000000)"
        )
        now = time.time()
        kept = {id: one for id, one in self._state.reservations.items() if one.until > now}
        if kept:
            for (id,) in database.execute("SELECT id FROM incoming").fetchall():
                kept.pop(id, None)
        for id, workspace, until in database.execute(
            "SELECT id, reserved_for, reserved_until FROM incoming"
            " WHERE on_sale AND reserved_for IS NOT NULL"
        ).fetchall():
            kept[id] = Reservation(UUID(workspace), until)
        if not is_first:
            database.execute("DELETE FROM f WHERE id IN (SELECT id FROM incoming)")
            self._left += _number(database, "SELECT count(*) FROM incoming")
        if not _number(database, "SELECT count(*) FROM incoming WHERE on_sale"):
            return kept
        for name in NUMBERED:
            _number_new(database, name)
        joins = " ".join(
            f"LEFT JOIN {layout.dictionary(name)} {layout.dictionary(name)}"
            f" ON {layout.dictionary(name)}.value = i.{name}"
            for name in _CODED
        )
        taken = ", ".join(
            f"coalesce({layout.dictionary(name)}.code, 0)" if name in _CODED else f"i.{name}"
            for name in _F_TYPES
        )
        database.execute(f"INSERT INTO f SELECT {taken} FROM incoming i {joins} WHERE i.on_sale")
        return kept

    def _words(self, database: duckdb.DuckDBPyConnection) -> Words:
        """The values as they are now; the same object where there are no new ones."""
        sizes = {
            name: _number(database, f"SELECT count(*) FROM {layout.dictionary(name)}")
            for name in ("state", "seller", "categories")
        }
        words = self._state.words
        known = (len(words.values.get("state", {})), len(words.sellers), len(words.category_sets))
        if words.values and known == tuple(sizes.values()):
            return words
        values = {
            name: dict(
                database.execute(f"SELECT code, value FROM {layout.dictionary(name)}").fetchall()
            )
            for name in (*CHOICES, *sizes)
        }
        states: dict[str, tuple[int, ...]] = {}
        for code, value in values["state"].items():
            states[fold(value)] = (*states.get(fold(value), ()), code)
        return Words(
            values,
            {UUID(value): code for code, value in values["seller"].items()},
            {
                code: frozenset(tag_form(one) for one in value.split(SEPARATOR))
                for code, value in values["categories"].items()
            },
            states,
        )

    def _tidy(self, database: duckdb.DuckDBPyConnection) -> None:
        """Rewrite `f`: what is deleted in a table in memory keeps its room until then."""
        began = time.monotonic()
        database.execute("BEGIN")
        database.execute("CREATE TABLE tidy AS SELECT * FROM f")
        database.execute("DROP TABLE f")
        database.execute("ALTER TABLE tidy RENAME TO f")
        database.execute("COMMIT")
        self._left = 0
        log.info("market_mirror_tidied in %.1f s", time.monotonic() - began)


def _number(database: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = database.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _number_new(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """Give the values of a column that were never met before the next numbers."""
    table = layout.dictionary(name)
    database.execute(
        f"INSERT INTO {table} SELECT (SELECT coalesce(max(code), 0) FROM {table})"
        " + row_number() OVER (), value, folded FROM ("
        f"  SELECT value, {duckdb_fold('value')} AS folded FROM ("
        f"    SELECT DISTINCT {name} AS value FROM incoming"
        f"    WHERE on_sale AND {name} IS NOT NULL"
        f"    EXCEPT SELECT value FROM {table}))"
        " WHERE folded <> ''"
    )


_mirrors: weakref.WeakSet[Mirror] = weakref.WeakSet()


def _after_fork() -> None:
    for mirror in list(_mirrors):
        mirror._abandon()


@lru_cache(maxsize=4)
def _mirror_of(process: int, database: str) -> Mirror:
    return Mirror(memory=getattr(settings, "MARKETPLACE_MEMORY", "512MB"))


def market() -> Mirror:
    """This process's mirror: opened after a fork, never before."""
    return _mirror_of(os.getpid(), str(tenancy.connection().settings_dict["NAME"]))


def forget_mirrors() -> None:
    """Let go of all that is held, where tables are emptied without their triggers."""
    _mirror_of.cache_clear()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(forget_mirrors)
