"""The matcher: which records of a table are the same person, publication or thing.

One way for all: the product's job, staff's look at the catalogue and `make bench-duplicates` call
`match_table`. What is particular to a kind of record stands in its schema.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from .blocking import block_pairs
from .clusters import Pair, assign_pairs, group_by_average
from .persons import PERSONS
from .publications import PUBLICATIONS
from .roles import clean_select, find_roles
from .schemas import Schema
from .things import THINGS
from .weights import (
    FIRST_GUESS,
    bits,
    count_by_chance,
    estimate_share,
    least_weight,
    probability,
    score_pairs,
    settings_of,
    usable_comparisons,
    usable_levels,
)

SCHEMAS: dict[str, Schema] = {one.name: one for one in (PERSONS, PUBLICATIONS, THINGS)}
#: The bits of evidence below which a pair is no longer kept: it can't bring two groups together.
FLOOR = -6.0


@dataclass(frozen=True, slots=True)
class Match:
    """Two records that may be one: the smaller id first."""

    left: int
    right: int
    weight: float  # bits
    #: {role: level} of what is known on both sides.
    reasons: Mapping[str, str]

    @property
    def confidence(self) -> float:
        """The probability that they are the same, 0 to 1."""
        return probability(self.weight)


@dataclass(frozen=True, slots=True)
class Matches:
    """What the matcher found in a table."""

    schema: str
    records: int
    looked_at: int  # pairs
    pairs: list[Match] = field(repr=False)

    def groups(self) -> list[list[int]]:
        """Records that are the same thing, two and more together, each in one group."""
        return group_by_average(self._weighed())

    def one_to_one(self) -> list[tuple[int, int]]:
        """The pairs of two clean tables: each record is in one pair at most."""
        return assign_pairs(self._weighed())

    def _weighed(self) -> list[Pair]:
        return [(one.left, one.right, one.weight) for one in self.pairs]


def guess_schema(columns: Iterable[str]) -> Schema:
    """The schema of which most roles are found among the columns."""
    names = list(columns)
    return max(SCHEMAS.values(), key=lambda schema: len(find_roles(names, schema.roles)))


def match_table(
    db: duckdb.DuckDBPyConnection,
    table: str,
    *,
    schema: Schema | None = None,
    mapping: Mapping[str, str] | None = None,
    id_column: str = "unique_id",
    source_column: str = "",
    ignore: Sequence[str] = (),
) -> Matches:
    """Match the records of `table`, whose `id_column` holds a different whole number each.

    `mapping` says which column plays which role; without it names are looked at. With
    `source_column`, only records of two different sources are compared. Makes tables named
    cleaned, blocked and others in `db`, and drops them.
    """
    if schema is None:
        schema = guess_schema(_columns(db, table, {id_column, source_column, *ignore}))
    _, roles = clean_table(
        db,
        table,
        schema,
        mapping=mapping,
        id_column=id_column,
        source_column=source_column,
        ignore=ignore,
    )
    link = bool(source_column)
    counts = [
        row[0] for row in db.execute("SELECT count(*) FROM cleaned GROUP BY source").fetchall()
    ]
    records = sum(counts)
    possible = (
        (records * records - sum(n * n for n in counts)) // 2
        if link
        else records * (records - 1) // 2
    )
    if not possible or not usable_comparisons(schema, roles):
        return Matches(schema.name, records, 0, [])
    looked_at = block_pairs(db, schema, roles, records=records, link=link)
    counted = count_by_chance(db, schema, roles, records=records)
    least = least_weight(looked_at=looked_at, possible=possible, floor=FLOOR)
    scored = score_pairs(db, "blocked", settings_of(schema, roles, counted), least=least)
    shift = bits(estimate_share(db, scored, possible=possible)) - bits(FIRST_GUESS)
    pairs = _read(db, scored, schema, roles, shift)
    for name in (scored, "blocked", "cleaned"):
        db.execute(f"DROP TABLE {name}")
    return Matches(schema.name, records, looked_at, pairs)


def clean_table(
    db: duckdb.DuckDBPyConnection,
    table: str,
    schema: Schema,
    *,
    mapping: Mapping[str, str] | None = None,
    id_column: str,
    source_column: str = "",
    ignore: Sequence[str] = (),
) -> tuple[dict[str, str], frozenset[str]]:
    """Make `cleaned` from `table`: (which column plays which role, all roles it now has)."""
    columns = _columns(db, table, {id_column, source_column, *ignore})
    found = dict(mapping) if mapping else find_roles(columns, schema.roles)
    source = f'"{source_column}"' if source_column else "0"
    select = f'SELECT "{id_column}" AS unique_id, {source} AS source'
    if found:
        select += f", {clean_select(found, schema.roles)}"
    query, roles = f"{select} FROM {table}", set(found)
    for derived in schema.derived:
        if derived.role not in roles and roles.issuperset(derived.needs):
            query = f"SELECT *, {derived.sql} AS {derived.role} FROM ({query})"
            roles.add(derived.role)
    db.execute(f"CREATE OR REPLACE TABLE cleaned AS {query}")
    return found, frozenset(roles)


def _columns(db: duckdb.DuckDBPyConnection, table: str, hidden: set[str]) -> list[str]:
    described = db.execute(f"DESCRIBE {table}").fetchall()
    return [row[0] for row in described if row[0] not in hidden]


def _read(
    db: duckdb.DuckDBPyConnection, scored: str, schema: Schema, roles: frozenset[str], shift: float
) -> list[Match]:
    comparisons = usable_comparisons(schema, roles)
    labels = [
        ["different", *(level.label for level in reversed(usable_levels(one, roles)))]
        for one in comparisons
    ]
    gammas = "".join(f", gamma_{one.role}" for one in comparisons)
    rows = db.execute(
        f"SELECT unique_id_l, unique_id_r, match_weight + {shift}{gammas} FROM {scored}"
        f" WHERE match_weight + {shift} >= {FLOOR} ORDER BY 1, 2"
    ).fetchall()
    return [
        Match(
            min(left, right),
            max(left, right),
            weight,
            {
                one.role: words[gamma]
                for one, words, gamma in zip(comparisons, labels, levels, strict=True)
                if gamma >= 0
            },
        )
        for left, right, weight, *levels in rows
    ]
