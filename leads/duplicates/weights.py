"""How much each likeness says: the Splink model of a schema, and scoring pairs by it.

Fellegi and Sunter's weights need two probabilities a level: how often duplicates fall into it (m)
and how often strangers do (u). The m come with the schema, or from a model that was trained on
generated people; the u are counted in the table at hand, among pairs that chance has made. How
many duplicates there are at all is estimated from the scores themselves. No truth is needed.
"""

import json
import logging
import math
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from .schemas import Comparison, Level, Schema

MODELS = Path(__file__).parent / "trained"
COUNTED = 150_000  # pairs by chance
ENOUGH = 300  # records from which chance says more than the trained model
FIRST_GUESS = 0.0005  # the share of pairs that are duplicates, before it is estimated
MOST = 0.1  # of all pairs are duplicates
RAREST = 0.00001  # a rare value says no more than one in 100,000 would

Model = dict[str, dict[str, Any]]


def model_name(comparison: Comparison, level: Level | None) -> str:
    """Under which name a trained model keeps a level; None is 'different'."""
    return f"{comparison.role}: {level.label if level else 'different'}"


@cache
def trained(schema: str) -> Model:
    """The stored model of a schema: {level: {"m": …, "u": …}}; empty where none was trained."""
    path = MODELS / f"{schema}.json"
    return json.loads(path.read_text())["levels"] if path.exists() else {}


def usable_comparisons(schema: Schema, roles: frozenset[str]) -> list[Comparison]:
    """Those that a table with these roles can answer."""
    return [one for one in schema.comparisons if one.role in roles]


def usable_levels(comparison: Comparison, roles: frozenset[str]) -> list[Level]:
    """A comparison's levels that the table can answer, the closest first."""
    return [level for level in comparison.levels if level.usable(roles)]


def settings_of(
    schema: Schema, roles: frozenset[str], counted: dict[str, list[float]]
) -> dict[str, Any]:
    """The schema for Splink. `counted` are the u of each comparison, the closest level first.

    Without them it serves to count levels, and how rare values are doesn't matter.
    """
    known = trained(schema.name)
    comparisons = []
    for comparison in usable_comparisons(schema, roles):
        levels: list[dict[str, Any]] = [
            {"sql_condition": comparison.unknown, "label_for_charts": "-", "is_null_level": True}
        ]
        for level in usable_levels(comparison, roles):
            said = {
                "sql_condition": " OR ".join(f"({sql})" for sql in level.usable(roles)),
                "label_for_charts": level.label,
                "m_probability": known.get(model_name(comparison, level), {}).get("m", level.m),
            }
            if counted and level.rare in roles:
                said |= {
                    "tf_adjustment_column": level.rare,
                    "tf_adjustment_weight": 1.0,
                    "tf_minimum_u_value": RAREST,
                    "disable_tf_exact_match_detection": True,
                }
            levels.append(said)
        rest = known.get(model_name(comparison, None), {}).get("m", comparison.different)
        levels.append(
            {"sql_condition": "ELSE", "label_for_charts": "different", "m_probability": rest}
        )
        total = sum(level["m_probability"] for level in levels[1:])
        chance = counted.get(comparison.role) or [1 / (len(levels) - 1)] * (len(levels) - 1)
        floors = [level.least_u for level in usable_levels(comparison, roles)] + [0.0]
        for each, u, least in zip(levels[1:], chance, floors, strict=True):
            m = each["m_probability"] / total
            each |= {"m_probability": m, "u_probability": max(u, least)}
        comparisons.append({"output_column_name": comparison.role, "comparison_levels": levels})
    never = {"blocking_rule": "l.unique_id = r.unique_id", "sql_dialect": "duckdb"}
    return {
        "link_type": "dedupe_only",
        "sql_dialect": "duckdb",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": FIRST_GUESS,
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [never],  # the pairs are given
        "retain_matching_columns": True,  # the levels come with them, and they are the reasons
        "retain_intermediate_calculation_columns": False,
    }


def score_pairs(
    db: duckdb.DuckDBPyConnection,
    pairs: str,
    settings: dict[str, Any],
    *,
    least: float | None = None,
) -> str:
    """Score the pairs in the table `pairs` from `cleaned`; the name of the table with the answer.

    Its columns: unique_id_l, unique_id_r, match_weight (bits), gamma_<role> (a level's number,
    0 for different, -1 for unknown).
    """
    # Only here: it takes half a second and tens of megabytes, which web processes and commands
    # that never look for duplicates are spared.
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection=db)
    linker = Linker(
        api.register("cleaned"), settings, log_level=logging.ERROR, validate_settings=False
    )
    linker.table_management.register_blocked_pairs_for_predict(api.register(pairs))
    scored = linker.inference.predict(threshold_match_weight=least, warning_mode="never")
    return str(scored.physical_name)


def count_by_chance(
    db: duckdb.DuckDBPyConnection, schema: Schema, roles: frozenset[str], *, records: int
) -> dict[str, list[float]]:
    """How often pairs made by chance fall into each level, the closest first (u).

    In a table too small to tell, what the trained model says.
    """
    comparisons = usable_comparisons(schema, roles)
    if records < ENOUGH:
        return _known_by_chance(schema, comparisons, roles)
    used = min(records, COUNTED)
    rounds = min(records // 2, max(1, COUNTED // records))
    # Each record with some others: the same ones each time, so that answers can be repeated.
    # The other's turn is a column of its own: as an expression over three tables it would be no
    # hash join but all records with all.
    db.execute(
        f"""
        CREATE OR REPLACE TABLE chance AS
        WITH shuffled AS MATERIALIZED (
            SELECT unique_id, row_number() OVER (ORDER BY hash(unique_id), unique_id) - 1 AS turn
            FROM cleaned
            QUALIFY turn < {used}
        ),
        drawn AS MATERIALIZED (
            SELECT unique_id, (turn + unnest(range(1, {rounds + 1}))) % {used} AS other
            FROM shuffled
        )
        SELECT '0' AS match_key, a.unique_id AS join_key_l, b.unique_id AS join_key_r
        FROM drawn a JOIN shuffled b ON b.turn = a.other
        """
    )
    counted = count_levels(db, "chance", schema, roles)
    db.execute("DROP TABLE chance")
    return counted


def count_levels(
    db: duckdb.DuckDBPyConnection, pairs: str, schema: Schema, roles: frozenset[str]
) -> dict[str, list[float]]:
    """The share of the pairs in the table `pairs` that falls into each level of each comparison.

    The closest level first; pairs of which nothing is known don't count. A level that none falls
    into is as rare as half a pair.
    """
    scored = score_pairs(db, pairs, settings_of(schema, roles, {}))
    shares = {}
    for comparison in usable_comparisons(schema, roles):
        seen = dict(
            db.execute(
                f"SELECT gamma_{comparison.role}, count(*) FROM {scored} GROUP BY 1"
            ).fetchall()
        )
        levels = len(usable_levels(comparison, roles))
        found = [max(seen.get(gamma, 0), 0.5) for gamma in range(levels, -1, -1)]
        shares[comparison.role] = [each / sum(found) for each in found]
    db.execute(f"DROP TABLE {scored}")
    return shares


def _known_by_chance(
    schema: Schema, comparisons: list[Comparison], roles: frozenset[str]
) -> dict[str, list[float]]:
    known, counted = trained(schema.name), {}
    for comparison in comparisons:
        levels: list[Level | None] = [*usable_levels(comparison, roles), None]
        found = [
            known.get(model_name(comparison, level), {}).get("u", 0.01 if level else 0.97)
            for level in levels
        ]
        counted[comparison.role] = [each / sum(found) for each in found]
    return counted


def estimate_share(db: duckdb.DuckDBPyConnection, scored: str, *, possible: int) -> float:
    """How many of all `possible` pairs are duplicates, by expectation and maximisation.

    Pairs that weren't looked at count as strangers. Between one pair and one in ten.
    """
    weights = db.execute(
        f"SELECT round(match_weight - {bits(FIRST_GUESS)}, 1) AS bits, count(*) FROM {scored}"
        " GROUP BY 1"
    ).fetchall()
    share = FIRST_GUESS
    for _ in range(200):
        prior = bits(share)
        expected = sum(count * probability(weight + prior) for weight, count in weights)
        following = min(MOST, max(expected, 1.0) / possible)
        if abs(following - share) <= 1e-4 * share:
            break
        share = following
    return share


def least_weight(*, looked_at: int, possible: int, floor: float) -> float:
    """The bits at the first guess below which no estimate can lift a pair to `floor`.

    No more than all pairs that were looked at are duplicates, so in a large table the share of
    all possible pairs is small, and what most chance likenesses say is nothing.
    """
    highest = min(MOST, max(looked_at, 1) / possible)
    return floor - (bits(highest) - bits(FIRST_GUESS))


def bits(probability: float) -> float:
    """A probability as the logarithm of its odds, to the base of 2."""
    return math.log2(probability / (1 - probability))


def probability(weight: float) -> float:
    """The probability that a weight in bits stands for."""
    return 1 / (1 + 2.0 ** -max(-60.0, min(60.0, weight)))
