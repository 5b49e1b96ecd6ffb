"""Training the matcher of people without any truth about real ones.

Generated people get second records, spoiled the way hands and imports spoil them: slips of the
pen, short names, another address, a new job, fields left empty. How often a true pair then still
agrees on each level is what the model learns.
"""

import datetime
import json
from pathlib import Path

import duckdb

from leads.catalogue.generate import generate_people

from .matching import PERSONS, clean_table
from .weights import (
    MODELS,
    count_by_chance,
    count_levels,
    model_name,
    usable_comparisons,
    usable_levels,
)

COLUMNS = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "linkedin_url",
    "title",
    "company_name",
    "company_domain",
    "city",
    "state",
    "postal_code",
)
#: So that the same rows always give the same model.
AS_OF = datetime.date(2026, 1, 1)


def make_people(
    db: duckdb.DuckDBPyConnection, folder: Path, *, people: int, duplicates: int, seed: int = 1
) -> None:
    """Make the table `people` of generated leads and spoiled second records of some of them.

    Beside COLUMNS it has `unique_id` and `person`, who it is.
    """
    path = folder / "people.parquet"
    generate_people(path, rows=people, seed=seed, as_of=AS_OF)
    names = ", ".join(COLUMNS)
    db.execute(
        "CREATE OR REPLACE TABLE people AS"
        f" SELECT row_number() OVER () AS unique_id, row_number() OVER () AS person, {names}"
        f" FROM '{path}'"
    )
    path.unlink()
    spoiled = ", ".join(f"{_spoiled(name)} AS {name}" for name in COLUMNS)
    db.execute(
        f"INSERT INTO people SELECT unique_id + {people}, person, {spoiled}"
        f" FROM (SELECT * FROM people ORDER BY hash(unique_id, {seed}) LIMIT {duplicates})"
    )


def train(db: duckdb.DuckDBPyConnection, folder: Path, *, people: int) -> Path:
    """Write the model of people, trained on so many generated ones; where it is."""
    make_people(db, folder, people=people, duplicates=people // 2)
    mapping, roles = clean_table(db, "people", PERSONS, id_column="unique_id", ignore=("person",))
    chance = count_by_chance(db, PERSONS, roles, records=people + people // 2)
    db.execute(
        "CREATE TABLE pairs AS SELECT '0' AS match_key, a.unique_id AS join_key_l,"
        " b.unique_id AS join_key_r FROM people a JOIN people b"
        " ON a.person = b.person AND a.unique_id < b.unique_id"
    )
    agreed = count_levels(db, "pairs", PERSONS, roles)
    levels = {}
    for comparison in usable_comparisons(PERSONS, roles):
        named = [*usable_levels(comparison, roles), None]
        for level, m, u in zip(
            named, agreed[comparison.role], chance[comparison.role], strict=True
        ):
            # Real slips are wilder than made ones: half of what the schema says stays.
            said = level.m if level else comparison.different
            shares = {"m": _rounded((m + said) / 2), "u": _rounded(u)}
            levels[model_name(comparison, level)] = shares
    MODELS.mkdir(exist_ok=True)
    path = MODELS / f"{PERSONS.name}.json"
    told = {"people": people, "columns": sorted(mapping.values()), "levels": levels}
    path.write_text(json.dumps(told, indent=2) + "\n")
    return path


def _rounded(share: float) -> float:
    return float(f"{share:.3g}")


def _spoiled(column: str) -> str:
    """SQL for what becomes of a column in the second record; each chance is a hash of the row."""
    dice = f"(hash(unique_id, '{column}') % 100)"
    place = f"CAST(2 + hash(unique_id, '{column}', 1) % greatest(len({column}) - 2, 1) AS INT)"
    left_out = f"{column}[:{place} - 1] || {column}[{place} + 1:]"
    swapped = (
        f"{column}[:{place} - 1] || {column}[{place} + 1] || {column}[{place}]"
        f" || {column}[{place} + 2:]"
    )
    stranger = f"lead({column}) OVER (ORDER BY hash(unique_id, '{column}'))"
    slip = f"WHEN {dice} < 4 THEN {left_out} WHEN {dice} < 8 THEN {swapped}"
    cases = {
        "first_name": f"{slip} WHEN {dice} < 14 THEN {column}[:3] WHEN {dice} < 16 THEN {stranger}",
        "last_name": f"{slip} WHEN {dice} < 12 THEN {stranger}",
        "email": f"WHEN {dice} < 20 THEN NULL WHEN {dice} < 25 THEN {left_out}"
        f" WHEN {dice} < 35 THEN split_part(email, '@', 1) || '@mail.example' WHEN {dice} < 50"
        " THEN lower(last_name) || hash(unique_id) % 1000 || '@mail.example'",
        "phone": f"WHEN {dice} < 30 THEN NULL WHEN {dice} < 33 THEN {swapped}"
        f" WHEN {dice} < 50 THEN {stranger}",
        "linkedin_url": f"WHEN {dice} < 40 THEN NULL",
        "title": f"WHEN {dice} < 10 THEN NULL WHEN {dice} < 20 THEN 'Senior ' || title"
        f" WHEN {dice} < 35 THEN {stranger}",
        "company_name": f"{slip} WHEN {dice} < 20 THEN company_name || ' Inc.'"
        f" WHEN {dice} < 28 THEN {stranger}",
        "company_domain": f"WHEN {dice} < 30 THEN NULL WHEN {dice} < 38 THEN {stranger}",
        "city": f"{slip} WHEN {dice} < 20 THEN NULL WHEN {dice} < 28 THEN {stranger}",
        "state": f"WHEN {dice} < 20 THEN NULL WHEN {dice} < 26 THEN {stranger}",
        "postal_code": f"WHEN {dice} < 30 THEN NULL WHEN {dice} < 34 THEN {swapped}"
        f" WHEN {dice} < 44 THEN {stranger}",
    }
    return f"CASE {cases[column]} ELSE {column} END"
