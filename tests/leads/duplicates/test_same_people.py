"""L-14, L-13: staff merge two people of the lead database, and whoever owns one owns both."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError
from django.utils import timezone
from pyroaring import BitMap

from accounts.audit.models import AuditEntry
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.catalogue.local import local_source
from leads.catalogue.models import CatalogueMerge, CatalogueTombstone
from leads.catalogue.tombstones import bury
from leads.duplicates.apart import take_back, tell_apart
from leads.duplicates.models import PeopleApart
from leads.duplicates.same import better_of, merge_people, undo_people_merge
from leads.filters.tree import EVERYBODY
from leads.records.acquisition import acquire_people, candidates_of, owned_people
from leads.records.models import OwnedPeople
from leads.records.person import Person
from tests import cast
from tests.catalogue import catalogue
from tests.leads.duplicates.test_catalogue_looks import SAM, small
from tests.leads.enrichment.lists import as_csv, column, download, look_up, pay
from tests.leads.enrichment.test_delivery import quote
from tests.leads.records.pulling import balance, give, in_threads, leads_of, start, work, world

__all__ = ["catalogue", "small", "world"]


def merges() -> list[tuple[int, int, bool]]:
    with system_context():
        return [
            (one.hidden_id, one.kept_id, one.undone_at is None)
            for one in CatalogueMerge.objects.order_by("id")
        ]


def merge(hidden: int, kept: int) -> CatalogueMerge:
    return merge_people(hidden=hidden, kept=kept, actor=SAM)


def noted() -> list[str]:
    with system_context():
        entries = AuditEntry.objects.filter(resource="catalogue_merge").order_by("id")
        return list(entries.values_list("action", flat=True))


def counted(workspace) -> tuple[int, int]:
    with tenant_context(workspace.id):
        return local_source().count(EVERYBODY, owned=owned_people(workspace.id))


def stored(workspace) -> set[int]:
    with tenant_context(workspace.id):
        row = OwnedPeople.objects.filter(workspace_id=workspace.id).first()
        return set(BitMap.deserialize(bytes(row.bitmap))) if row else set()


def test_who_owns_the_hidden_one_is_not_charged_for_the_kept_one(world):
    """L-13, L-14: by real pulls, before, while and after; undone, all is as it was."""
    workspace, actor, source = world
    first, second, third, fourth = (r.id for r in source.take(EVERYBODY, limit=4).records)
    work(workspace, start(workspace, actor, limit=1))
    assert stored(workspace) == {first} and counted(workspace) == (3_000, 2_999)
    made = merge(first, second)
    assert counted(workspace) == (2_999, 2_998)
    with tenant_context(workspace.id):
        assert set(owned_people(workspace.id)) == {first, second}
    job = work(workspace, start(workspace, actor, limit=1))
    assert job.result["delivered"] == 1 and balance(workspace) == (999, 0)
    assert [lead.catalogue_id for lead in leads_of(workspace)] == [first, third]
    # Owned by the merge alone, so that nothing of it stays.
    assert stored(workspace) == {first, third}

    undo_people_merge(merge_id=made.id, actor=SAM)
    assert counted(workspace) == (3_000, 2_998)
    job = work(workspace, start(workspace, actor, limit=2))
    assert [lead.catalogue_id for lead in leads_of(workspace)] == [first, third, second, fourth]
    assert balance(workspace) == (998, 0)


def test_who_owns_the_kept_one_owns_the_hidden_one(world):
    """Also a third one behind it, and in a workspace that bought while they were merged."""
    workspace, _, source = world
    rival, carol = cast.rival()
    give(rival, 10)
    first, second, third = (r.id for r in source.take(EVERYBODY, limit=3).records)
    merge(second, first)
    last = merge(first, third)
    work(rival, start(rival, cast.actor_for(carol), limit=1))
    assert [lead.catalogue_id for lead in leads_of(rival)] == [third]
    with tenant_context(rival.id):
        assert set(owned_people(rival.id)) == {first, second, third}
    assert counted(workspace) == (2_998, 2_998)
    undo_people_merge(merge_id=last.id, actor=SAM)
    with tenant_context(rival.id):
        assert set(owned_people(rival.id)) == {third}
    assert counted(rival) == (2_999, 2_998)


def test_who_was_read_before_the_merge_is_passed_over_without_a_trace(world):
    """A batch that was read a moment earlier has the kept one still: no lead, no mark."""
    workspace, actor, source = world
    work(workspace, start(workspace, actor, limit=1))
    records = source.take(EVERYBODY, limit=2).records
    owned = records[0].id
    merge(owned, records[1].id)
    with tenant_context(workspace.id):
        acquired = acquire_people(
            workspace_id=workspace.id, candidates=candidates_of(records[1:]), source="database"
        )
    assert (acquired.lead_ids, acquired.owned) == ([], 1)
    assert stored(workspace) == {owned}


def test_a_list_finds_and_charges_one_person(world):
    """L-20: of two rows that were two people when they were looked up, one is paid, once."""
    workspace, actor, source = world
    records = [r for r in source.take(EVERYBODY, limit=40).records if r.person.email][:12]
    hidden, kept = records[0], records[1]
    before = look_up(workspace, actor, as_csv([r.person for r in records]))
    assert quote(workspace, before).new == 12
    made = merge(hidden.id, kept.id)
    assert quote(workspace, before).new == 11
    job = work(workspace, pay(workspace, actor, before))
    assert job.result["people"] == 11 and job.result["gone"] == 0
    header, rows = download(workspace, before)
    assert column("cursive_charged", header, rows).count("yes") == 11
    assert column("cursive_email", header, rows)[:2] == [kept.person.email] * 2
    assert hidden.id not in stored(workspace)

    now = look_up(workspace, actor, as_csv([hidden.person]), name="now.csv")
    assert (now.people, set(now.found_ids())) == (1, {kept.id})
    assert quote(workspace, now).new == 0
    undo_people_merge(merge_id=made.id, actor=SAM)
    assert quote(workspace, before).new == 1  # the hidden one was never delivered


def test_a_merge_undone_after_paying_costs_no_more_than_was_agreed(world):
    """L-20: who became two people since is delivered, and not charged."""
    workspace, actor, source = world
    records = [r for r in source.take(EVERYBODY, limit=40).records if r.person.email][:12]
    listed = look_up(workspace, actor, as_csv([r.person for r in records]))
    made = merge(records[0].id, records[1].id)
    job = pay(workspace, actor, listed)
    undo_people_merge(merge_id=made.id, actor=SAM)
    job = work(workspace, job)
    assert (job.status, job.result["people"]) == ("completed", 11)
    header, rows = download(workspace, listed)
    assert column("cursive_charged", header, rows).count("yes") == 11
    assert column("cursive_email", header, rows)[0] == records[0].person.email
    assert len(stored(workspace)) == 11


def test_said_twice_it_is_one_merge(small):
    one, again = merge(1, 2), merge(1, 2)
    assert one.id == again.id and merges() == [(1, 2, True)] and noted() == ["merge"]


def test_what_contradicts_a_merge_is_refused(small):
    """Nothing is changed by a refusal, and its sentence says what would help."""
    merge(1, 2)
    merge(2, 3)
    for hidden, kept in ((1, 3), (1, 4), (3, 1), (3, 2), (2, 1)):
        with pytest.raises(Conflict, match=r"already\. Undo that first"):
            merge(hidden, kept)
    with pytest.raises(InvalidInput):
        merge(4, 4)
    for odd in (0, 7, 2**31, 2**70):
        with pytest.raises(NotFound, match="Nothing was merged"):
            merge(4, odd)
        with pytest.raises(NotFound, match="Nothing was merged"):
            merge(odd, 4)
    with pytest.raises(Conflict, match="merged"):
        tell_apart(first=1, second=3, actor=SAM)
    assert merges() == [(1, 2, True), (2, 3, True)] and noted() == ["merge", "merge"]
    with system_context():
        assert not PeopleApart.objects.exists()


def test_who_was_told_apart_is_not_merged_over_a_third(small):
    """1 and 3 are two people, so 1 isn't merged into 2 once 3 is."""
    tell_apart(first=1, second=3, actor=SAM)
    merge(3, 2)
    for hidden, kept in ((1, 2), (2, 1)):
        with pytest.raises(Conflict, match="told apart"):
            merge(hidden, kept)
    assert merges() == [(3, 2, True)]
    take_back(first=1, second=3, actor=SAM)
    merge(1, 2)


@pytest.mark.parametrize("gone", [1, 2])
def test_who_is_gone_is_neither_kept_nor_merged(small, gone):
    with system_context():
        bury([gone], reason=CatalogueTombstone.Reason.OPT_OUT)
    with pytest.raises(NotFound, match="Nothing was merged"):
        merge(1, 2)
    assert merges() == [] and noted() == []


def test_undoing_has_one_outcome(small):
    made = merge(1, 2)
    undo_people_merge(merge_id=made.id, actor=SAM)
    with pytest.raises(Conflict, match="undone already"):
        undo_people_merge(merge_id=made.id, actor=SAM)
    with pytest.raises(NotFound):
        undo_people_merge(merge_id=made.id + 1, actor=SAM)
    assert merges() == [(1, 2, False)] and noted() == ["merge", "undo"]
    merge(2, 1)  # the other way round now
    assert local_source().record(2).id == 1


def test_only_30_days_and_nobody_who_was_erased(small):
    """Undoing a merge of an erased person would say that somebody is back who isn't."""
    old, erased = merge(1, 2), merge(3, 4)
    with system_context():
        CatalogueMerge.objects.filter(id=old.id).update(
            merged_at=timezone.now() - timedelta(days=30)
        )
        bury([4], reason=CatalogueTombstone.Reason.ERASURE)
    with pytest.raises(Conflict, match="30 days"):
        undo_people_merge(merge_id=old.id, actor=SAM)
    with pytest.raises(Conflict, match="nobody comes back"):
        undo_people_merge(merge_id=erased.id, actor=SAM)
    assert merges() == [(1, 2, True), (3, 4, True)]


def tried(do) -> str:
    try:
        do()
    except Conflict as refusal:
        return refusal.message
    return "done"


def test_two_staff_at_once(small):
    """Each keeps another one: one merge, and the other is told. Then both undo it."""
    said = in_threads(2, lambda at: tried(lambda: merge(1 + at, 2 - at)))
    assert sorted(one == "done" for one in said) == [False, True]
    assert len(merges()) == 1 and noted() == ["merge"]
    with system_context():
        made = CatalogueMerge.objects.get()
    undo = {"merge_id": made.id, "actor": SAM}
    said = in_threads(2, lambda at: tried(lambda: undo_people_merge(**undo)))
    assert sorted(said) == ["This merge was undone already.", "done"]
    assert noted() == ["merge", "undo"]


def test_a_double_click_and_a_circle_at_once(small):
    in_threads(2, lambda at: merge(1, 2))
    assert merges() == [(1, 2, True)]
    said = in_threads(2, lambda at: tried(lambda: merge(*((2, 3), (3, 1))[at])))
    assert sorted(one == "done" for one in said) == [False, True]
    assert len(merges()) == 2


def test_workspaces_read_merges_and_write_none(small):
    workspace, _ = cast.acme()
    made = merge(1, 2)
    with tenant_context(workspace.id):
        assert CatalogueMerge.objects.get().id == made.id
        for write in (
            lambda: CatalogueMerge.objects.create(hidden_id=3, kept_id=4, merged_by="eve"),
            lambda: CatalogueMerge.objects.update(kept_id=4),
            lambda: CatalogueMerge.objects.all().delete(),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), atomic():
                write()
    assert merges() == [(1, 2, True)]


def test_the_better_record_is_proposed(small):
    """Verified over unverified, newer over older, filled over empty; equal ones as they come."""
    day = timezone.now().date()
    bare = Person(email="a@x.example")
    full = Person(email="a@x.example", title="CEO", source_date=day - timedelta(days=9))
    newer = Person(email="a@x.example", source_date=day)
    verified = Person(email="a@x.example", email_verified=True)
    order = [bare, full, newer, verified]
    for at, worse in enumerate(order):
        assert better_of(worse, worse) == 0
        for better in order[at + 1 :]:
            assert (better_of(worse, better), better_of(better, worse)) == (1, 0)
