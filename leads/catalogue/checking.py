"""Vouches for rows in the table `raw` by whole columns, so that millions load in minutes.

A row is plain when reading it (PersonReader) would change nothing. What depends on one value alone
is asked of the reader's own functions, once for each distinct value of a part; what spans columns,
and values that are different for everybody, is tested in SQL, narrower than the reader's rules:
a row in doubt is read the usual way. That both ways give the same snapshot is tested.
"""

import datetime
from collections.abc import Callable, Iterator

import duckdb

from leads.records.mapping import guess_mapping
from leads.records.normalise import clean_postal_code, clean_text, clean_topics, today
from leads.records.person import FIELD_NAMES, Person
from leads.records.phones import parse_phone
from leads.records.places import clean_country, clean_state
from leads.records.reading import PersonReader

from .layout import TOPIC_SEPARATOR
from .staging import HASH_OF_KEY, STAGED, key_sql

_SOMEBODY = "somebody@example.com"
_ADDRESS = (
    r"[a-z0-9_+-]{1,20}(\.[a-z0-9_+-]{1,20}){0,2}"
    r"@([a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?\.){1,3}[a-z]{2,20}"
)
_ELSEWHERE = r"(@(gmail|googlemail)\.com|\.(arpa|invalid|local|localhost|onion|test))$"
_LINKEDIN = r"https://www\.linkedin\.com/in/[a-z0-9][a-z0-9-]{0,150}"


def mark_plain(db: duckdb.DuckDBPyConnection) -> None:
    """Settle which of the rows are plain."""
    latest = today() + datetime.timedelta(days=1)
    tests = _spanning_tests()
    tests += [_date_test(field, latest) for field in ("source_date", "email_verified_at")]
    db.execute(f"UPDATE raw SET plain = FALSE WHERE NOT coalesce({' AND '.join(tests)}, FALSE)")
    for columns, is_plain in _value_tests().items():
        _check_values(db, columns, is_plain)


def doubtful_rows(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, values) of the rows that aren't plain, in order."""
    columns = ", ".join(f"coalesce({name}, '')" for name in FIELD_NAMES)
    for row in db.execute(f"SELECT n, {columns} FROM raw WHERE NOT plain ORDER BY n").fetchall():
        yield row[0], list(row[1:])


def plain_sql(base: int) -> str:
    """Return the SELECT that stages the plain rows; `seq` is their line plus `base`."""
    key = key_sql(
        "CASE WHEN email IS NOT NULL THEN email || '||'"
        " WHEN phone IS NOT NULL THEN '|' || coalesce(company_domain, '') || '|' || phone"
        " ELSE 'linkedin|' || linkedin_url END"
    )
    values = {"h": HASH_OF_KEY, "key": "key", "seq": f"n + {base}", "id": "NULL::INTEGER"}
    values["given_score"] = "quality_score::INTEGER"
    columns = [
        f"{values[name]} AS {name}" if name in values else f"{name}::{kind} AS {name}"
        for name, kind in STAGED.items()
    ]
    return f"SELECT {', '.join(columns)} FROM (SELECT *, {key} AS key FROM raw WHERE plain)"


def drop(db: duckdb.DuckDBPyConnection) -> None:
    """Forget the rows."""
    db.execute("DROP TABLE raw")


def _spanning_tests() -> list[str]:
    """What must hold between columns, and for values that are different for everybody."""
    tests = [
        # Somebody is there, and by what the key is made of.
        "coalesce(email, phone, linkedin_url) IS NOT NULL",
        # The best address is the work address, else the personal one.
        "email IS NOT DISTINCT FROM coalesce(work_email, personal_email)",
        "email_type IS NOT DISTINCT FROM CASE WHEN work_email IS NOT NULL THEN 'work'"
        " WHEN personal_email IS NOT NULL THEN 'personal' END",
        "(email IS NOT NULL OR (email_verified IS NULL AND email_verified_at IS NULL))",
        # The number is the mobile or the direct one, and the only one.
        "(phone IS NOT NULL OR coalesce(mobile_phone, direct_phone, phone_type, phone_verified)"
        " IS NULL)",
        "mobile_phone IS NOT DISTINCT FROM CASE WHEN phone_type = 'mobile' THEN phone END",
        "direct_phone IS NOT DISTINCT FROM CASE WHEN phone_type = 'direct' THEN phone END",
        "(phone IS NULL OR phone_type IS NOT NULL)",
        # What the reader would find out from other columns is there.
        "(title IS NULL OR (seniority IS NOT NULL AND department IS NOT NULL))",
        "(state IS NULL OR country IS NOT NULL)",
        f"(linkedin_url IS NULL OR regexp_full_match(linkedin_url, '{_LINKEDIN}'))",
    ]
    for field in ("work_email", "personal_email"):
        tests.append(
            f"({field} IS NULL OR (regexp_full_match({field}, '{_ADDRESS}')"
            f" AND NOT regexp_matches({field}, '{_ELSEWHERE}')))"
        )
    for field in ("email_verified", "phone_verified"):
        tests.append(f"({field} IS NULL OR {field} IN ('true', 'false'))")
    return tests


def _date_test(field: str, latest: datetime.date) -> str:
    shape = f"regexp_full_match({field}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"
    day = f"try_cast({field} AS DATE)"
    bounds = f"BETWEEN DATE '1970-01-01' AND DATE '{latest.isoformat()}'"
    return f"({field} IS NULL OR ({shape} AND coalesce({day} {bounds}, FALSE)))"


def _value_tests() -> dict[tuple[str, ...], Callable[..., bool]]:
    """For columns whose values repeat: does reading leave a value (or values together) alone?"""
    tests: dict[tuple[str, ...], Callable[..., bool]] = {
        ("country",): lambda code: clean_country(code) == code,
        ("state", "country"): lambda state, country: (
            clean_text(state, 80) == state and clean_state(state, country) == state
        ),
        ("postal_code", "country"): lambda code, country: clean_postal_code(code, country) == code,
        ("phone",): lambda number: parse_phone(number, None) == number,
        ("intent_topics",): lambda topics: TOPIC_SEPARATOR.join(clean_topics(topics)) == topics,
    }
    for field, limit in (("first_name", 100), ("last_name", 100), ("company_name", 200),
                         ("city", 100)):  # fmt: skip
        tests[(field,)] = lambda text, limit=limit: clean_text(text, limit) == text
    for field in ("title", "company_domain", "seniority", "department", "industry", "naics",
                  "employee_band", "revenue_band", "company_founded", "quality_score"):  # fmt: skip
        tests[(field,)] = _read_alone(field)
    return tests


def _read_alone(field: str) -> Callable[[str], bool]:
    """A test that reads a value in a row in which nothing else but an address is."""
    reader = PersonReader(guess_mapping(["email", field], []))

    def is_plain(value: str) -> bool:
        person = reader.read([_SOMEBODY, value])
        return isinstance(person, Person) and str(getattr(person, field)) == value

    return is_plain


def _check_values(
    db: duckdb.DuckDBPyConnection, columns: tuple[str, ...], is_plain: Callable[..., bool]
) -> None:
    """Mark rows as not plain whose values a test refuses; each distinct value is asked once."""
    names = ", ".join(columns)
    found = db.execute(
        f"SELECT DISTINCT {names} FROM raw WHERE plain AND {columns[0]} IS NOT NULL"
    ).fetchall()
    bad = [values for values in found if not is_plain(*values)]
    if bad:
        same = " AND ".join(f"raw.{name} IS NOT DISTINCT FROM bad.{name}" for name in columns)
        lists = ", ".join(f"unnest(${i + 1}::VARCHAR[]) AS {n}" for i, n in enumerate(columns))
        db.execute(
            f"UPDATE raw SET plain = FALSE FROM (SELECT {lists}) bad WHERE {same}",
            [list(column) for column in zip(*bad, strict=True)],
        )
