"""Makes one record of all that is known about each person: newer wins, field by field (L-4).

Staged people are taken up in ranges of their keys' hash, so that everything about a person is in
one range, and no range is larger than memory allows.
"""

import datetime
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
from pyroaring import BitMap

from . import layout
from .bitmaps import as_bits
from .building import place_sql
from .quality import quality_sql
from .staging import STAGED, listed, write_parquet

#: Say something about another field's value, and so come from records with that very value.
OF_EMAIL = ("email_type", "email_verified", "email_verified_at")
OF_PHONE = ("phone_type", "phone_verified")
_BUNDLES = {"email": OF_EMAIL, "phone": OF_PHONE}

#: Given (e-mail addresses, phone numbers) of people, says for each whether they are suppressed.
Contacts = tuple[Sequence[str], Sequence[str]]
Suppressed = Callable[[Iterable[Contacts]], Iterable[bool]]

_NOBODY = BitMap()
#: A person's fields with addresses, and those with numbers.
CONTACT_FIELDS = (
    ("email", "work_email", "personal_email"),
    ("phone", "mobile_phone", "direct_phone"),
)


class Merged(NamedTuple):
    """What became of one range: people written, records that were merged into others, people
    left out because they are suppressed, and the next free id. Of people whom staff merged: who
    is in no record, as (key, id), and the ids of who is suppressed."""

    rows: int
    merged: int
    suppressed: int
    next_id: int
    absent: list[tuple[str, int]]
    left_out: list[int]


def merge_range(
    db: duckdb.DuckDBPyConnection,
    parts: Sequence[Path],
    first: int,
    last: int,
    run: Path,
    *,
    next_id: int,
    as_of: datetime.date,
    tombstones: BitMap,
    suppressed: Suppressed | None,
    merged: BitMap = _NOBODY,
) -> Merged:
    """Merge the people whose hash is from `first` up to `last`, and write them as a run.

    Those of `merged`, whom staff merged with one another, are not forgotten where they are absent.
    A record without a source date counts as from the day it is loaded, `as_of`.
    """
    db.execute(
        f"""CREATE OR REPLACE TEMP TABLE staged AS
        SELECT *, count(*) OVER (PARTITION BY key) AS copies,
            ((coalesce(source_date, CASE WHEN seq > 0 THEN $1 ELSE DATE '0001-01-01' END)
                - DATE '0001-01-01')::BIGINT << 40) + seq AS newer
        FROM read_parquet({listed(parts)}) WHERE h >= {first} AND h < {last}""",
        [as_of],
    )
    names = [name for name in STAGED if name not in ("h", "seq")]
    db.execute(
        f"""CREATE OR REPLACE TEMP TABLE people AS
        SELECT {", ".join(names)} FROM staged WHERE copies = 1 AND seq >= 0
        UNION ALL
        SELECT {", ".join(f"{_newest(name)} AS {name}" for name in names)}
        FROM (SELECT *, arg_max(email, newer) OVER same AS best_email,
                arg_max(phone, newer) OVER same AS best_phone
            FROM staged WHERE copies > 1 WINDOW same AS (PARTITION BY key))
        GROUP BY key HAVING max(seq) >= 0"""
    )
    absent = _merged_among(db, "staged WHERE copies = 1 AND seq < 0", merged)
    counted = db.execute("SELECT count(*) FILTER (WHERE seq >= 0) FROM staged").fetchall()[0][0]
    kept = db.execute("SELECT count(*) FROM people").fetchall()[0][0]
    dropped = _drop_tombstones(db, tombstones)
    there = _merged_among(db, "people WHERE true", merged)
    if suppressed is not None:
        dropped += _drop_suppressed(db, suppressed)
    stayed = {id for _, id in _merged_among(db, "people WHERE true", merged)}
    score = f"coalesce(given_score, {quality_sql(as_of)})"
    columns = [name for name in layout.P_COLUMNS if name != "rank" and "_folded" not in name]
    rows = write_parquet(
        db,
        f"""SELECT {", ".join(columns)}, {place_sql()} AS place FROM (
            SELECT * EXCLUDE (id), {score} AS quality_score, coalesce(id, {next_id - 1}
                + row_number() OVER (PARTITION BY id IS NULL ORDER BY key))::INTEGER AS id
            FROM people) ORDER BY place""",
        run,
    )
    fresh = db.execute("SELECT count(*) FROM people WHERE id IS NULL").fetchall()[0][0]
    db.execute("DROP TABLE staged; DROP TABLE people")
    left_out = [id for _, id in there if id not in stayed]
    return Merged(rows, counted - kept, dropped, next_id + fresh, absent, left_out)


def _merged_among(
    db: duckdb.DuckDBPyConnection, people: str, merged: BitMap
) -> list[tuple[str, int]]:
    """Who of `merged` is among some rows, as (key, id)."""
    if not merged:
        return []
    return db.execute(
        f"SELECT key::VARCHAR, id FROM {people} AND id IN (SELECT unnest($1::INTEGER[]))",
        [list(merged)],
    ).fetchall()


def _newest(name: str) -> str:
    """SQL for a field's value in the newest record that has one; see also OF_EMAIL."""
    if name in ("key", "id"):
        return name if name == "key" else "max(id)"
    if name == "source_date":
        return "max(source_date)"
    for leader, fields in _BUNDLES.items():
        if name in fields:
            return f"arg_max({name}, newer) FILTER (WHERE {leader} = best_{leader})"
    return f"arg_max({name}, newer)"


def _drop_tombstones(db: duckdb.DuckDBPyConnection, tombstones: BitMap) -> int:
    if not tombstones:
        return 0
    bits = as_bits(tombstones)
    gone = db.execute(
        "DELETE FROM people WHERE id IS NOT NULL AND id <= $1"
        " AND get_bit($2::BLOB::BIT, least(id, $1::INTEGER)) = 1",
        [tombstones.max(), bits],
    )
    return int(gone.fetchall()[0][0])


def _drop_suppressed(db: duckdb.DuckDBPyConnection, suppressed: Suppressed) -> int:
    kinds = ["list_distinct([" + ", ".join(fields) + "])" for fields in CONTACT_FIELDS]
    rows = db.execute(f"SELECT key, {', '.join(kinds)} FROM people").fetchall()
    contacts = (([e for e in emails if e], [p for p in phones if p]) for _, emails, phones in rows)
    gone = [str(row[0]) for row, hit in zip(rows, suppressed(contacts), strict=True) if hit]
    for start in range(0, len(gone), 10_000):
        db.execute(
            "DELETE FROM people WHERE key IN (SELECT unnest($1::UUID[]))",
            [gone[start : start + 10_000]],
        )
    return len(gone)
