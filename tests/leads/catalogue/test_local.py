"""The local source: counts, previews, batches, suggestions, limits (L-3, S-5, S-8)."""

import datetime
import threading
import time

import pytest
from pyroaring import BitMap

from cursive.lib.errors import InvalidInput
from leads.catalogue.facets import FACET_FIELDS
from leads.catalogue.local import LocalSource
from leads.catalogue.masking import mask_email, mask_phone
from leads.catalogue.source import CatalogueBusy, CatalogueEmpty, QueryTimeout, Superseded
from leads.filters.document import parse
from leads.filters.tree import EVERYBODY
from leads.records.person import Person
from tests.leads.catalogue.builder import DAY, build

SLOW = "SELECT sum(a.rank * b.rank) FROM f a, f b, f c, f d, f e, f g"


def who(*conditions):
    """A filter of conditions (field, op, value), all of which must hold."""
    parts = [dict(zip(("field", "op", "value"), one, strict=False)) for one in conditions]
    return parse({"version": 1, "all": parts}, scope="catalogue")


def person(number, **fields):
    """Somebody of a small crowd, with a score that falls and a date that rises with the number."""
    return Person(
        first_name=f"P{number}",
        email=f"p{number}@acme.example",
        work_email=f"p{number}@acme.example",
        email_type="work",
        email_verified=number % 2 == 0,
        phone=f"+1512555{number:04}",
        country="US" if number % 3 else "CA",
        state="TX" if number % 3 else "ON",
        city="Austin" if number % 3 else "Toronto",
        title="Data Engineer" if number % 2 else "data engineer",
        company_name=f"Company {number % 7}",
        seniority=("vp", "director")[number % 2],
        intent_topics=("payroll", "seo") if number % 5 == 0 else ("seo",),
        source_date=DAY - datetime.timedelta(days=300 - number // 2),
        quality_score=100 - number // 4,
        **fields,
    )


CROWD = [person(number) for number in range(300)]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return build(tmp_path_factory.mktemp("catalogue"), CROWD)


@pytest.fixture
def source(directory):
    return LocalSource(directory, today=lambda: DAY)


def test_counts_people_and_those_who_are_new(source):
    """L-3: exact, and without those whom the workspace owns."""
    assert source.count(EVERYBODY) == (300, 300)
    assert source.count(who(("country", "in", ["CA"]))) == (100, 100)
    canadians = source.take(who(("country", "in", ["CA"])), limit=500).records
    owned = BitMap([record.id for record in canadians[:40]])
    assert source.count(who(("country", "in", ["CA"])), owned=owned) == (100, 60)
    assert source.count(EVERYBODY, owned=owned) == (300, 260)
    assert source.count(who(("country", "in", ["US"])), owned=owned) == (200, 200)


def test_previews_the_best_people_masked(source):
    """L-3: 20 people, best score first; e-mail and phone are masked, the rest isn't."""
    rows = source.preview(EVERYBODY)
    assert len(rows) == 20
    assert [row["quality_score"] for row in rows] == [100] * 4 + [99] * 4 + [98] * 4 + [97] * 4 + [
        96
    ] * 4
    for row in rows:
        assert row["email"] == row["work_email"] == "p•••••@acme.example"
        assert row["phone"].startswith("+1•") and row["phone"][2:-2].strip("•") == ""
        assert row["first_name"].startswith("P") and row["id"] > 0
    fresh = source.preview(EVERYBODY, limit=3, order="fresh")
    assert [row["source_date"] for row in fresh] == sorted(
        (p.source_date for p in CROWD), reverse=True
    )[:3]


def test_the_preview_shows_whom_a_pull_would_bring(source):
    """L-3: new people first; who is owned already only fills what is left."""
    best = source.take(EVERYBODY, limit=40).records
    owned = BitMap([record.id for record in best])
    shown = [row["id"] for row in source.preview(EVERYBODY, owned=owned)]
    assert len(shown) == 20 and owned.isdisjoint(BitMap(shown))
    canadians = source.take(who(("country", "in", ["CA"])), limit=500).records
    owned = BitMap([record.id for record in canadians[5:]])
    shown = [row["id"] for row in source.preview(who(("country", "in", ["CA"])), owned=owned)]
    assert shown == [record.id for record in canadians[:20]]
    owned = BitMap([record.id for record in canadians[:10]])
    filter = who(("country", "in", ["CA"]))
    shown = [row["id"] for row in source.preview(filter, limit=100, owned=owned)]
    assert shown == [record.id for record in canadians[10:] + canadians[:10]]


def test_masks_say_nothing_about_length():
    """L-3: what is hidden is hidden."""
    assert mask_email("a@x.example") == "a•••••@x.example"
    assert mask_email("annabelle.smith@x.example") == "a•••••@x.example"
    assert mask_phone("+15125550123") == "+1••••••••23"
    assert mask_phone("+493023125123") == "+49••••••••23"
    assert mask_email(None) is None and mask_phone("") == ""


@pytest.mark.parametrize("order", ["score", "fresh"])
def test_takes_everybody_once_batch_by_batch(source, order):
    """S-8: batches go on after the last, in order, nobody twice and nobody left out."""
    cursor, seen = None, []
    while True:
        batch = source.take(EVERYBODY, limit=37, order=order, after_cursor=cursor)
        seen += batch.records
        cursor = batch.cursor
        if cursor is None:
            break
        assert len(batch.records) == 37
    assert sorted(record.id for record in seen) == list(range(1, 301))
    if order == "score":
        assert [record.rank for record in seen] == list(range(1, 301))
    else:
        keys = [(-r.person.source_date.toordinal(), r.rank) for r in seen]
        assert keys == sorted(keys)
    assert seen[0].person in CROWD


def test_takes_nobody_who_is_owned(source):
    """L-13: owned people are passed over, and the batch is filled with others."""
    first = source.take(EVERYBODY, limit=50)
    owned = BitMap([record.id for record in first.records])
    second = source.take(EVERYBODY, limit=50, owned=owned)
    assert [r.rank for r in second.records] == list(range(51, 101))
    nobody = source.take(EVERYBODY, limit=50, owned=BitMap(range(1, 301)))
    assert (list(nobody.records), nobody.cursor) == ([], None)


def test_a_cursor_of_another_version_starts_again(source):
    """A cursor holds for one version; a foreign one begins at the top, a broken one is refused."""
    assert source.take(EVERYBODY, limit=5, after_cursor="99:1:5").records[0].rank == 1
    with pytest.raises(InvalidInput):
        source.take(EVERYBODY, limit=5, after_cursor="1; DROP")


def test_the_dead_are_in_no_answer(directory):
    """L-4, A-18: a tombstone takes a person out of counts, facets, previews, batches, look-ups."""
    dead = BitMap()
    source = LocalSource(directory, tombstones=lambda: dead, today=lambda: DAY)
    filter = who(("country", "in", ["CA"]))
    victim = source.take(filter, limit=1).records[0]
    assert source.record(victim.id).person == victim.person
    dead.add(victim.id)
    assert source.count(filter) == (99, 99)
    assert source.count(EVERYBODY) == (299, 299)
    assert victim.id not in [row["id"] for row in source.preview(filter, limit=100)]
    assert victim.id not in [r.id for r in source.take(filter, limit=100).records]
    facet = source.facets(EVERYBODY, ["country"])["country"]
    assert {v.value: v.count for v in facet} == {"US": 200, "CA": 99}
    assert source.record(victim.id) is None


def test_facets_are_labelled_and_ordered(source):
    """S-5: every field that has counts gives them, most frequent first."""
    found = source.facets(EVERYBODY, FACET_FIELDS)
    assert [(v.value, v.label, v.count) for v in found["country"]] == [
        ("US", "United States", 200),
        ("CA", "Canada", 100),
    ]
    assert [(v.value, v.count) for v in found["intent_topics"]] == [("seo", 300), ("payroll", 60)]
    assert {v.value: v.count for v in found["email_verified"]} == {"true": 150, "false": 150}
    assert {v.value for v in found["title"]} == {"Data Engineer", "data engineer"}
    assert found["industry"] == []
    with pytest.raises(InvalidInput):
        source.facets(EVERYBODY, ["email"])


def test_a_facet_leaves_out_its_own_choice(source):
    """S-5: after choosing Canada, the United States can still be seen and added."""
    chosen = who(("country", "in", ["CA"]), ("seniority", "in", ["vp"]))
    found = source.facets(chosen, ["country", "seniority", "city"])
    assert {v.value: v.count for v in found["country"]} == {"US": 100, "CA": 50}
    assert {v.value: v.count for v in found["seniority"]} == {"vp": 50, "director": 50}
    assert {v.value: v.count for v in found["city"]} == {"Toronto": 50}


def test_suggests_while_typing(source):
    """S-5: type-ahead with counts; spellings that compare alike are one suggestion."""
    assert [(v.value, v.count) for v in source.suggest("title", "DATA")] == [("Data Engineer", 300)]
    assert [v.count for v in source.suggest("title", "engin")] == [300]
    assert [v.value for v in source.suggest("city", "tor")] == ["Toronto"]
    assert len(source.suggest("company_name", "comp", limit=3)) == 3
    assert [v.value for v in source.suggest("country", "united")] == ["US"]
    assert [v.value for v in source.suggest("intent_topics", "pay")] == ["payroll"]
    assert source.suggest("title", "' OR 1=1 --") == []
    with pytest.raises(InvalidInput):
        source.suggest("email", "a")


def test_looks_up_one_person(source):
    """A record by its id, unmasked; an unknown id is nobody."""
    record = source.take(EVERYBODY, limit=1).records[0]
    assert source.record(record.id) == record
    assert "•" not in source.record(record.id).person.email
    for id in (0, -1, 301, 2**40):
        assert source.record(id) is None


def test_no_catalogue_is_said_so(tmp_path):
    """L-3: before the first load every question gets the same plain answer."""
    source = LocalSource(tmp_path / "none")
    for ask in (
        source.version,
        lambda: source.count(EVERYBODY),
        lambda: source.facets(EVERYBODY, ["country"]),
        lambda: source.preview(EVERYBODY),
        lambda: source.take(EVERYBODY, limit=1),
        lambda: source.suggest("city", "a"),
        lambda: source.record(1),
    ):
        with pytest.raises(CatalogueEmpty):
            ask()


def test_a_search_that_takes_too_long_is_ended(directory):
    """Queries have a time limit, and the next one is answered."""
    source = LocalSource(directory, time_limit=0.2)
    snapshot = source.reader.snapshot()
    started = time.monotonic()
    with pytest.raises(QueryTimeout), source.runner.search(snapshot) as search:
        search.fetch(SLOW)
    assert time.monotonic() - started < 3
    assert source.count(EVERYBODY).total == 300


def test_a_newer_keystroke_ends_the_older_search(directory):
    """S-5: the older search of the same client stops; other clients' go on."""
    source = LocalSource(directory, time_limit=20)
    snapshot = source.reader.snapshot()
    ended: list[object] = []
    running = threading.Event()

    def type_first():
        try:
            with source.runner.search(snapshot, "client") as search:
                running.set()
                search.fetch(SLOW)
        except Superseded as error:
            ended.append(error)

    typist = threading.Thread(target=type_first)
    started = time.monotonic()
    typist.start()
    assert running.wait(5)
    time.sleep(0.05)
    assert source.count(who(("city", "eq", "austin")), cancel_key="other").total == 200
    assert not ended
    assert source.count(who(("city", "eq", "toronto")), cancel_key="client").total == 100
    typist.join(5)
    assert len(ended) == 1 and time.monotonic() - started < 10


def test_too_many_searches_at_once_are_refused(directory):
    """A search that doesn't get its turn says so instead of piling up."""
    source = LocalSource(directory)
    source.runner.patience = 0.05
    snapshot = source.reader.snapshot()
    held = [source.runner.search(snapshot) for _ in range(8)]
    for each in held:
        each.__enter__()
    with pytest.raises(CatalogueBusy):
        source.preview(EVERYBODY)
    for each in held:
        each.__exit__(None, None, None)
    assert len(source.preview(EVERYBODY)) == 20


def test_counts_are_kept_by_version_filter_and_day(directory):
    """S-5: the same question is not asked twice, unless the answer could differ."""
    day = [DAY]
    source = LocalSource(directory, today=lambda: day[0])
    filter = who(("source_date", "within_days", 160))
    first = source.count(filter)
    source.runner.patience = 0
    held = [source.runner.search(source.reader.snapshot()) for _ in range(8)]
    for each in held:
        each.__enter__()
    assert source.count(filter) == first  # without a query: there is no turn to be had
    day[0] += datetime.timedelta(days=5)
    with pytest.raises(CatalogueBusy):
        source.count(filter)
    for each in held:
        each.__exit__(None, None, None)
    assert source.count(filter).total < first.total
