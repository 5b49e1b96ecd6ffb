"""Sets of catalogue ids: Roaring bitmaps at rest, small tables in memory where DuckDB joins them.

A join with 200,000 ids adds about 40 ms to a count; making their table takes as long, once for
each state of the set.
"""

import hashlib
from collections import OrderedDict
from threading import Lock

import duckdb
from pyroaring import BitMap

#: How many ids a process keeps in tables, and in how many.
_MOST_IDS = 20_000_000
_MOST_TABLES = 64


def fingerprint(ids: BitMap) -> str:
    """Return 32 hex digits that stand for the set's content."""
    return hashlib.blake2b(ids.serialize(), digest_size=16).hexdigest()


def as_bits(ids: BitMap) -> bytes:
    """Return the set as bits, the first byte's highest bit being id 0, up to its largest id."""
    field = bytearray((ids.max() >> 3) + 1 if ids else 0)
    for each in ids:
        field[each >> 3] |= 128 >> (each & 7)
    return bytes(field)


class IdTables:
    """The tables of ids beside an open snapshot, made when asked for, the last used ones kept."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._lock = Lock()
        self._sizes: OrderedDict[str, int] = OrderedDict()

    def table(self, ids: BitMap) -> str:
        """Return the name of a table whose column `id` holds the set."""
        name = f"{self._schema}.ids_{fingerprint(ids)}"
        with self._lock:
            if name in self._sizes:
                self._sizes.move_to_end(name)
                return name
            cursor = self._connection.cursor()
            # In pieces, so that a large set is never in memory as a list of numbers as a whole.
            cursor.execute(f"CREATE OR REPLACE TABLE {name} (id INTEGER)")
            numbers = ids.to_array()
            for start in range(0, len(numbers), 500_000):
                cursor.execute(
                    f"INSERT INTO {name} SELECT unnest($1::INTEGER[])",
                    [list(numbers[start : start + 500_000])],
                )
            self._sizes[name] = len(ids)
            while len(self._sizes) > _MOST_TABLES or (
                len(self._sizes) > 2 and sum(self._sizes.values()) > _MOST_IDS
            ):
                oldest, _ = self._sizes.popitem(last=False)
                cursor.execute(f"DROP TABLE IF EXISTS {oldest}")
            cursor.close()
        return name
