"""Where snapshots lie, which one is current, and how processes open it.

The directory holds `people_v<n>.duckdb` for the last three versions and `current`, a file with the
number in force that is replaced by rename. So a reader sees the old version or the new one, never
neither; a file that is unlinked while somebody reads it stays until that reader lets go.
"""

import atexit
import ctypes
import json
import os
import re
import tempfile
import threading
import uuid
import weakref
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from cursive.lib.errors import NotFound
from leads.filters.text import fold

from . import layout
from .bitmaps import IdTables
from .staging import quoted

KEPT = 3
SCHEMA = "snap"
_NAME = re.compile(r"people_v([1-9][0-9]*)\.duckdb")


@dataclass(frozen=True, slots=True)
class Version:
    """One snapshot on disk. `built_at` is in UTC; `size` in bytes."""

    number: int
    path: Path
    rows: int
    built_at: datetime
    size: int
    sources: list[str]
    current: bool


class Snapshots:
    """The versions in one directory. Safe for many processes; loads are kept apart by a lock."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.pointer = directory / "current"

    def path(self, number: int) -> Path:
        """Return where a version is, or would be."""
        return self.directory / f"people_v{number}.duckdb"

    def numbers(self) -> list[int]:
        """Return the numbers of all versions on disk, oldest first."""
        if not self.directory.is_dir():
            return []
        found = (_NAME.fullmatch(entry.name) for entry in self.directory.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def current(self) -> int | None:
        """Return the number in force; None before the first load."""
        try:
            return int(self.pointer.read_text())
        except FileNotFoundError:
            return None

    def versions(self) -> list[Version]:
        """Return the kept versions, newest first."""
        current = self.current()
        return [self._describe(number, current) for number in reversed(self.numbers())]

    def _describe(self, number: int, current: int | None) -> Version:
        path = self.path(number)
        with duckdb.connect(str(path), read_only=True, config={"threads": 1}) as db:
            rows, built_at, sources = db.execute(
                "SELECT rows, built_at, sources FROM meta"
            ).fetchall()[0]
        return Version(
            number,
            path,
            rows,
            built_at.replace(tzinfo=UTC),
            path.stat().st_size,
            json.loads(sources),
            number == current,
        )

    def unfinished(self) -> list[str]:
        """Return the files whose loads were broken off, or are running."""
        manifests = self.directory.glob("staging/*/manifest.json")
        return sorted(json.loads(manifest.read_text())["path"] for manifest in manifests)

    def switch_to(self, number: int) -> None:
        """Put a kept version in force for every process, at once. Raises NotFound."""
        if number not in self.numbers():
            raise NotFound(f"There is no version {number} of the catalogue.")
        partial = self.pointer.with_name(f"current.{os.getpid()}.{threading.get_ident()}")
        with partial.open("w") as file:
            file.write(f"{number}\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.pointer)
        sync_directory(self.directory)

    def publish(self, built: Path, number: int) -> None:
        """Make a finished file version `number`, put it in force, and drop the oldest ones."""
        if built.exists():  # else a process died between this rename and the switch
            with built.open("rb") as file:
                os.fsync(file.fileno())
            built.replace(self.path(number))
        self.switch_to(number)
        for old in self.numbers()[:-KEPT]:
            self.path(old).unlink(missing_ok=True)
            self.path(old).with_name(f"rejected_v{old}.csv").unlink(missing_ok=True)


def sync_directory(directory: Path) -> None:
    """Make renames in a directory survive a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(slots=True)
class Snapshot:
    """A version that this process has open, with its small vocabularies in memory.

    `values` holds choices (code → value), `topics` tuples of (topic, word, bit, people), most
    frequent first. `file` is the file's inode; `build_id` is different for every build,
    wherever it was made.
    """

    number: int
    file: int
    connection: duckdb.DuckDBPyConnection
    ids: IdTables
    build_id: str
    rows: int
    next_id: int
    topic_words: int
    topics: list[tuple[str, int, int, int]]
    values: dict[str, dict[int, str]]
    _codes: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    _bits: dict[str, tuple[int, int]] = field(default_factory=dict)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor on the snapshot's tables, for one thread; close it after use."""
        cursor = self.connection.cursor()
        cursor.execute(f"USE {SCHEMA}")
        return cursor

    def codes(self, field: str, values: Iterable[str]) -> list[int]:
        """Return the codes of values of a choice; open choices compare folded."""
        known = self._codes[field]
        if field in layout.OPEN_CHOICES:
            values = {fold(value) for value in values}
        return sorted({code for value in values for code in known.get(value, ())})

    def topic_bit(self, topic: str) -> tuple[int, int] | None:
        """Return a topic's word and bit."""
        return self._bits.get(topic)

    @classmethod
    def open(cls, number: int, path: Path, *, file: int, memory: str, threads: int) -> "Snapshot":
        """Open a version read-only. Raises duckdb.IOException when the file is gone."""
        spill = f"cursive-{os.getpid()}-{uuid.uuid4().hex}"  # no two instances may share one
        connection = duckdb.connect(
            ":memory:",
            config={
                "threads": threads,
                "memory_limit": memory,
                "temp_directory": str(Path(tempfile.gettempdir()) / spill),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        # Beside the snapshot there is an empty database in memory, for tables of ids.
        connection.execute(f"ATTACH {quoted(path)} AS {SCHEMA} (READ_ONLY)")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        connection.execute(f"USE {SCHEMA}")
        meta = connection.execute(
            "SELECT build_id, rows, next_id, topic_words, format_version FROM meta"
        ).fetchall()[0]
        if meta[4] != layout.FORMAT_VERSION:
            raise ValueError(f"{path.name} has format {meta[4]}, not {layout.FORMAT_VERSION}.")
        values: dict[str, dict[int, str]] = {}
        codes: dict[str, dict[str, list[int]]] = {}
        for name in layout.CHOICES + layout.OPEN_CHOICES:
            key = "folded" if name in layout.OPEN_CHOICES else "value"
            found: dict[str, list[int]] = defaultdict(list)
            values[name] = {}
            table = layout.dictionary(name)
            for code, value, compared in connection.execute(
                f"SELECT code, value, {key} FROM {table}"
            ).fetchall():
                values[name][code] = value
                found[compared].append(code)
            codes[name] = dict(found)
        topics: list[tuple[str, int, int, int]] = connection.execute(
            "SELECT topic, word, bit, n FROM topics ORDER BY word, bit"
        ).fetchall()
        bits = {topic: (word, bit) for topic, word, bit, _ in topics}
        ids = IdTables(connection, "memory.main")
        return cls(
            number=number,
            file=file,
            connection=connection,
            ids=ids,
            build_id=meta[0],
            rows=meta[1],
            next_id=meta[2],
            topic_words=meta[3],
            topics=topics,
            values=values,
            _codes=codes,
            _bits=bits,
        )


class Reader:
    """This process's open snapshot: opened when first asked for, replaced when the pointer moves.

    Connections don't survive a fork: a child opens its own.
    """

    def __init__(self, directory: Path, *, memory: str = "256MB", threads: int = 2) -> None:
        self.snapshots = Snapshots(directory)
        self._memory, self._threads = memory, threads
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._open: Snapshot | None = None
        _readers.add(self)

    def snapshot(self) -> Snapshot | None:
        """Return the snapshot in force; None when there is no catalogue yet."""
        try:
            status = self.snapshots.pointer.stat()
        except FileNotFoundError:
            return None
        mark = (status.st_ino, status.st_mtime_ns, os.getpid())
        if mark == self._seen:
            return self._open
        with self._lock:
            if mark != self._seen:
                self._open = self._reopen()
                self._seen = mark
            return self._open

    def _reopen(self) -> Snapshot | None:
        for _ in range(5):  # the version may be pruned between reading the pointer and opening
            number = self.snapshots.current()
            if number is None:
                return None
            path = self.snapshots.path(number)
            try:
                file = path.stat().st_ino
                if self._open is not None and self._open.file == file:
                    return self._open
                return Snapshot.open(
                    number, path, file=file, memory=self._memory, threads=self._threads
                )
            except (FileNotFoundError, duckdb.IOException) as error:
                failure = error
        raise failure

    def close(self) -> None:
        """Let go of the file; the next call opens it again."""
        with self._lock:
            self._open = self._seen = None

    def _forget(self) -> None:
        """In a forked child: never touch, not even to close, what belongs to the parent."""
        self._lock = threading.Lock()
        if self._open is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._open))
        self._open = self._seen = None


_readers: weakref.WeakSet[Reader] = weakref.WeakSet()


def _after_fork() -> None:
    for reader in list(_readers):
        reader._forget()


def _close_all() -> None:
    for reader in list(_readers):
        reader.close()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_close_all)
