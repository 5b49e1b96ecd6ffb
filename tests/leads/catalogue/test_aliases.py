"""L-14: people of the catalogue whom staff merged are one, in every answer and every load."""

import dataclasses

import pytest
from pyroaring import BitMap

from cursive.lib.tenancy import system_context
from leads.catalogue import suppression
from leads.catalogue.aliases import Aliases
from leads.catalogue.loader import load_file
from leads.catalogue.local import LocalSource, local_source
from leads.catalogue.models import CatalogueMerge, CatalogueTombstone
from leads.catalogue.snapshots import Snapshots
from leads.catalogue.source import AMBIGUOUS, Match
from leads.catalogue.tombstones import bury, current_tombstones, forget_kept
from leads.filters.tree import EVERYBODY
from leads.records.person import Person
from tests.leads.catalogue.builder import build
from tests.leads.catalogue.test_commands import call
from tests.leads.catalogue.test_loader import people, write

ANN = Person(
    first_name="Ann",
    last_name="Lee",
    email="ann@acme.com",
    phone="+15125550100",
    company_name="Acme",
    company_domain="acme.com",
    country="US",
    quality_score=90,
)
OLD_ANN = dataclasses.replace(ANN, email="lee@old.example", country="CA", quality_score=50)
BOB = Person(first_name="Bob", last_name="Ray", email="bob@acme.com", country="US")


def test_chains_are_followed():
    """1 into 2 into 3, 5 into 3: one person of four, whatever the order they were merged in."""
    for pairs in (((1, 2), (2, 3), (5, 3)), ((5, 3), (2, 3), (1, 2))):
        aliases = Aliases(pairs)
        assert aliases.groups == ((3, 2, 5, 1),)
        assert [aliases.kept_for(each) for each in (1, 2, 3, 4, 5)] == [3, 3, 3, 4, 3]
        assert aliases.with_same(BitMap([1, 9])) == BitMap([1, 2, 3, 5, 9])
        assert aliases.as_one(BitMap([1, 2, 9])) == BitMap([3, 9])
    untouched = BitMap([4, 9])
    assert aliases.with_same(untouched) is untouched is aliases.as_one(untouched)


def test_the_next_one_stands_in_where_the_kept_one_is_not():
    aliases = Aliases([(1, 2), (2, 3), (7, 8)])
    everybody = BitMap([1, 2, 3, 7, 8])
    assert aliases.standing(BitMap([99]), everybody) == (
        BitMap([1, 2, 7, 99]),
        {1: 3, 2: 3, 3: 3, 7: 8, 8: 8},
    )
    dead, answers = aliases.standing(BitMap(), BitMap([1, 2, 7]))
    assert answers == {1: 2, 2: 2, 3: 2, 7: 7, 8: 7}
    assert not dead & BitMap([2, 7]) and 1 in dead
    gone = BitMap([1, 2, 3])
    assert aliases.standing(gone, everybody) == (BitMap([1, 2, 3, 7]), {7: 8, 8: 8})


@pytest.fixture
def merged(tmp_path):
    """A source in which the old Ann was merged into Ann; their ids, and one without the merge."""
    directory = build(tmp_path / "catalogue", [ANN, OLD_ANN, BOB])
    plain = LocalSource(directory, share_answers=False)
    ids = {r.person.email: r.id for r in plain.take(EVERYBODY, limit=9).records}
    old, new = ids[OLD_ANN.email], ids[ANN.email]
    aliases = Aliases([(old, new)])
    return LocalSource(directory, aliases=lambda: aliases, share_answers=False), plain, old, new


def test_the_hidden_record_is_in_no_answer(merged):
    source, plain, old, new = merged
    assert plain.count(EVERYBODY).total == 3 and plain.record(old).id == old
    assert source.count(EVERYBODY).total == 2
    assert [v.value for v in source.facets(EVERYBODY, ["country"])["country"]] == ["US"]
    for listed in (
        [row["id"] for row in source.preview(EVERYBODY)],
        [record.id for record in source.take(EVERYBODY, limit=9).records],
    ):
        assert len(listed) == 2 and old not in listed
    assert source.record(old) == source.record(new) == plain.record(new)
    assert source.records([old]) == {old: plain.record(new)}
    assert {record.id for record in source.records([old, new]).values()} == {new}
    assert source.own_records([old]) == {old: plain.record(old)}


def test_what_hits_the_hidden_record_finds_the_kept_one(merged):
    """By whatever key; what both share isn't ambiguous any more."""
    source, plain, old, new = merged
    by_email = [Person(email="Lee@old.example")]
    assert plain.match(by_email) == [Match(old, "email")]
    assert source.match(by_email) == [Match(new, "email")]
    by_phone = [Person(phone=ANN.phone, last_name="Lee")]
    assert plain.match(by_phone) == [AMBIGUOUS] and source.match(by_phone) == [Match(new, "phone")]
    by_name = [Person(first_name="Ann", last_name="Lee", company_name="ACME")]
    assert plain.match(by_name) == [AMBIGUOUS]
    assert source.match(by_name) == [Match(new, "name_company")]


def row(name: str, **fields) -> dict[str, str]:
    return {"first_name": name, "email": f"{name}@acme.example", "title": "", **fields}


def seen(directory, aliases: Aliases) -> dict[str, int]:
    """Who is found: first name → id."""
    source = LocalSource(directory, aliases=lambda: aliases, share_answers=False)
    return {r.person.first_name: r.id for r in source.take(EVERYBODY, limit=9).records}


def test_loads_keep_who_is_merged(tmp_path):
    """L-4, L-14: new rows go into the hidden record; starting over and switching back lose nobody,
    and bring nobody back under another id."""
    catalogue = tmp_path / "catalogue"
    files = iter(range(1, 99))

    def load(*rows, replace=False):
        path = write(tmp_path / f"{next(files)}.csv", rows)
        return load_file(path, catalogue, replace=replace, merged=aliases.everyone, part_rows=2)

    aliases = Aliases()
    load(row("old"), row("bob"))
    load(row("new"))
    ids = seen(catalogue, aliases)
    old, new = ids["old"], ids["new"]
    aliases = Aliases([(old, new)])
    load(row("old", title="CEO"), row("cid"))
    assert seen(catalogue, aliases).keys() == {"new", "bob", "cid"}
    assert people(catalogue)["old@acme.example"][0] == old
    assert people(catalogue)["old@acme.example"][1].title == "CEO"

    Snapshots(catalogue).switch_to(1)  # which the kept one isn't in
    assert seen(catalogue, aliases) == {"old": old, "bob": ids["bob"]}
    Snapshots(catalogue).switch_to(3)

    load(row("old"), row("dan"), replace=True)
    assert seen(catalogue, aliases).keys() == {"old", "dan"}
    load(row("eve"), replace=True)  # neither is in it,
    assert seen(catalogue, aliases).keys() == {"eve"}
    load(row("fay"))
    load(row("old"), row("new"))  # and both come back, three versions later
    assert seen(catalogue, aliases)["new"] == new
    assert people(catalogue)["old@acme.example"][0] == old
    assert "old" not in seen(catalogue, aliases)

    load(row("eve"), replace=True)
    aliases = Aliases()  # undone: what nobody needs any more is forgotten
    load(row("fay"))
    load(row("old"))
    assert seen(catalogue, aliases)["old"] not in (old, new)


def test_a_killed_load_remembers_who_is_absent(tmp_path, monkeypatch):
    catalogue = tmp_path / "catalogue"
    load_file(write(tmp_path / "1.csv", [row("old"), row("new"), row("bob")]), catalogue)
    ids = seen(catalogue, Aliases())
    merged = BitMap([ids["old"], ids["new"]])
    over = write(tmp_path / "2.csv", [row("bob")])
    with monkeypatch.context() as patch:
        patch.setattr(Snapshots, "publish", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load_file(over, catalogue, replace=True, merged=merged)
    load_file(over, catalogue, replace=True, merged=merged)
    load_file(write(tmp_path / "3.csv", [row("old")]), catalogue, merged=merged)
    assert seen(catalogue, Aliases()) == {"old": ids["old"], "bob": ids["bob"]}


@pytest.fixture
def loaded(db, tmp_path, settings, capsys):
    """A file of three, loaded by the command, two of whom are merged: (file, old's id, new's)."""
    forget_kept()
    path = write(tmp_path / "people.csv", [row("old"), row("new"), row("bob")])
    call(capsys, "load_catalogue", str(path))
    ids = seen(settings.CATALOGUE_DIR, Aliases())
    with system_context():
        CatalogueMerge.objects.create(
            hidden_id=ids["old"], kept_id=ids["new"], merged_by="sam@cast.example"
        )
    forget_kept()
    yield path, ids["old"], ids["new"]
    forget_kept()


@pytest.mark.parametrize("which", [1, 2])
def test_erasing_either_takes_both_records_away(loaded, settings, capsys, which):
    """A-18: at once from every answer, and from the next version for good."""
    path, *pair = loaded
    with system_context():
        assert local_source().count(EVERYBODY).total == 2
        assert bury([loaded[which]], reason=CatalogueTombstone.Reason.ERASURE) == 2
        assert local_source().count(EVERYBODY).total == 1
        assert local_source().records(pair) == {} == local_source().own_records(pair)
        assert local_source().match([Person(email="old@acme.example")])[0].id == 0
    call(capsys, "load_catalogue", str(path))
    assert set(people(settings.CATALOGUE_DIR)) == {"bob@acme.example"}


@pytest.mark.parametrize("who", ["old", "new"])
def test_suppressing_either_lets_no_other_stand_in(loaded, settings, capsys, who):
    """A-18: a load that leaves one out as suppressed buries the other one with it."""
    path, *pair = loaded
    before = list(suppression._providers)
    suppression.register_suppression(
        lambda: lambda contacts: (f"{who}@acme.example" in emails for emails, _ in contacts)
    )
    try:
        call(capsys, "load_catalogue", str(path))
        with system_context():
            assert current_tombstones() == BitMap(pair)
            assert local_source().count(EVERYBODY).total == 1
            reasons = CatalogueTombstone.objects.values_list("reason", flat=True)
            assert set(reasons) == {"suppressed"}
        call(capsys, "load_catalogue", str(path))
        assert set(people(settings.CATALOGUE_DIR)) == {"bob@acme.example"}
    finally:
        suppression._providers[:] = before
