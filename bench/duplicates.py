"""How well and how fast duplicates are found, on data whose truth is known to the judge alone.

`make bench-duplicates`: the product's matcher as it is, told nothing about a set but its columns.
Without arguments it goes through the public sets of CURSIVE_EXTRA_DATA and a million made leads;
`ARGS='--table FILE --truth-column NAME'` or `ARGS='--table FILE --other FILE --truth PAIRS'` judges
any other set. Each set has a process of its own, whose peak memory is told.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from leads.catalogue.engine import connect
from leads.duplicates.matching import SCHEMAS, match_table
from leads.duplicates.training import make_people

DATA = Path(os.environ.get("CURSIVE_EXTRA_DATA", "../shared/data")) / "entity-resolution"
SEED = 2  # of the made leads: others than those that the model was trained on
MEMORY = "1GB"  # of the engine; the target for the whole process is 2 GB
LONGEST = 10_000_000  # characters of a cell
# What others reached on the same sets (pairwise at 0.5 unless said), and what we aim at.
PEERS = {
    "febrl1": ("Splink 0.998, recordlinkage 1.000, dedupe 0.981", 0.995),
    "febrl2": ("Splink 0.996, recordlinkage 0.998", 0.995),
    "febrl3": ("Splink 0.993, recordlinkage 0.998, dedupe 0.957", 0.995),
    "fake_1000": ("Splink 0.805 (best 0.862), recordlinkage 0.821, dedupe 0.881", 0.86),
    "historical_50k": ("Splink 0.802 (clustered 0.846), recordlinkage 0.636", 0.85),
    "D4": ("Splink 0.928 (one-to-one 0.984), recordlinkage 0.959, dedupe 0.979", 0.984),
    "million": ("target 60 s, 2 GB; Splink 0.965 in 25 s, 1 GB (other made people)", 0.0),
}


@dataclass(frozen=True, slots=True)
class Task:
    """A set to judge: one table, or two that are linked; and where its truth is."""

    name: str
    table: str = ""
    other: str = ""
    truth: str = ""  # a file of pairs of ids
    truth_column: str = ""  # or a column that is equal for the same thing
    truth_pattern: str = ""  # of which only this part counts
    id_column: str = ""
    schema: str = ""
    made: int = 0  # or so many made leads


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it; seconds, by the clock and of processors, and megabytes are the matcher's."""

    name: str
    schema: str
    records: int
    precision: float
    recall: float
    f1: float
    seconds: float
    processor_seconds: float
    megabytes: float


def public_sets(data: Path, people: int) -> list[Task]:
    """The sets that are there."""
    febrl = [
        Task(
            f"febrl{n}",
            str(data / f"dataset{n}.csv"),
            truth_column="rec_id",
            truth_pattern=r"rec-(\d+)",
        )
        for n in (1, 2, 3)
    ]
    d4 = data / "ccer-D4"
    tasks = [
        *febrl,
        Task("fake_1000", str(data / "fake_1000.csv"), truth_column="cluster"),
        Task(
            "historical_50k",
            str(data / "historical_figures_with_errors_50k.parquet"),
            truth_column="cluster",
        ),
        Task("D4", str(d4 / "dblp.csv"), str(d4 / "acm.csv"), str(d4 / "gt.csv")),
    ]
    found = [task for task in tasks if Path(task.table).exists()]
    if len(found) < len(tasks):
        print(f"Some public sets are missing in {data}: see CURSIVE_EXTRA_DATA.")
    return [*found, Task("million", made=people)] if people else found


def judge(task: Task) -> Result:
    """Match one set and compare with its truth."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with connect(folder / "work.duckdb", memory=MEMORY, threads=2, spill=folder) as db:
            if task.made:
                duplicates = task.made // 10
                people = task.made - duplicates
                make_people(db, folder, people=people, duplicates=duplicates, seed=SEED)
                db.execute("ALTER TABLE people RENAME TO records")
                db.execute("ALTER TABLE records RENAME person TO truth")
            else:
                _load(db, task)
            began, worked = time.monotonic(), time.process_time()
            matches = match_table(
                db,
                "records",
                schema=SCHEMAS.get(task.schema),
                source_column="source" if task.other else "",
                ignore=("truth", "key", "source"),
            )
            if task.other:
                found = set(matches.one_to_one())
            else:
                groups = matches.groups()
                found = {(a, b) for group in groups for a in group for b in group if a < b}
            seconds = time.monotonic() - began
            processors = time.process_time() - worked  # of all threads
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
            true = _truth(db, task)
    right = len(found & true)
    precision, recall = right / max(1, len(found)), right / max(1, len(true))
    f1 = 2 * right / max(1, len(found) + len(true))
    quality = (precision, recall, f1)
    cost = (seconds, processors, memory)
    return Result(task.name, matches.schema, matches.records, *quality, *cost)


def _load(db: duckdb.DuckDBPyConnection, task: Task) -> None:
    """Make `records` with unique_id, key (the set's own id), source and the set's columns."""
    parts = []
    for number, path in enumerate(filter(None, (task.table, task.other))):
        _read(db, Path(path), f"part{number}")
        names = [row[0] for row in db.execute(f"DESCRIBE part{number}").fetchall()]
        own = task.id_column or _own_id(names)
        key = f'CAST("{own}" AS VARCHAR)' if own else "NULL"
        hidden = {own, task.truth_column} - {""}
        kept = ", ".join(f'"{name}"' for name in names if name not in hidden)
        truth = f'CAST("{task.truth_column}" AS VARCHAR)' if task.truth_column else "NULL"
        if task.truth_pattern:
            truth = f"regexp_extract({truth}, '{task.truth_pattern}', 1)"
        parts.append(
            f"SELECT {number} AS source, {key} AS key, {truth} AS truth, {kept} FROM part{number}"
        )
    union = " UNION ALL BY NAME ".join(parts)
    db.execute(
        f"CREATE TABLE records AS SELECT row_number() OVER () AS unique_id, * FROM ({union})"
    )


def _own_id(names: Sequence[str]) -> str:
    known = ("unique_id", "id", "rec_id", "record_id")
    return next((name for name in names if name.strip().lower() in known), "")


def _read(db: duckdb.DuckDBPyConnection, path: Path, table: str) -> None:
    if path.suffix == ".parquet":
        db.execute(f"CREATE TABLE {table} AS FROM read_parquet('{path}')")
        return
    header, rows = _rows(path)
    columns = ", ".join(f'"{name}" VARCHAR' for name in header)
    db.execute(f"CREATE TABLE {table} ({columns})")
    # In columns: one parameter each, whatever the number of rows.
    lists = [list(column) for column in zip(*rows, strict=True)]
    db.execute(f"INSERT INTO {table} SELECT {', '.join(['unnest(?)'] * len(header))}", lists)


def _rows(path: Path) -> tuple[list[str], list[list[str | None]]]:
    """A delimited file whose delimiter is the sign that its first line has most of."""
    csv.field_size_limit(LONGEST)
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        first = file.readline()
        sign = max(",;|%\t", key=first.count)
        file.seek(0)
        # Only where commas part them are quotes more than signs.
        if sign in ",;":
            reader = csv.reader(file, delimiter=sign)
        else:
            reader = csv.reader(file, delimiter=sign, quoting=csv.QUOTE_NONE)
        header = [name.strip() for name in next(reader)]
        width = len(header)
        rows = [
            [value.strip() or None for value in (row + [""] * width)[:width]]
            for row in reader
            if row
        ]
    return header, rows


def _truth(db: duckdb.DuckDBPyConnection, task: Task) -> set[tuple[int, int]]:
    if not task.truth:
        rows = db.execute(
            "SELECT a.unique_id, b.unique_id FROM records a JOIN records b"
            " ON a.truth = b.truth AND a.unique_id < b.unique_id"
        ).fetchall()
        return {(left, right) for left, right in rows}
    numbers: dict[int, dict[str, int]] = defaultdict(dict)
    for number, source, key in db.execute("SELECT unique_id, source, key FROM records").fetchall():
        numbers[source][key] = number
    right_side = numbers[1 if task.other else 0]
    pairs = set()
    for left, right, *_ in _rows(Path(task.truth))[1]:
        if left in numbers[0] and right in right_side:
            low, high = sorted((numbers[0][left], right_side[right]))
            pairs.add((low, high))
    return pairs


def in_process(task: Task) -> Result:
    """Judge in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "bench.duplicates", "--judge", json.dumps(asdict(task))]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{task.name}: {done.stderr.strip()[-2000:]}")
    return Result(**json.loads(done.stdout.splitlines()[-1]))


def say(result: Result) -> None:
    """One line of the report, with what others reached beside it."""
    peers, target = PEERS.get(result.name, ("", 0.0))
    judged = ""
    if target:
        judged = f"{'met' if result.f1 >= target else 'MISSED'} (≥ {target})"
    print(
        f"{result.name:15} {result.schema:12} {result.records:>9,}  P {result.precision:.4f}"
        f"  R {result.recall:.4f}  F1 {result.f1:.4f}  {result.seconds:6.1f} s"
        f" ({result.processor_seconds:5.1f} of processors)"
        f"  {result.megabytes:6,.0f} MB  {judged:16} {peers}",
        flush=True,
    )


def main(arguments: Sequence[str]) -> int:
    """Judge what is asked for. Exit code 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="make bench-duplicates", description=__doc__)
    parser.add_argument("--judge", help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help=f"these: {', '.join(PEERS)}")
    parser.add_argument("--people", type=int, default=1_000_000, help="made leads; 0 for none")
    parser.add_argument("--table", default="", help="another set: CSV or Parquet")
    parser.add_argument("--other", default="", help="the second table of two to be linked")
    parser.add_argument("--truth", default="", help="a file of pairs of ids")
    parser.add_argument("--truth-column", default="", help="a column equal for the same thing")
    parser.add_argument("--id-column", default="", help="the ids of --truth (unique_id, id …)")
    parser.add_argument("--schema", default="", choices=["", *SCHEMAS], help="guessed otherwise")
    given = parser.parse_args(arguments)
    if given.judge:
        print(json.dumps(asdict(judge(Task(**json.loads(given.judge))))))
        return 0
    if given.table:
        if not (given.truth or given.truth_column):
            parser.error("--truth or --truth-column says what is true.")
        own = ("table", "other", "truth", "truth_column", "id_column", "schema")
        tasks = [Task(Path(given.table).stem, **{name: getattr(given, name) for name in own})]
    else:
        tasks = public_sets(DATA, given.people)
    wanted = set(filter(None, given.only.split(",")))
    missed = False
    for task in tasks:
        if not wanted or task.name in wanted:
            result = in_process(task)
            say(result)
            missed = missed or result.f1 < PEERS.get(result.name, ("", 0.0))[1]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
