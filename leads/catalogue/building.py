"""Writes a snapshot file from staged people, in bounded memory.

The people come as Parquet runs, each sorted by `place` (the order of `p` as one number). They are
merged slice by slice, so that no sort ever holds more than a slice of wide rows; the narrow table
is small enough for DuckDB to sort with spilling.
"""

import datetime
import json
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from leads.filters.sql import duckdb_fold

from . import layout
from .engine import connect

#: Rows in a slice: DuckDB's row group, so that `p` is written in whole ones.
SLICE = 122_880
#: A dictionary with more values than this is joined by itself.
LARGE = 50_000

Progress = Callable[[str, int, int], None]


def place_sql(id_column: str = "id") -> str:
    """Return a record's place as SQL: best score first, then freshest, then smallest id."""
    day = "coalesce(source_date - DATE '0001-01-01' + 1, 0)"
    return (
        f"((100 - quality_score)::BIGINT << 55) + ((4000000 - {day})::BIGINT << 32)"
        f" + {id_column}::BIGINT"
    )


def build_snapshot(
    target: Path,
    runs: Sequence[Path],
    *,
    number: int,
    next_id: int,
    sources: Sequence[str],
    built_at: datetime.datetime,
    memory: str,
    spill: Path,
    absent: Sequence[tuple[str, int]] = (),
    progress: Progress = lambda what, done, total: None,
) -> int:
    """Write version `number` to `target`, a file that does not exist yet; return its rows.

    `absent` people, each (key, id), aren't in it, but keep their ids.

    Interrupted, it leaves a broken file: delete it and build again.
    """
    with connect(target, memory=memory, spill=spill) as db:
        files = "[" + ", ".join(f"'{run}'" for run in runs) + "]"
        rows = _write_people(db, files if runs else None, progress)
        _write_dictionaries(db, progress)
        words = _write_topics(db)
        with ScratchTables(db, spill):
            _write_filters(db, rows, words, progress)
        db.execute(
            "CREATE TABLE absent AS SELECT unnest($1::VARCHAR[])::UUID AS key,"
            " unnest($2::INTEGER[]) AS id",
            [[key for key, _ in absent], [id for _, id in absent]],
        )
        db.execute(
            """CREATE TABLE meta AS SELECT $1::INTEGER AS format_version, $2::INTEGER AS version,
            $3 AS build_id, $4::BIGINT AS rows, $5::INTEGER AS next_id, $6::INTEGER AS topic_words,
            $7::TIMESTAMP AS built_at, $8 AS sources""",
            [layout.FORMAT_VERSION, number, uuid.uuid4().hex, rows, next_id, words,
             built_at.astimezone(datetime.UTC).replace(tzinfo=None), json.dumps(list(sources))],
        )  # fmt: skip
        db.execute("CHECKPOINT")
    return rows


class ScratchTables:
    """Attaches an empty database beside the target, for tables that don't stay."""

    def __init__(self, db: duckdb.DuckDBPyConnection, directory: Path) -> None:
        self._db = db
        self._path = directory / f"scratch-{uuid.uuid4().hex}.duckdb"

    def __enter__(self) -> None:
        self._db.execute(f"ATTACH '{self._path}' AS scratch")

    def __exit__(self, *error: object) -> None:
        self._db.execute("DETACH scratch")
        self._path.unlink(missing_ok=True)


def _write_people(db: duckdb.DuckDBPyConnection, files: str | None, progress: Progress) -> int:
    columns = ", ".join(f"{name} {kind}" for name, kind in layout.P_COLUMNS.items())
    db.execute(f"CREATE TABLE p ({columns})")
    if files is None:
        return 0
    bounds = [
        row[0]
        for row in db.execute(
            f"SELECT place FROM (SELECT place, row_number() OVER (ORDER BY place) AS n"
            f" FROM read_parquet({files})) WHERE n % {SLICE} = 0 ORDER BY place"
        ).fetchall()
    ]
    bounds.append(1 << 62)
    names = ", ".join(name for name in layout.P_COLUMNS if name != "rank")
    low, rows = -1, 0
    db.execute("BEGIN")
    for done, high in enumerate(bounds):
        progress("people", done, len(bounds))
        added = db.execute(
            f"INSERT INTO p SELECT $1 + row_number() OVER (ORDER BY place), {names} FROM (SELECT *,"
            f" {_folded('email')}, {_folded('linkedin_url')}"
            f" FROM read_parquet({files}) WHERE place > $2 AND place <= $3) ORDER BY place",
            [rows, low, high],
        ).fetchall()[0][0]
        low, rows = high, rows + added
    db.execute("COMMIT")
    return rows


def _folded(field: str) -> str:
    fold = duckdb_fold(field)
    return f"nullif({fold}, {field}) AS {field}_folded"


def _write_dictionaries(db: duckdb.DuckDBPyConnection, progress: Progress) -> None:
    """One table a field; a text whose folded form is empty counts as unset."""
    fields = layout.CODED
    for done, field in enumerate(fields):
        progress("values", done, len(fields))
        db.execute(
            f"""CREATE TABLE {layout.dictionary(field)} AS
            SELECT (row_number() OVER (ORDER BY folded, value))::INTEGER AS code, value, folded, n
            FROM (SELECT {field} AS value, {duckdb_fold(field)} AS folded, count(*)::INTEGER AS n
                FROM p WHERE {field} IS NOT NULL GROUP BY {field})
            WHERE folded <> '' ORDER BY code"""
        )


def _write_topics(db: duckdb.DuckDBPyConnection) -> int:
    """Number the topics, most frequent first, and give every combination that occurs its bits."""
    db.execute(
        f"""CREATE TEMP TABLE topic_sets AS
        SELECT row_number() OVER (ORDER BY intent_topics)::INTEGER AS code, intent_topics, n
        FROM (SELECT intent_topics, count(*) AS n FROM p
            WHERE intent_topics IS NOT NULL GROUP BY intent_topics);
        CREATE TABLE topics_of AS
        SELECT code, unnest(string_split(intent_topics, '{layout.TOPIC_SEPARATOR}')) AS topic
        FROM topic_sets ORDER BY code;
        CREATE TABLE topics AS
        SELECT topic, ((number - 1) // {layout.TOPIC_BITS})::INTEGER AS word,
            ((number - 1) % {layout.TOPIC_BITS})::INTEGER AS bit, n
        FROM (SELECT topic, n, row_number() OVER (ORDER BY n DESC, topic) AS number
            FROM (SELECT topic, sum(n)::BIGINT AS n
                FROM topics_of JOIN topic_sets USING (code) GROUP BY topic))"""
    )
    words: int = db.execute("SELECT coalesce(max(word) + 1, 0) FROM topics").fetchall()[0][0]
    bits = ", ".join(
        f"coalesce(bit_or(1::BIGINT << bit) FILTER (WHERE word = {word}), 0)::BIGINT"
        f" AS {layout.topic_word(word)}"
        for word in range(words)
    )
    db.execute(
        f"""CREATE TEMP TABLE topic_bits AS SELECT intent_topics, code{", " if bits else ""}{bits}
        FROM topic_sets JOIN topics_of USING (code) JOIN topics USING (topic)
        GROUP BY intent_topics, code"""
    )
    return words


def _write_filters(
    db: duckdb.DuckDBPyConnection, rows: int, words: int, progress: Progress
) -> None:
    """Encode `p` into `f`: slice by slice with the codes, then sorted as a whole."""
    types = layout.f_columns(words)
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    db.execute(f"CREATE TABLE scratch.coded ({columns})")
    values = {"rank": "p.rank", "id": "p.id", "quality_score": "p.quality_score"}
    values |= {field: f"coalesce({layout.dictionary(field)}.code, 0)" for field in layout.CODED}
    values |= {field: f"coalesce(p.{field}, FALSE)" for field in layout.BOOLEANS}
    values |= {layout.has(field): _is_set(field) for field in layout.WIDE_TEXTS}
    values["company_founded"] = "coalesce(p.company_founded, 0)"
    values["source_date"] = "coalesce(p.source_date - DATE '0001-01-01' + 1, 0)"
    values["topic_set"] = "coalesce(t.code, 0)"
    for word in range(words):
        values[layout.topic_word(word)] = f"coalesce(t.{layout.topic_word(word)}, 0)"
    large = [field for field in layout.CODED if _size(db, layout.dictionary(field)) > LARGE]
    joins = " ".join(
        f"LEFT JOIN (SELECT rank, code FROM scratch.{field} WHERE rank > $1 AND rank <= $2)"
        f" AS {layout.dictionary(field)} ON {layout.dictionary(field)}.rank = p.rank"
        if field in large
        else f"LEFT JOIN {layout.dictionary(field)} ON {layout.dictionary(field)}.value = p.{field}"
        for field in layout.CODED
    )
    for done, field in enumerate(large):  # one at a time: each fills much of the memory
        progress("large codes", done, len(large))
        db.execute(
            f"CREATE TABLE scratch.{field} AS SELECT p.rank, d.code FROM p"
            f" JOIN {layout.dictionary(field)} d ON d.value = p.{field} ORDER BY p.rank"
        )
    selected = ", ".join(values[name] for name in types)
    for first in range(0, rows, SLICE):
        progress("codes", first, rows)
        db.execute(
            f"INSERT INTO scratch.coded SELECT {selected}"
            f" FROM (SELECT * FROM p WHERE rank > $1 AND rank <= $2) p {joins}"
            " LEFT JOIN topic_bits t ON t.intent_topics = p.intent_topics",
            [first, first + SLICE],
        )
    progress("order", 0, 1)
    db.execute(
        f"CREATE TABLE f AS SELECT * FROM scratch.coded ORDER BY {', '.join(layout.CLUSTERED_BY)}"
    )


def _size(db: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _is_set(field: str) -> str:
    value = "p.phone" if field == "phone" else f"coalesce(p.{field}_folded, p.{field})"
    return f"coalesce({value}, '') <> ''"
