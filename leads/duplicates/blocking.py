"""Which pairs of records are looked at: those with a key in common, never all of a large table.

A key that many records share (a frequent name) would make pairs by the square. So each key has a
budget in proportion to the table, and its most frequent values are left out once that is spent.
"""

import duckdb

from .schemas import Schema

EVERY_PAIR = 1_200  # records up to which all pairs are looked at
PAIRS_A_RECORD = 0.25  # a key's budget in a large table
LEAST_BUDGET = 400_000
RARE_WORDS = 5  # of a record, in twos


def block_pairs(
    db: duckdb.DuckDBPyConnection,
    schema: Schema,
    roles: frozenset[str],
    *,
    records: int,
    link: bool,
) -> int:
    """Make the table `blocked` (match_key, join_key_l, join_key_r) from `cleaned`; how many pairs.

    With `link`, only pairs of two sources: each within itself is taken to have no duplicates.
    """
    apart = "AND a.source <> b.source" if link else ""
    if records <= EVERY_PAIR:
        found = (
            "SELECT a.unique_id AS join_key_l, b.unique_id AS join_key_r FROM cleaned a"
            f" JOIN cleaned b ON a.unique_id < b.unique_id {apart}"
        )
    else:
        db.execute("CREATE OR REPLACE TEMP TABLE found (join_key_l BIGINT, join_key_r BIGINT)")
        for key in schema.usable_keys(roles):
            db.execute(
                "CREATE OR REPLACE TEMP TABLE keyed AS SELECT unique_id, source, hash(key) AS key"
                f" FROM (SELECT unique_id, source, {key} AS key FROM cleaned) WHERE len(key) > 2"
            )
            _pair_keyed(db, records, apart)
        for words in schema.words:
            if words in roles:
                _key_by_rare_words(db, words)
                _pair_keyed(db, records, apart)
        db.execute("DROP TABLE IF EXISTS keyed")
        found = "SELECT DISTINCT join_key_l, join_key_r FROM found"
    db.execute(f"CREATE OR REPLACE TABLE blocked AS SELECT '0' AS match_key, * FROM ({found})")
    db.execute("DROP TABLE IF EXISTS found")
    [(pairs,)] = db.execute("SELECT count(*) FROM blocked").fetchall()
    return int(pairs)


def _pair_keyed(db: duckdb.DuckDBPyConnection, records: int, apart: str) -> None:
    """Add the pairs that share a key in `keyed` to `found`, rare keys first, within the budget."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE shared_keys AS"
        " SELECT key, count(*) AS size FROM keyed GROUP BY key HAVING count(*) > 1"
    )
    sizes = db.execute(
        "SELECT size, count(*) * size * (size - 1) // 2 FROM shared_keys"
        " GROUP BY size ORDER BY size"
    ).fetchall()
    left = max(LEAST_BUDGET, int(PAIRS_A_RECORD * records))
    largest = 0
    for size, pairs in sizes:
        left -= pairs
        if left < 0:
            break
        largest = size
    db.execute(
        "INSERT INTO found SELECT a.unique_id, b.unique_id FROM keyed a JOIN keyed b USING (key)"
        f" WHERE a.unique_id < b.unique_id {apart}"
        f" AND key IN (SELECT key FROM shared_keys WHERE size <= {largest})"
    )
    db.execute("DROP TABLE shared_keys")


def _key_by_rare_words(db: duckdb.DuckDBPyConnection, words: str) -> None:
    """Make `keyed` from any two of a record's rarest words."""
    db.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE keyed AS
        WITH word AS (
            SELECT unique_id, source, word
            FROM (SELECT unique_id, source, unnest({words}) AS word FROM cleaned)
            WHERE len(word) > 2
        ),
        used AS (SELECT word, count(*) AS uses FROM word GROUP BY word HAVING count(*) > 1),
        rare AS (
            SELECT * FROM word JOIN used USING (word)
            QUALIFY row_number() OVER (PARTITION BY unique_id ORDER BY uses, word) <= {RARE_WORDS}
        )
        SELECT a.unique_id, a.source, hash(a.word || '|' || b.word) AS key
        FROM rare a JOIN rare b ON a.unique_id = b.unique_id AND a.word < b.word
        """
    )
