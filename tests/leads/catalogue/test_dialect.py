"""The catalogue finds the people that the language means (S-2), by parameters only (S-3)."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from leads.catalogue import facets as facet_queries
from leads.catalogue.clickhouse import ClickHouse
from leads.catalogue.dialect import DuckDB
from leads.catalogue.local import LocalSource
from leads.filters.document import parse
from leads.filters.tree import EVERYBODY
from tests.leads.catalogue.builder import build
from tests.leads.filters.reference import matches
from tests.leads.filters.strategies import PEOPLE, TODAY, groups, person_from

MORE = [person_from(random.Random(seed)) for seed in range(1_000, 1_400)]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    directory = build(tmp_path_factory.mktemp("catalogue"), [*PEOPLE, *MORE])
    return LocalSource(directory, today=lambda: TODAY)


@pytest.fixture(scope="module")
def everybody(source):
    return source.take(EVERYBODY, limit=10_000).records


@hypothesis_settings(max_examples=300)
@given(filter=groups("catalogue"))
def test_finds_the_people_that_the_reference_finds(source, everybody, filter):
    """S-2: for every filter the engine and the plain reading of the language agree."""
    wanted = [record.id for record in everybody if matches(filter, record.person, TODAY)]
    found = source.take(filter, limit=10_000).records
    assert [record.id for record in found] == wanted  # rank order too
    assert source.count(filter).total == len(wanted)


@hypothesis_settings(max_examples=40)
@given(filter=groups("catalogue"))
def test_facets_count_what_the_reference_counts(source, everybody, filter):
    """L-3: a facet leaves its field's own top-level conditions out, and nothing else."""
    fields = facet_queries.FACET_FIELDS
    found = source.facets(filter, fields)
    for field in fields:
        narrowed = facet_queries.without(filter, field)
        counted: Counter[str] = Counter()
        for record in everybody:
            if matches(narrowed, record.person, TODAY):
                value = getattr(record.person, field)
                values = value if isinstance(value, tuple) else (value,)
                if field.endswith("_verified"):
                    values = ("true" if value else "false",)
                counted.update(one for one in values if one)
        assert {v.value: v.count for v in found[field]} == dict(counted), field


def test_all_people_come_back_as_they_were(source, everybody):
    """L-2: what went in comes out, field by field."""
    bare = {**{"quality_score": None}}
    came = Counter(repr(_without_score(record.person, bare)) for record in everybody)
    went = Counter(repr(_without_score(person, bare)) for person in [*PEOPLE, *MORE])
    assert came == went


def _without_score(person, bare):
    return {**{name: getattr(person, name) for name in person.__slots__}, **bare}


HOSTILE = "'; DROP TABLE f; --"


@pytest.mark.parametrize("dialect", [DuckDB, ClickHouse])
@hypothesis_settings(max_examples=60)
@given(filter=groups("catalogue"))
def test_no_value_of_a_user_is_in_the_sql(source, dialect, filter):
    """S-3: the SQL of two filters that differ in values only is the same but for parameters."""
    compiled = dialect(source.reader.snapshot(), as_of=TODAY)
    sql = compiled.where(filter)
    for character in "'\"%;\\":
        assert character not in sql


def test_hostile_text_is_only_ever_a_value(source):
    """S-3: quotes, comments and wildcards find nothing and break nothing."""
    for op in ("eq", "contains", "starts_with"):
        for field in ("title", "linkedin_url", "city"):
            filter = parse(
                {"version": 1, "all": [{"field": field, "op": op, "value": HOSTILE}]},
                scope="catalogue",
            )
            assert source.count(filter).total == 0
    assert source.count(EVERYBODY).total == len(PEOPLE) + len(MORE)


def test_clickhouse_says_the_same_in_its_own_words(source):
    """X-12: one compiler, two engines."""
    filter = parse(
        {
            "version": 1,
            "all": [
                {"field": "country", "op": "in", "value": ["US", "CA"]},
                {"field": "title", "op": "contains", "value": "Engineer"},
                {"field": "title", "op": "not_contains", "value": "Senior"},
                {"field": "email", "op": "is_set"},
                {"field": "source_date", "op": "within_days", "value": 30},
                {"field": "intent_topics", "op": "has_any", "value": ["payroll"]},
                {"none": [{"field": "company_name", "op": "ne", "value": "Acme"}]},
            ],
        },
        scope="catalogue",
    )
    snapshot = source.reader.snapshot()
    compiled = ClickHouse(snapshot, as_of=TODAY)
    word, bit = snapshot.topic_bit("payroll")
    assert compiled.where(filter) == (
        "(country IN {p1:Array(Int64)} AND has_email AND source_date >= {p2:Int64}"
        f" AND (bitAnd(topics_{word}, {{p3:Int64}}) <> 0)"
        " AND (NOT (company_name NOT IN (SELECT code FROM d_company_name"
        " WHERE folded = {p4:String})))"
        " AND title IN (SELECT code FROM d_title WHERE position(folded, {p5:String}) > 0"
        " AND NOT (position(folded, {p6:String}) > 0)))"
    )
    assert compiled.parameters == {
        "p1": snapshot.codes("country", ["US", "CA"]),
        "p2": TODAY.toordinal() - 30,
        "p3": 1 << bit,
        "p4": "acme",
        "p5": "engineer",
        "p6": "senior",
    }
