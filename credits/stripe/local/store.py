"""The account's objects: in memory, and in a SQLite file where they have to outlive the process."""

import json
import sqlite3
from collections import defaultdict
from decimal import Decimal
from typing import Any

Obj = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    id TEXT PRIMARY KEY, position INTEGER NOT NULL UNIQUE, body TEXT NOT NULL
)
"""


class Store:
    """Objects by id, and by kind in the order in which they came. Callers hold the account's lock.

    Objects are plain dicts that callers may change in place; `save` writes what has changed of
    those that were fetched since the last save. So: fetch, change and save under one lock.
    Fields that begin with '_' are the server's own and never shown.
    """

    def __init__(self, path: str = "") -> None:
        self._objects: dict[str, Obj] = {}
        self._kinds: defaultdict[str, dict[str, Obj]] = defaultdict(dict)
        self._positions: dict[str, int] = {}
        self._written: dict[str, str] = {}
        self._touched: set[str] = set()
        self._next = 1
        self._file: sqlite3.Connection | None = None
        if path:
            self._file = sqlite3.connect(path, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute(SCHEMA)
            self._load()

    def add(self, obj: Obj) -> Obj:
        """Keep a new object; it needs `id` and `object`."""
        key = obj["id"]
        if key in self._objects:
            raise KeyError(f"{key} exists already")
        self._put(obj, self._next)
        self._next += 1
        return obj

    def find(self, key: str) -> Obj | None:
        """The object with this id."""
        self._touched.add(key)
        return self._objects.get(key)

    def kind(self, name: str) -> list[Obj]:
        """All objects of a kind ('customer'), oldest first."""
        self._touched.update(self._kinds[name])
        return list(self._kinds[name].values())

    def remove(self, key: str) -> None:
        """Forget an object."""
        obj = self._objects.pop(key)
        del self._kinds[obj["object"]][key]
        self._touched.add(key)

    def save(self) -> None:
        """Write what has changed since the last time, as one transaction."""
        touched, self._touched = self._touched, set()
        if self._file is None:
            return
        with self._file:
            for key in touched:
                obj = self._objects.get(key)
                if obj is None:
                    self._file.execute("DELETE FROM objects WHERE id = ?", [key])
                    self._written.pop(key, None)
                    continue
                body = json.dumps(obj, default=_plain)
                if self._written.get(key) != body:
                    self._file.execute(
                        "INSERT INTO objects VALUES (?, ?, ?)"
                        " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                        [key, self._positions[key], body],
                    )
                    self._written[key] = body

    def close(self) -> None:
        """Write the rest and close the file."""
        if self._file is not None:
            self.save()
            self._file.close()

    def _load(self) -> None:
        assert self._file is not None
        rows = self._file.execute("SELECT id, position, body FROM objects ORDER BY position")
        for key, position, body in rows:
            self._put(json.loads(body), position)
            self._written[key] = body
            self._next = position + 1
        self._touched.clear()

    def _put(self, obj: Obj, position: int) -> None:
        key = obj["id"]
        self._objects[key] = self._kinds[obj["object"]][key] = obj
        self._positions[key] = position
        self._touched.add(key)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    raise TypeError(f"{type(value).__name__} can't be stored")
