"""L-14: a merge is undone field by field; what was changed after it stays, and is said."""

import datetime

import pytest

from cursive.lib.errors import Conflict
from cursive.lib.tenancy import tenant_context
from leads.duplicates.models import LeadMerge
from leads.imports.filling import fill_leads
from leads.records.identity import dedup_hash
from leads.records.models import Lead, LeadActivity
from leads.records.operations import delete_lead, update_lead
from leads.records.person import Person
from tests import cast
from tests.leads.duplicates.test_merging import merge, score, undo
from tests.leads.duplicates.twins import GRACE, actor, lead, rows

OLD = {"source_date": datetime.date(2020, 1, 1)}
NEW = {"source_date": datetime.date(2026, 1, 1)}


def change(acme, one: Lead, **changes) -> None:
    with tenant_context(acme.id):
        update_lead(workspace_id=acme.id, lead_id=one.id, actor=actor(acme), changes=changes)


def write(acme, one: Lead, **columns) -> None:
    """As a task does it that writes rows."""
    with tenant_context(acme.id):
        Lead.objects.filter(id=one.id).update(**columns)


def verify(acme, one: Lead, status: str = "invalid") -> None:
    write(acme, one, verification_status=status, email_verified=status == "valid")


def test_later_tags_status_owner_and_notes_stay_and_the_rest_goes_back(acme):
    one = cast.lead(acme, **GRACE | OLD, tags=["a"], notes="one", city="Graz")
    two = cast.lead(acme, **GRACE | NEW, tags=["b"], notes="two", city="Linz", phone="+12025550143")
    score(acme, one, two)
    before = rows(acme)
    done = merge(acme, one, two)
    change(
        acme,
        one,
        tags=["a", "b", "later"],
        status="contacted",
        owner_id=acme.alice.id,
        notes="one\n\ntwo\n\nlater",
    )
    undone = undo(acme, done)
    assert sorted(undone.stayed) == ["Notes", "Owner", "Status", "Tags"]
    kept = lead(acme, one.id)
    assert (kept.tags, kept.status, kept.owner_id) == (["a", "later"], "contacted", acme.alice.id)
    assert kept.notes == "one\n\ntwo\n\nlater"
    assert (kept.city, kept.phone, kept.email) == ("Graz", "", one.email)
    assert kept.dedup_hash == one.dedup_hash and kept.updated_at > done.created_at
    (other,) = (row for row in rows(acme) if row["id"] == two.id)
    assert other == next(row for row in before if row["id"] == two.id)
    with tenant_context(acme.id):
        (said,) = LeadActivity.objects.filter(kind="merge", text__startswith="Merge undone")
    assert all(name in said.text for name in undone.stayed)


def test_a_tag_that_was_taken_off_stays_off(acme):
    one, two = (cast.lead(acme, **GRACE, tags=[tag, "both"]) for tag in "ab")
    done = merge(acme, one, two)
    change(acme, one, tags=["b"])
    assert undo(acme, done).stayed == ["Tags"]
    assert lead(acme, one.id).tags == [] and lead(acme, two.id).tags == ["b", "both"]


def test_scores_and_checks_of_addresses_neither_block_nor_are_lost(acme):
    """The answer is whose the address is, whichever of the leads that is after undoing."""
    one, two = cast.lead(acme, **GRACE | OLD), cast.lead(acme, **GRACE | NEW)
    done = merge(acme, one, two, choices={"email": two.id})
    verify(acme, one)
    write(acme, one, score=1)
    assert undo(acme, done).stayed == []
    first, second = lead(acme, one.id), lead(acme, two.id)
    assert (first.email, first.verification_status) == (one.email, "")
    assert (second.email, second.verification_status) == (two.email, "invalid")
    assert first.score is not None and second.score is not None and first.score != 1
    done = merge(acme, one, two, choices={"email": one.id})
    verify(acme, one, "valid")
    undo(acme, done)
    first, second = lead(acme, one.id), lead(acme, two.id)
    assert (first.verification_status, first.email_verified) == ("valid", True)
    assert (second.verification_status, second.email_verified) == ("invalid", False)


def test_what_an_import_filled_stays_and_is_part_of_who_it_is(acme):
    one = cast.lead(acme, **GRACE | OLD, email="", phone="+12025550143")
    two = cast.lead(acme, **GRACE | NEW, email="", phone="+12025550199")
    done = merge(acme, one, two)
    with tenant_context(acme.id):
        found = Person(email="grace@navy.example", city="Arlington")
        assert fill_leads(
            workspace_id=acme.id, matches=[(one.id, found)], where_from="x", actor_label="y"
        )
    assert sorted(undo(acme, done).stayed) == ["City", "E-mail"]
    kept = lead(acme, one.id)
    assert (kept.email, kept.city) == ("grace@navy.example", "Arlington")
    assert kept.phone == "+12025550143"
    assert kept.dedup_hash == dedup_hash("grace@navy.example", "navy.example", "+12025550143")
    assert kept.email_key == "grace@navy.example"
    assert lead(acme, two.id).email == ""


def test_visits_since_the_merge_are_the_survivors(acme):
    one, two = (cast.lead(acme, **GRACE, pages_viewed=number) for number in (3, 2))
    done = merge(acme, one, two)
    write(acme, one, pages_viewed=9)
    assert undo(acme, done).stayed == []
    assert (lead(acme, one.id).pages_viewed, lead(acme, two.id).pages_viewed) == (7, 2)


def test_an_owner_who_has_left_does_not_come_back(acme):
    owner = cast.user("Leaver")
    one = cast.lead(acme, **GRACE | OLD, owner_id=owner.id)
    two = cast.lead(acme, **GRACE | NEW, owner_id=acme.alice.id)
    done = merge(acme, one, two, choices={"owner": two.id})
    with cast.system_context():
        owner.delete()
    undo(acme, done)
    assert lead(acme, one.id).owner_id is None and lead(acme, two.id).owner_id == acme.alice.id


def test_scores_are_todays_after_undoing(acme):
    """L-7."""
    one, two = cast.lead(acme, **GRACE), cast.lead(acme, **GRACE)
    score(acme, one, two)
    now = lead(acme, one.id).score
    for each in (one, two):  # as an older rule left them
        write(acme, each, score=now + 5, score_factors={})
    undo(acme, merge(acme, one, two))
    assert [lead(acme, each.id).score for each in (one, two)] == [now, now]


def test_merges_into_one_lead_are_undone_last_first(acme):
    one, two, three = (cast.lead(acme, **GRACE, tags=[tag]) for tag in "abc")
    score(acme, one, two, three)
    before = rows(acme)
    first = merge(acme, one, two)
    second = merge(acme, one, three)
    between = rows(acme)
    with pytest.raises(Conflict, match="Undo that merge first"):
        undo(acme, first)
    assert rows(acme) == between
    undo(acme, second)
    undo(acme, first)
    assert rows(acme) == before


def test_a_survivor_that_was_merged_or_deleted_itself(acme):
    one, two, three = (cast.lead(acme, **GRACE) for _ in range(3))
    first = merge(acme, two, three)
    second = merge(acme, one, two)
    before = rows(acme)
    with pytest.raises(Conflict, match="merged into another one"):
        undo(acme, first)
    assert rows(acme) == before
    undo(acme, second)
    with tenant_context(acme.id):
        delete_lead(workspace_id=acme.id, lead_id=two.id, actor=actor(acme))
    before = rows(acme)
    with pytest.raises(Conflict, match="Restore it first"):
        undo(acme, first)
    assert rows(acme) == before
    with tenant_context(acme.id):
        assert LeadMerge.objects.filter(undone_at__isnull=True).count() == 1


def test_a_merge_that_kept_no_image_is_refused(acme):
    one, two = cast.lead(acme, **GRACE), cast.lead(acme, **GRACE)
    done = merge(acme, one, two)
    with tenant_context(acme.id):
        LeadMerge.objects.filter(id=done.id).update(after={})
    before = rows(acme)
    with pytest.raises(Conflict, match="earlier version"):
        undo(acme, done)
    assert rows(acme) == before
