"""The pairs of people that are shown as perhaps one: by the matcher, and by the rules of L-12.

A workspace's leads and staff's look at the lead database are judged by this one function.
"""

from dataclasses import dataclass

import duckdb

from .matching import PERSONS, Match, match_table
from .weights import bits
from .wording import reasons_of

#: The confidence from which two leads are shown as perhaps the same.
LEAST_CONFIDENCE = 0.5
#: Name and company as alike as this are shown whatever else differs (L-12).
ALIKE = 0.85
#: A number or company that more share than this is a switchboard or a giant: no pairs by it.
LARGEST_GROUP = 200
Pairs = set[tuple[int, int]]
# Which column plays which role: the identity's normal forms, not what was typed.
MAPPING = {
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email_key",
    "phone": "phone_key",
    "linkedin": "linkedin_url",
    "company": "company_name",
    "domain": "company_domain",
    "title": "title",
    "city": "city",
    "postcode": "postal_code",
    "state": "state",
}


@dataclass(frozen=True, slots=True)
class Likely:
    """Two people who may be one, by their numbers: the smaller first."""

    left: int
    right: int
    weight: float  # bits
    confidence: int  # percent
    is_exact: bool  # the same address or number
    reasons: list[str]


def find_pairs(db: duckdb.DuckDBPyConnection) -> list[Likely]:
    """The pairs of the table `leads` that may be one person, in the order of their numbers.

    It has a column `number`, different for each, and those that MAPPING names. The table `beside`
    has their other addresses and numbers in normal form: (number, key).
    """
    matches = match_table(
        db, "leads", schema=PERSONS, mapping=MAPPING, id_column="number", ignore=("id",)
    )
    scored = {(one.left, one.right): one for one in matches.pairs}
    likely = {key for key, one in scored.items() if one.confidence >= LEAST_CONFIDENCE}
    emails, (phones, shared), alike = _same_email(db), _same_phone(db), _alike(db)
    return [
        _likely(
            pair,
            scored.get(pair),
            email=pair in emails,
            phone=pair in phones,
            shared=pair in shared,
            alike=pair in alike,
        )
        for pair in sorted(likely | emails | phones | shared | alike)
    ]


def _likely(
    pair: tuple[int, int],
    match: Match | None,
    *,
    email: bool,
    phone: bool,
    shared: bool,
    alike: bool,
) -> Likely:
    # An address is one person's. A number may be a switchboard's, and names may be namesakes.
    floor = 0.99 if email else 0.9 if phone else LEAST_CONFIDENCE
    confidence = min(100, int(100 * max(match.confidence if match else 0.0, floor)))
    weight = max(match.weight if match else bits(floor), bits(floor))
    same_phone = phone or shared
    reasons = reasons_of(match.reasons if match else {}, email=email, phone=same_phone, alike=alike)
    return Likely(*pair, weight, confidence, email or same_phone, reasons)


def _same_email(db: duckdb.DuckDBPyConnection) -> Pairs:
    """One address, whichever of theirs it is."""
    # Each with the first of them: a hundred with one address are no 4,950 pairs.
    return _pairs(
        db,
        f"""
        WITH address AS ({_known_by("email_key", "contains(key, '@')")})
        SELECT min(number) OVER (PARTITION BY key), number FROM address
        """,
    )


def _same_phone(db: duckdb.DuckDBPyConnection) -> tuple[Pairs, Pairs]:
    """One number: (where nothing contradicts, where the family names do).

    Those of the second kind are as exact (L-12), but may be colleagues (ADR 0016).
    """
    line = f"""
        WITH line AS (
            SELECT number, key, {_plain("last_name")} AS family
            FROM ({_known_by("phone_key", "NOT contains(key, '@')")}) JOIN leads USING (number)
            QUALIFY count(*) OVER (PARTITION BY key) BETWEEN 2 AND {LARGEST_GROUP}
        )
    """
    alike = _pairs(
        db,
        f"""
        {line} SELECT a.number, b.number FROM line a JOIN line b USING (key)
        WHERE a.number < b.number
        AND (a.family = '' OR b.family = ''
            OR jaro_winkler_similarity(a.family, b.family) >= {ALIKE})
        """,
    )
    # Each with the first of them, as with addresses.
    all_of_them = _pairs(db, f"{line} SELECT min(number) OVER (PARTITION BY key), number FROM line")
    return alike, all_of_them - alike


def _known_by(main: str, of_kind: str) -> str:
    """SQL for (number, key): each record's main address or number, and its others of that kind."""
    return (
        f"SELECT number, {main} AS key FROM leads WHERE {main} <> ''"
        f" UNION ALL SELECT number, key FROM beside WHERE {of_kind}"
    )


def _alike(db: duckdb.DuckDBPyConnection) -> Pairs:
    """Name and company 85 % alike, among those whose company and name begin alike (L-12)."""
    # The keys of a million rows are counted as numbers, not sorted as text beside whole rows.
    db.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE named AS
        WITH plain AS (
            SELECT number, {_plain("first_name")} AS given, {_plain("last_name")} AS family,
                {_plain("company_name")} AS company
            FROM leads
        )
        SELECT *, hash(left(company, 4) || '|' || left(given, 1) || left(family, 2)) AS key
        FROM plain WHERE given <> '' AND family <> '' AND company <> ''
        """
    )
    found = _pairs(
        db,
        f"""
        WITH keyed AS (
            SELECT * FROM named WHERE key IN (
                SELECT key FROM named GROUP BY key HAVING count(*) BETWEEN 2 AND {LARGEST_GROUP}
            )
        )
        SELECT a.number, b.number FROM keyed a JOIN keyed b USING (key)
        WHERE a.number < b.number
        AND jaro_winkler_similarity(a.company, b.company) >= {ALIKE}
        AND jaro_winkler_similarity(a.given, b.given) >= {ALIKE}
        AND jaro_winkler_similarity(a.family, b.family) >= {ALIKE}
        """,
    )
    db.execute("DROP TABLE named")
    return found


def _plain(column: str) -> str:
    letters = f"regexp_replace(lower(strip_accents({column})), '[^\\p{{L}}\\p{{N}}]+', ' ', 'g')"
    return f"coalesce(trim({letters}), '')"


def _pairs(db: duckdb.DuckDBPyConnection, sql: str) -> Pairs:
    return {(left, right) for left, right in db.execute(sql).fetchall() if left != right}
