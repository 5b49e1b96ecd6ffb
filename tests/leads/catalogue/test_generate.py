"""The synthetic catalogue: the same for a seed, skewed, correlated, and plainly nobody's."""

import datetime
import re

import duckdb
import phonenumbers
import pytest

from leads.catalogue.generate import generate_people, spread, titles_of, zipf
from leads.catalogue.words import places, work
from leads.filters.registry import FIELDS
from leads.records.person import FIELD_NAMES

AS_OF = datetime.date(2026, 3, 31)
ROWS = 20_000


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    """A connection whose table `people` holds a generated file."""
    path = tmp_path_factory.mktemp("generated") / "people.parquet"
    generate_people(path, rows=ROWS, seed=1, as_of=AS_OF)
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE people AS FROM '{path}'")
        yield db


def ask(db, sql):
    return db.execute(sql).fetchall()


def share(db, condition, among="TRUE"):
    return ask(
        db, f"SELECT avg(CASE WHEN {condition} THEN 1 ELSE 0 END) FROM people WHERE {among}"
    )[0][0]


def test_the_same_seed_gives_the_same_people(tmp_path):
    """Determinism: same seed, day and rows, same file; another seed, other people."""
    files = [
        tmp_path / name for name in ("a.parquet", "b.parquet", "c.parquet", "d.csv", "e.csv.gz")
    ]
    for path, seed in zip(files, (1, 1, 2, 1, 1), strict=True):
        generate_people(path, rows=1_500, seed=seed, as_of=AS_OF)
    with duckdb.connect() as db:
        columns = ", ".join(f"{name}::VARCHAR" for name in FIELD_NAMES)
        a, b, c = (ask(db, f"SELECT {columns} FROM '{path}'") for path in files[:3])
        d, e = (
            ask(db, f"SELECT {columns} FROM read_csv('{path}', all_varchar = true)")
            for path in files[3:]
        )
    assert a == b == d == e
    assert a != c and len(set(a) & set(c)) < 20


def test_columns_are_a_persons(db):
    """The file has exactly our columns, and choices are codes of the registry."""
    assert tuple(row[0] for row in ask(db, "DESCRIBE people")) == FIELD_NAMES
    for field in ("seniority", "department", "industry", "employee_band", "revenue_band",
                  "country", "email_type", "phone_type"):  # fmt: skip
        found = {r[0] for r in ask(db, f"SELECT DISTINCT {field} FROM people")} - {None}
        assert found <= FIELDS[field].choices.keys(), field


def test_nobody_can_be_reached(db):
    """RFC 2606 domains, numbers kept for fiction, LinkedIn names that say what they are."""
    for field in ("email", "work_email", "personal_email"):
        bad = f"NOT regexp_matches({field}, '[.@](example|example\\.(com|net|org))$')"
        assert share(db, f"{field} IS NOT NULL AND {bad}") == 0
    assert share(db, "NOT regexp_matches(company_domain, '\\.example(\\.(com|org))?$')") == 0
    assert share(db, "linkedin_url NOT LIKE '%-synthetic-%'") == 0
    patterns = {
        re.compile(re.escape(phone).replace(r"\#", "[0-9]"))
        for country in places.COUNTRIES
        for city in country.cities
        for phone in city.phones
    }
    assert all("55501" in p.pattern for p in patterns if p.pattern.startswith(r"\+1"))
    for (number,) in ask(db, "SELECT DISTINCT phone FROM people WHERE phone IS NOT NULL"):
        assert any(pattern.fullmatch(number) for pattern in patterns), number
        assert phonenumbers.is_valid_number(phonenumbers.parse(number)), number


def test_everybody_is_somebody_once(db):
    """L-11: every row says who it is, and no two are the same person."""
    assert share(db, "coalesce(email, linkedin_url) IS NOT NULL") == 1
    distinct = "count(DISTINCT coalesce(email, linkedin_url))"
    assert ask(db, f"SELECT {distinct} FROM people") == [(ROWS,)]


def test_a_number_is_one_persons(db, tmp_path):
    """L-13: nobody shares a number; where a city's ranges are used up, the others have none."""
    numbers = "SELECT count(phone) - count(DISTINCT phone), count(phone) FROM "
    shared, given = ask(db, f"{numbers} people")[0]
    assert shared == 0
    assert given > 0.2 * ROWS
    crowd = tmp_path / "crowd.parquet"
    generate_people(crowd, rows=60_000, seed=3, as_of=AS_OF)
    with duckdb.connect() as other:
        shared, given = ask(other, f"{numbers} '{crowd}'")[0]
        assert shared == 0
        assert given > 12_000
        manhattan = "WHERE regexp_matches(phone, '^\\+1(212|646|917)')"
        assert ask(other, f"SELECT count(phone) FROM '{crowd}' {manhattan}") == [(300,)]


def test_what_belongs_together_is_together(db):
    """Correlations: titles, places, companies, addresses, numbers and topics agree."""
    assert share(db, "title LIKE '%Counsel%' OR title LIKE '%Legal%'", "department = 'legal'") > 0.3
    assert (
        share(db, "title LIKE '%Director%' OR title LIKE '%Head of%'", "seniority = 'director'")
        == 1
    )
    for department in work.TITLES:
        allowed = {t for s in work.SENIORITY_WEIGHTS for t in titles_of(department, s)}
        where = f"department = '{department}'"
        found = {r[0] for r in ask(db, f"SELECT DISTINCT title FROM people WHERE {where}")}
        assert found <= allowed
    by_company = (
        "SELECT max(n) FROM (SELECT count(DISTINCT {}) n FROM people GROUP BY company_domain)"
    )
    for field in ("industry", "employee_band", "company_name", "company_founded"):
        assert ask(db, by_company.format(field)) == [(1,)], field
    by_city = (
        "SELECT max(n) FROM (SELECT count(DISTINCT left(postal_code, 2)) n FROM people"
        " WHERE country = 'US' GROUP BY city, state)"
    )
    assert ask(db, by_city) == [(1,)]
    assert share(db, "phone LIKE '+1212%' OR phone LIKE '+1646%' OR phone LIKE '+1917%'",
                 "city = 'New York' AND phone IS NOT NULL") == 1  # fmt: skip
    assert share(db, "work_email LIKE '%@' || company_domain", "work_email IS NOT NULL") == 1
    finance = share(db, "department = 'finance'", "industry = 'banking'")
    assert finance > 2 * share(db, "department = 'finance'")
    kubernetes = "intent_topics LIKE '%kubernetes%'"
    assert share(db, kubernetes, "department = 'engineering'") > 0.05
    assert share(db, kubernetes, "department = 'legal'") == 0


def test_it_is_skewed_like_the_world(db):
    """A few companies are large, most are small; most people are in the US; records are recent."""
    sizes = [
        r[0]
        for r in ask(db, "SELECT count(*) n FROM people GROUP BY company_domain ORDER BY n DESC")
    ]
    assert sizes[0] > 50 * sizes[len(sizes) // 2]
    assert 0.45 < share(db, "country = 'US'") < 0.65
    assert share(db, f"source_date >= DATE '{AS_OF}' - 180") > 0.4
    assert share(db, f"source_date > DATE '{AS_OF}'") == 0
    assert 0.3 < share(db, "email_verified") < 0.8
    assert share(db, "seniority = 'entry'") > 4 * share(db, "seniority = 'vp'")
    assert ask(db, "SELECT count(DISTINCT title) FROM people")[0][0] > 1_000


def test_slots_are_as_many_as_weights_say():
    """Every value that has a weight has a slot, the frequent ones more."""
    slots = spread([60, 30, 10, 0], 100)
    assert [slots.count(i) for i in range(4)] == [60, 30, 10, 0]
    many = spread(zipf(300), 1024)
    assert len(many) == 1024 and set(many) == set(range(300))
