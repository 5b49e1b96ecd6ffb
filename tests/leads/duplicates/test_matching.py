"""L-12: the matcher itself: roles by name, groups without chains, quality on made people."""

from itertools import product

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.catalogue.engine import connect
from leads.duplicates import matching, weights
from leads.duplicates.clusters import assign_pairs, group_by_average
from leads.duplicates.matching import PERSONS, SCHEMAS, guess_schema, match_table
from leads.duplicates.roles import find_roles
from leads.duplicates.schemas import slips
from leads.duplicates.training import make_people
from leads.duplicates.weights import bits, probability, trained

PAIRS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(13, 25), st.floats(-20, 20)),
    max_size=15,
    unique_by=lambda pair: pair[:2],
)
CALM = settings(max_examples=50)


@pytest.mark.parametrize(
    ("columns", "schema"),
    [
        (["Given Name", "surname", "date_of_birth", "suburb"], "person"),
        (["first_name", "last_name", "email", "company_name"], "person"),
        (["title", "authors", "venue", "year"], "publication"),
        (["name", "description", "price"], "thing"),
    ],
)
def test_a_schema_is_guessed_from_the_columns(columns, schema):
    assert guess_schema(columns).name == schema


def test_each_column_plays_one_role():
    found = find_roles(["http://x.example/people#name", "Phone-Number", "odd"], PERSONS.roles)
    assert found == {"full_name": "http://x.example/people#name", "phone": "Phone-Number"}


def test_weak_links_make_no_chain():
    """A is like B and B like C, but A is nothing like C."""
    assert group_by_average([(1, 2, 9.0), (2, 3, 1.0), (1, 3, -12.0)]) == [[1, 2]]
    chain = [(n, n + 1, 3.0) for n in range(20)]
    assert max(len(group) for group in group_by_average(chain)) <= 3
    everybody = [(a, b, 3.0) for a in range(5) for b in range(a)]
    assert group_by_average(everybody) == [[0, 1, 2, 3, 4]]


@CALM
@given(PAIRS)
def test_groups_are_apart(pairs):
    groups = group_by_average(pairs)
    members = [record for group in groups for record in group]
    assert len(members) == len(set(members))
    assert all(len(group) > 1 for group in groups)


@CALM
@given(PAIRS)
def test_one_to_one_is_one_to_one(pairs):
    chosen = assign_pairs(pairs)
    for side in (0, 1):
        assert len({pair[side] for pair in chosen}) == len(chosen)


@CALM
@given(st.floats(-50, 50))
def test_bits_and_probabilities_are_two_ways_to_say_one_thing(weight):
    assert bits(probability(weight)) == pytest.approx(weight, abs=0.5)


def test_the_model_of_people_knows_each_level_of_a_lead():
    model = trained("person")
    assert {name.split(":")[0] for name in model} >= {"first_name", "email", "phone", "company"}
    assert all(0 < said["m"] <= 1 and 0 < said["u"] <= 1 for said in model.values())
    assert model["email: same"]["u"] < 0.001 < 0.2 < model["email: same"]["m"]


def test_quality_on_made_people(tmp_path):
    """Half of the second records are so spoiled that no address or number is left to go by."""
    with connect(tmp_path / "work.duckdb", threads=2, spill=tmp_path) as db:
        make_people(db, tmp_path, people=2_000, duplicates=400, seed=5)
        true = {
            tuple(row)
            for row in db.execute(
                "SELECT a.unique_id, b.unique_id FROM people a JOIN people b"
                " ON a.person = b.person AND a.unique_id < b.unique_id"
            ).fetchall()
        }
        matches = match_table(db, "people", ignore=["person"])
        left = [row[0] for row in db.execute("SHOW TABLES").fetchall()]
    groups = matches.groups()
    found = {(a, b) for group in groups for a in group for b in group if a < b}
    right = len(found & true)
    assert right / len(true) > 0.9, "recall"
    assert right / len(found) > 0.85, "precision"
    assert not {"cleaned", "blocked"} & set(left)


def test_tables_larger_than_what_chance_is_counted_in(tmp_path, monkeypatch):
    """Chance is counted in some of a large table's records; here large is 400."""
    monkeypatch.setattr(weights, "COUNTED", 400)
    with connect(tmp_path / "work.duckdb", spill=tmp_path) as db:
        make_people(db, tmp_path, people=500, duplicates=20, seed=5)
        matches = match_table(db, "people", ignore=["person"])
    assert matches.records == 520 and len(matches.groups()) > 10


def test_what_is_dropped_before_the_estimate_counts_nowhere(tmp_path, monkeypatch):
    """Keeping every pair that was looked at gives the same pairs and the same groups."""
    with connect(tmp_path / "work.duckdb", spill=tmp_path) as db:
        make_people(db, tmp_path, people=1_300, duplicates=200, seed=5)
        least: list[float] = []
        known = matching.least_weight
        monkeypatch.setattr(
            matching, "least_weight", lambda **said: least.append(known(**said)) or least[-1]
        )
        some = match_table(db, "people", ignore=["person"])
        monkeypatch.setattr(matching, "least_weight", lambda **_: -1_000.0)
        every = match_table(db, "people", ignore=["person"])
    assert least[0] > -14 and some.looked_at == every.looked_at > 10 * len(some.pairs)
    for one, other in zip(some.pairs, every.pairs, strict=True):
        assert (one.left, one.right) == (other.left, other.right)
        assert one.weight == pytest.approx(other.weight, abs=0.05)
    assert some.groups() == every.groups() != []


def test_a_common_town_says_less_than_a_rare_one(tmp_path):
    """Everybody's postal code is their own: it can't make a large town rare."""
    with connect(tmp_path / "work.duckdb", spill=tmp_path) as db:
        make_people(db, tmp_path, people=1_300, duplicates=0, seed=5)
        db.execute("UPDATE people SET city = 'Berlin', postal_code = 20000 + unique_id")
        for first, town in ((2_000, "Berlin"), (3_000, "Uhlenhorst")):
            for twin in (first, first + 1):
                db.execute(
                    "INSERT INTO people (unique_id, first_name, last_name, company_name, city,"
                    " postal_code) VALUES (?, 'Ilse', 'Quandt', ?, ?, ?)",
                    [twin, f"Firm {twin}", town, str(50_000 + twin)],
                )
        matches = match_table(db, "people", ignore=["person"])
    found = {(one.left, one.right): one for one in matches.pairs}
    large, small = found[2_000, 2_001], found[3_000, 3_001]
    assert large.reasons["place"] == small.reasons["place"] == "same town"
    assert small.weight > large.weight + 5


def test_asking_levenshtein_first_loses_no_slip():
    """All words of three letters up to a length of five, each with each."""
    words = ["".join(word) for size in range(6) for word in product("abc", repeat=size)]
    with duckdb.connect() as db:
        db.execute("CREATE TABLE word AS SELECT unnest(?::VARCHAR[]) AS text", [words])
        pairs = "(SELECT a.text AS x_l, b.text AS x_r FROM word a, word b)"
        for most in (1, 2):
            wrong = f"({slips('x', most)}) <> (damerau_levenshtein(x_l, x_r) <= {most})"
            assert db.execute(f"FROM {pairs} WHERE {wrong}").fetchall() == []


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_two_records_of_any_kind(name):
    """No table is too small, and none needs all roles."""
    schema = SCHEMAS[name]
    role = schema.roles[0].names[0]
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE t AS SELECT 1 AS unique_id, 'Anvil of' AS \"{role}\"")
        assert match_table(db, "t", schema=schema).pairs == []
        db.execute("INSERT INTO t VALUES (2, 'Anvil of'), (3, NULL)")
        matches = match_table(db, "t", schema=schema)
        assert matches.looked_at == 3
