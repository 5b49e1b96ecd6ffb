"""L-7: the rule in SQL says what its table says."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connections
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cursive.lib.vocabulary import EMPLOYEE_BANDS, INDUSTRIES
from leads.scoring.rule import MOST, OTHER_PARTS, PIXEL_PARTS, Icp, Rule
from tests.leads.scoring.reading import points

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
ROWS = (
    "jsonb_to_recordset(%(rows)s::jsonb) AS plain(email_verified bool, verification_status text,"
    " phone_verified bool, source text, pages_viewed int, seconds_on_site int, title text,"
    " intent_topics text[], employee_band text, industry text, created_at timestamptz,"
    " last_seen_at timestamptz)"
)
FEW_WORDS = ("head", "of", "sales", "vp", "Sales", "VP", "café", "cafe", "C++", "менеджер", "a")
titles = st.one_of(
    st.lists(st.sampled_from(FEW_WORDS), max_size=5).map(" ".join),
    st.lists(st.sampled_from(FEW_WORDS), max_size=4).map(", ".join),
    st.text(alphabet="abXÄéбЖ09 ,.-/&()%_'\\+", max_size=12),
)
topics = st.sampled_from(["crm_software", "cloud", "cloud_security"])
bands = st.sampled_from(["", *EMPLOYEE_BANDS])
industries = st.sampled_from(["", *list(INDUSTRIES)[:3]])
counts = st.one_of(st.none(), st.integers(-5, 700), st.just(2_147_483_647))
moments = st.datetimes(
    NOW.replace(tzinfo=None) - timedelta(days=18),
    NOW.replace(tzinfo=None) + timedelta(days=2),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-11))]),
)
leads = st.fixed_dictionaries(
    {
        "email_verified": st.booleans(),
        "verification_status": st.sampled_from(["", "valid", "invalid", "catch_all"]),
        "phone_verified": st.booleans(),
        "source": st.sampled_from(["database", "pixel", "upload"]),
        "pages_viewed": counts,
        "seconds_on_site": counts,
        "title": titles,
        "intent_topics": st.lists(topics, max_size=3),
        "employee_band": bands,
        "industry": industries,
        "created_at": moments,
        "last_seen_at": st.one_of(st.none(), moments),
    }
)
icps = st.fixed_dictionaries(
    {
        "employee_bands": st.lists(bands.filter(bool), max_size=3),
        "industries": st.lists(industries.filter(bool), max_size=2),
        "titles": st.lists(titles, max_size=4),
        "intent_topics": st.lists(
            st.sampled_from(["CRM software", "Cloud", "cloud  security", "—"]), max_size=3
        ),
    }
)


def by_sql(
    rows: list[dict[str, Any]], icp: dict[str, list[str]], weights: dict[str, float] | None = None
) -> list[tuple[int, dict]]:
    rule = Rule(Icp.of(icp), NOW.date(), weights)
    statement = (
        f"SELECT {rule.score}, {rule.factors}"
        f" FROM (SELECT *, fold_text(title) AS title_folded FROM {ROWS}) lead"
    )
    values = rule.params | {"rows": json.dumps(rows, default=datetime.isoformat)}
    with connections["default"].cursor() as cursor:
        cursor.execute(statement, values)
        return [(score, json.loads(factors)) for score, factors in cursor.fetchall()]


NOBODY = {"employee_bands": [], "industries": [], "titles": [], "intent_topics": []}
PLAIN = {
    "email_verified": False,
    "verification_status": "",
    "phone_verified": False,
    "source": "database",
    "pages_viewed": None,
    "seconds_on_site": None,
    "title": "",
    "intent_topics": [],
    "employee_band": "",
    "industry": "",
    "created_at": NOW - timedelta(days=40),
    "last_seen_at": None,
}


@settings(
    max_examples=150,
    print_blob=True,
)
@given(rows=st.lists(leads, min_size=1, max_size=20), icp=icps)
@example(rows=[PLAIN | {"title": "Head"}], icp=NOBODY | {"titles": ["—", " "]})
def test_sql_agrees_with_a_plain_reading_of_the_table(db, rows, icp):
    found = by_sql(rows, icp)
    assert [factors for _, factors in found] == [points(row, icp, NOW.date()) for row in rows]
    for row, (score, factors) in zip(rows, found, strict=True):
        assert score == sum(factors.values()) and 0 <= score <= 100
        assert set(factors) == set(PIXEL_PARTS if row["source"] == "pixel" else OTHER_PARTS)
        assert all(0 <= factors[part] <= MOST[part] for part in factors)


def test_the_most_is_100_on_either_way():
    for parts in (PIXEL_PARTS, OTHER_PARTS):
        assert sum(MOST[part] for part in parts) == 100


@pytest.mark.parametrize(
    ("wanted", "title", "fits"),
    [
        ("Head of Sales", "Head of Marketing & Sales, EMEA", True),
        ("VP Sales", "VP of Sales", True),
        ("sales", "Salesforce Administrator", False),
        ("CTO", "Co-Founder/CTO", True),
        ("Café Owner", "owner, CAFE", True),
        ("C++ Developer", "C developer", True),
        ("Менеджер", "старший менеджер", True),
    ],
)
def test_all_words_of_a_wanted_title_must_be_there(db, wanted, title, fits):
    ((_, factors),) = by_sql([PLAIN | {"title": title}], NOBODY | {"titles": [wanted]})
    assert factors["title"] == (15 if fits else 0)


@pytest.mark.parametrize(
    ("moment", "recency"),
    [
        ("2026-03-15T00:00:00Z", 15),
        ("2026-03-14T23:59:59Z", 14),
        ("2026-03-15T08:59:59+09:00", 14),
        ("2026-03-01T00:00:00Z", 1),
        ("2026-02-28T23:59:59Z", 0),
        ("2026-04-01T00:00:00Z", 15),
    ],
)
def test_days_begin_at_midnight_utc(db, moment, recency):
    created = datetime.fromisoformat(moment)
    ((_, factors),) = by_sql([PLAIN | {"created_at": created}], NOBODY)
    assert factors["recency"] == recency
