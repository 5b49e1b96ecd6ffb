"""The lead database: 30 filters through the product, against the bare engine with the same answer.

The product is LocalSource with its answers not kept, so that every query is asked; the bare
engine is DuckDB with hand-written SQL on the same file. Both are warm but for the first round,
which also is reported. Making and loading the people is measured when it happens: what it made is
kept in the folder for the next time.
"""

import datetime
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
from pyroaring import BitMap

from bench.options import Options
from bench.report import Row, figure, quantile
from leads.catalogue.generate import generate_people
from leads.catalogue.loader import load_file
from leads.catalogue.local import LocalSource
from leads.catalogue.snapshots import Snapshots
from leads.filters.document import parse
from leads.filters.tree import Group

SECTION = "catalogue"
AS_OF = datetime.date(2026, 6, 30)
FACETS = ("seniority", "department", "industry", "employee_band", "country", "state")
ROUNDS = 5
OWNED = 200_000


def has(field: str, op: str, value: Any = None) -> dict[str, Any]:
    """A condition as the wire has it."""
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def code(field: str, *values: str) -> str:
    """Hand-written: a choice is one of some values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{field} IN (SELECT code FROM d_{field} WHERE value IN ({listed}))"


def text(field: str, test: str) -> str:
    """Hand-written: a text's folded form passes a test."""
    return f"{field} IN (SELECT code FROM d_{field} WHERE {test})"


US, DIRECTORS = has("country", "in", ["US"]), has("seniority", "in", ["director", "vp"])
SOFTWARE = has("industry", "in", ["software", "it_services"])
MIDDLE = has("employee_band", "in", ["51-200", "201-500"])
VERIFIED = has("email_verified", "eq", True)
_US, _DIRECTORS = code("country", "US"), code("seniority", "director", "vp")
_SOFTWARE = code("industry", "software", "it_services")
_MIDDLE, _VERIFIED = code("employee_band", "51-200", "201-500"), "email_verified"
_RECENT = f"source_date >= {AS_OF.toordinal() - 30}"

#: (conditions that must all hold, the same in SQL by hand).
FILTERS: tuple[tuple[list[dict[str, Any]], str], ...] = (
    ([US], _US),
    ([US, SOFTWARE], f"{_US} AND {_SOFTWARE}"),
    ([US, SOFTWARE, DIRECTORS], f"{_US} AND {_SOFTWARE} AND {_DIRECTORS}"),
    (
        [US, has("state", "in", ["TX"]), SOFTWARE, DIRECTORS, MIDDLE, VERIFIED],
        f"{_US} AND {code('state', 'TX')} AND {_SOFTWARE} AND {_DIRECTORS} AND {_MIDDLE}"
        f" AND {_VERIFIED}",
    ),
    ([DIRECTORS], _DIRECTORS),
    ([DIRECTORS, VERIFIED], f"{_DIRECTORS} AND {_VERIFIED}"),
    ([has("country", "in", ["DE", "FR", "NL"])], code("country", "DE", "FR", "NL")),
    (
        [has("country", "in", ["DE"]), has("department", "in", ["marketing"]), MIDDLE],
        f"{code('country', 'DE')} AND {code('department', 'marketing')} AND {_MIDDLE}",
    ),
    (
        [has("title", "contains", "data engineer")],
        text("title", "contains(folded, 'data engineer')"),
    ),
    (
        [US, has("title", "contains", "marketing"), DIRECTORS],
        f"{_US} AND {text('title', 'contains(folded, $$marketing$$)')} AND {_DIRECTORS}",
    ),
    (
        [has("title", "starts_with", "head of"), MIDDLE],
        f"{text('title', 'starts_with(folded, $$head of$$)')} AND {_MIDDLE}",
    ),
    (
        [{"any": [has("title", "contains", "engineer"), has("department", "in", ["it"])]}, US],
        f"({text('title', 'contains(folded, $$engineer$$)')} OR {code('department', 'it')})"
        f" AND {_US}",
    ),
    (
        [{"none": [has("industry", "in", ["gambling", "defense"])]}, DIRECTORS],
        f"NOT {code('industry', 'gambling', 'defense')} AND {_DIRECTORS}",
    ),
    ([has("city", "in", ["Austin", "Boston"])], text("city", "folded IN ('austin', 'boston')")),
    (
        [has("city", "eq", "são paulo"), VERIFIED],
        f"{text('city', 'folded = $$sao paulo$$')} AND {_VERIFIED}",
    ),
    (
        [has("company_name", "contains", "bridge"), US],
        f"{text('company_name', 'contains(folded, $$bridge$$)')} AND {_US}",
    ),
    (
        [has("company_domain", "eq", "foxlab.example")],
        text("company_domain", "folded = 'foxlab.example'"),
    ),
    ([has("source_date", "within_days", 30)], _RECENT),
    (
        [has("source_date", "within_days", 30), US, DIRECTORS],
        f"{_RECENT} AND {_US} AND {_DIRECTORS}",
    ),
    (
        [has("intent_topics", "has_any", ["kubernetes", "devops"])],
        "topic_set IN (SELECT code FROM topics_of WHERE topic IN ('kubernetes', 'devops'))",
    ),
    (
        [has("intent_topics", "has_any", ["payroll"]), US, MIDDLE],
        f"topic_set IN (SELECT code FROM topics_of WHERE topic = 'payroll')"
        f" AND {_US} AND {_MIDDLE}",
    ),
    ([has("company_founded", "gte", 2015), SOFTWARE], f"company_founded >= 2015 AND {_SOFTWARE}"),
    ([has("quality_score", "between", [80, 100])], "quality_score BETWEEN 80 AND 100"),
    ([has("phone", "is_set"), has("email", "is_set"), US], f"has_phone AND has_email AND {_US}"),
    (
        [has("postal_code", "starts_with", "787"), US],
        f"{text('postal_code', 'starts_with(folded, $$787$$)')} AND {_US}",
    ),
    ([has("first_name", "eq", "Anna")], text("first_name", "folded = 'anna'")),
    (
        [has("last_name", "in", ["Müller", "Schmidt"]), has("country", "in", ["DE"])],
        f"{text('last_name', 'folded IN ($$muller$$, $$schmidt$$)')} AND {code('country', 'DE')}",
    ),
    (
        [has("title", "not_contains", "assistant"), has("department", "in", ["finance"]), US],
        f"NOT {text('title', 'contains(folded, $$assistant$$)')}"
        f" AND {code('department', 'finance')} AND {_US}",
    ),
    (
        [has("revenue_band", "in", ["over_1b"]), has("seniority", "in", ["c_suite"])],
        f"{code('revenue_band', 'over_1b')} AND {code('seniority', 'c_suite')}",
    ),
    (
        [has("naics", "starts_with", "51"), US],
        f"{text('naics', 'starts_with(folded, $$51$$)')} AND {_US}",
    ),
)


def run(options: Options) -> list[Row]:
    """Measure a catalogue of `options.rows` people; the rows of the report."""
    directory, rows = prepare(options.folder / f"catalogue-{options.rows}", options.rows)
    filters = [parse({"version": 1, "all": wire}, scope="catalogue") for wire, _ in FILTERS]
    with duckdb.connect(config={"threads": 2, "memory_limit": "256MB"}) as bare:
        number = Snapshots(directory).current()
        assert number is not None
        bare.execute(f"ATTACH '{Snapshots(directory).path(number)}' AS snap (READ_ONLY)")
        bare.execute("USE snap")
        source = fresh_source(directory)
        same = [source.count(f).total for f in filters]
        by_hand = [bare.execute(count_sql(sql)).fetchall()[0][0] for _, sql in FILTERS]
        if same != by_hand:
            raise AssertionError("The product and the bare engine count different people.")
        for name, targets, product, engine in questions(directory, filters, bare):
            rows += compared(name, targets, product, engine)
        rows += net_new_rows(directory, filters, options.rows)
        rows += take_rows(directory, filters)
    return rows


def prepare(folder: Path, people: int) -> tuple[Path, list[Row]]:
    """The snapshot of a folder, made when it isn't there; rows about its making and size."""
    directory, rows = folder / "snapshots", []
    if Snapshots(directory).current() is None:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "people.parquet"
        if not file.exists():  # else a run was broken off, and its load goes on
            began = time.perf_counter()
            generate_people(file, rows=people, seed=1, as_of=AS_OF)
            took = time.perf_counter() - began
            rows.append(figure(SECTION, "generate people", people / took, "people/s"))
        began = time.perf_counter()
        load_file(file, directory)
        took = time.perf_counter() - began
        rows.append(figure(SECTION, "load people", people / took, "people/s"))
        file.unlink()
    size = Snapshots(directory).versions()[0].size
    rows.append(figure(SECTION, "size of the snapshot", size / 1e6, "MB"))
    return directory, rows


def fresh_source(directory: Path) -> LocalSource:
    """A source that has kept no answer, and shares none."""
    return LocalSource(directory, today=lambda: AS_OF, share_answers=False, kept_answers=0)


def count_sql(where: str) -> str:
    """Count by hand."""
    return f"SELECT count(*) FROM f WHERE {where}"


def questions(
    directory: Path, filters: Sequence[Group], bare: duckdb.DuckDBPyConnection
) -> list[tuple[str, dict[str, float], Callable[[int], Any], Callable[[int], Any]]]:
    """(name, targets of the p95, asked of the product, asked of the engine), by filter's number."""
    source = fresh_source(directory)
    sets = ", ".join(f"({field})" for field in FACETS)

    def facets_by_hand(at: int) -> Any:
        return bare.execute(
            f"SELECT {', '.join(FACETS)}, count(*) FROM f WHERE {FILTERS[at][1]}"
            f" GROUP BY GROUPING SETS ({sets})"
        ).fetchall()

    def preview_by_hand(at: int) -> Any:
        ranks = bare.execute(
            f"SELECT rank FROM f WHERE {FILTERS[at][1]} ORDER BY rank LIMIT 20"
        ).fetchall()
        listed = ", ".join(str(rank - 1) for (rank,) in ranks) or "-1"
        return bare.execute(f"SELECT * FROM p WHERE rowid IN ({listed})").fetchall()

    return [
        (
            "count",
            {"at_most": 100, "ratio_at_most": 1.5},
            lambda at: source.count(filters[at]),
            lambda at: bare.execute(count_sql(FILTERS[at][1])).fetchall(),
        ),
        (
            "6 facets",
            {"at_most": 200},
            lambda at: source.facets(filters[at], FACETS),
            facets_by_hand,
        ),
        (
            "preview of 20",
            {"at_most": 150},
            lambda at: source.preview(filters[at]),
            preview_by_hand,
        ),
    ]


def compared(
    name: str,
    targets: dict[str, float],
    product: Callable[[int], Any],
    engine: Callable[[int], Any],
) -> list[Row]:
    """Ask both about every filter, in turns so that what disturbs one disturbs the other."""
    first: list[float] = []
    ours: list[float] = []
    bare: list[float] = []
    for turn in range(ROUNDS + 1):
        for at in range(len(FILTERS)):
            took = milliseconds(product, at)
            (ours if turn else first).append(took)
            if turn:
                bare.append(milliseconds(engine, at))
    return [
        figure(SECTION, f"{name}, first time, p95", quantile(first, 0.95), "ms"),
        figure(
            SECTION, f"{name}, p50", statistics.median(ours), "ms",
            yardstick=statistics.median(bare),
        ),
        figure(
            SECTION, f"{name}, p95", quantile(ours, 0.95), "ms",
            yardstick=quantile(bare, 0.95), **targets,
        ),
    ]  # fmt: skip


def milliseconds(ask: Callable[[int], Any], at: int) -> float:
    """How long one question takes."""
    began = time.perf_counter()
    ask(at)
    return (time.perf_counter() - began) * 1000


def net_new_rows(directory: Path, filters: Sequence[Group], people: int) -> list[Row]:
    """Counting for a workspace that owns 200,000 people."""
    owned = BitMap(range(1, people + 1, max(1, people // OWNED)))
    source = fresh_source(directory)
    source.count(filters[0], owned=owned)
    took = [
        milliseconds(lambda at: source.count(filters[at], owned=owned), at)
        for at in range(len(filters))
    ]
    return [
        figure(SECTION, f"net-new count, {len(owned):,} owned, p95", quantile(took, 0.95), "ms")
    ]


def take_rows(directory: Path, filters: Sequence[Group]) -> list[Row]:
    """Fetching batches for pulls."""
    source = fresh_source(directory)
    took = [
        milliseconds(lambda at: source.take(filters[at], limit=10_000), at)
        for at in range(0, len(filters), 5)
    ]
    return [figure(SECTION, "take up to 10,000 people, p50", statistics.median(took), "ms")]
