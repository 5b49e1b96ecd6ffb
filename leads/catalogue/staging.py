"""The files between input and snapshot: parts of staged people, and runs of finished ones.

A part is a Parquet file sorted by `h`, 16 bits of the person's key, in small row groups, so that
all people with keys in a range are read from many parts without reading the rest. A run holds
finished people sorted by `place`. Files appear under their names only when complete.
"""

import csv
import hashlib
import uuid
from collections.abc import Iterable
from operator import attrgetter
from pathlib import Path

import duckdb

from leads.records.identity import dedup_hash, normalise_email
from leads.records.person import FIELD_NAMES, Person

from . import layout

#: `seq` orders rows that are equally new: what came later wins; what was there before has 0, and
#: what is there only to keep its id (when starting over) has -1. `id` is set for those two.
STAGED: dict[str, str] = {
    "h": "INTEGER",
    "key": "UUID",
    "seq": "BIGINT",
    "id": "INTEGER",
    "given_score": "INTEGER",
    **{name: kind for name, kind in layout.PERSON_TYPES.items() if name != "quality_score"},
}
#: The columns of one staged row as text, in the order of `staged_row`.
WRITTEN = ("key", "seq", *FIELD_NAMES)
HASHES = 65_536
_values_of = attrgetter(*FIELD_NAMES)
_TOPICS = FIELD_NAMES.index("intent_topics")
_PARQUET = "FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 2048"


def person_key(person: Person) -> uuid.UUID:
    """Return who the person is across versions, by the identity rule of L-11.

    Its parts count in their order: the e-mail address says who it is; where there is none, phone
    and company domain do, then the LinkedIn address, then name and company. So a person who is
    found again with a new phone number is the same person. Raises NoIdentity.
    """
    if normalise_email(person.email):
        digest = dedup_hash(person.email, None, None)
    else:
        digest = dedup_hash(
            None,
            person.company_domain,
            person.phone,
            linkedin_url=person.linkedin_url,
            name=" ".join(filter(None, (person.first_name, person.last_name))),
            company_name=person.company_name,
        )
    return uuid.UUID(digest[:32])


def key_sql(text: str) -> str:
    """Return the key of an identity's text, a SQL expression, as `person_key` makes it."""
    return f"left(sha256({text}), 32)::UUID"


HASH_OF_KEY = "('0x' || left(key::VARCHAR, 4))::INTEGER"


def staged_row(person: Person, key: uuid.UUID, seq: int) -> list[str]:
    """Return a person as texts in the order of WRITTEN; empty is unknown."""
    values = list(_values_of(person))
    values[_TOPICS] = layout.TOPIC_SEPARATOR.join(values[_TOPICS])
    return [
        str(key),
        str(seq),
        *["" if value is None else value if type(value) is str else str(value) for value in values],
    ]


def write_rows(rows: Iterable[list[str]], path: Path) -> None:
    """Write staged rows as CSV, for `read_rows_sql`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)


def read_rows_sql(path: Path) -> str:
    """Return the SELECT that reads a file of staged rows in the columns of STAGED."""
    kinds = ", ".join(f"'{name}': 'VARCHAR'" for name in WRITTEN)
    columns = []
    for name, kind in STAGED.items():
        if name == "h":
            columns.append(f"{HASH_OF_KEY} AS h")
        elif name == "id":
            columns.append("NULL::INTEGER AS id")
        else:
            source = "quality_score" if name == "given_score" else name
            columns.append(f"nullif({source}, '')::{kind} AS {name}")
    return (
        f"SELECT {', '.join(columns)} FROM read_csv({quoted(path)}, header = false,"
        f" auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '\\x00',"
        f" max_line_size = 1048576, columns = {{{kinds}}})"
    )


def write_part(db: duckdb.DuckDBPyConnection, select: str, path: Path) -> int:
    """Write the staged rows of a SELECT as a part; return how many."""
    return write_parquet(db, f"SELECT {', '.join(STAGED)} FROM ({select}) ORDER BY h", path)


def write_parquet(db: duckdb.DuckDBPyConnection, select: str, path: Path) -> int:
    """Write rows to a file in small row groups; return how many."""
    partial = path.with_suffix(".tmp")
    rows = db.execute(f"COPY ({select}) TO {quoted(partial)} ({_PARQUET})").fetchall()[0][0]
    partial.replace(path)
    return int(rows)


def existing_sql(first: int, last: int, *, only_ids: bool) -> str:
    """Return the SELECT that stages people of the attached snapshot `base` from rank to rank.

    With `only_ids` nothing but their identity, for when the catalogue starts over.
    """
    values = {"h": HASH_OF_KEY, "seq": "0"}
    columns = ", ".join(f"{values.get(name, name)} AS {name}" for name in STAGED)
    columns = _ONLY_IDS if only_ids else columns
    return f"SELECT {columns} FROM base.p WHERE rowid >= {first - 1} AND rowid < {last}"


_OF_IDS = {"h": HASH_OF_KEY, "key": "key", "id": "id", "seq": "-1"}
_ONLY_IDS = ", ".join(
    f"{_OF_IDS.get(name, f'NULL::{kind}')} AS {name}" for name, kind in STAGED.items()
)
#: Stages the people of whom the attached snapshot `base` knows nothing but who they are.
ABSENT = f"SELECT {_ONLY_IDS} FROM base.absent"


def has_absent(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether the attached snapshot `base` has such people; versions built before have none."""
    table = "SELECT 1 FROM duckdb_tables() WHERE database_name = 'base' AND table_name = 'absent'"
    return bool(db.execute(table).fetchall() and db.execute("FROM base.absent LIMIT 1").fetchall())


def quoted(path: Path) -> str:
    """Return a path as a SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def listed(paths: Iterable[Path]) -> str:
    """Return paths as a SQL list."""
    return "[" + ", ".join(quoted(path) for path in paths) + "]"


def digest_of(*parts: object) -> str:
    """Return 16 hex digits that stand for some values."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]
