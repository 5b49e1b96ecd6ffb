"""L-14: merging keeps what is best and loses nothing, and can be undone for 30 days."""

import datetime
import threading

import pytest
from django.db import connections
from django.utils import timezone

from accounts.audit.models import AuditEntry
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context, uuid7
from leads.duplicates import registry
from leads.duplicates.merging import merge_leads
from leads.duplicates.models import DuplicateCandidate, LeadMerge
from leads.duplicates.operations import dismiss_candidate, reopen_candidate
from leads.duplicates.undoing import undo_merge
from leads.records.identity import dedup_hash
from leads.records.models import Lead, LeadActivity
from leads.records.operations import update_lead
from leads.scoring.operations import score_leads
from tests import cast
from tests.leads.duplicates.twins import GRACE, actor, lead, pair, rows


def merge(acme, *leads, **options) -> LeadMerge:
    with tenant_context(acme.id):
        return merge_leads(
            workspace_id=acme.id, actor=actor(acme), lead_ids=[x.id for x in leads], **options
        )


def undo(acme, done) -> LeadMerge:
    with tenant_context(acme.id):
        return undo_merge(workspace_id=acme.id, merge_id=done.id, actor=actor(acme))


def score(acme, *leads) -> None:
    with tenant_context(acme.id):
        score_leads(workspace_id=acme.id, ids=[one.id for one in leads])


def test_the_best_values_stay_and_nothing_is_lost(acme):
    """L-14: verified over unverified, newer over older, filled over empty; tags, notes and
    timeline of both."""
    old = cast.lead(
        acme,
        **GRACE | {"email": "grace@navy.example", "title": "Commander"},
        email_verified=True,
        tags=["navy"],
        notes="Met at Harvard.",
        pages_viewed=3,
        seconds_on_site=60,
        status="qualified",
        source_date=datetime.date(2024, 1, 1),
    )
    new = cast.lead(
        acme,
        **GRACE | {"email": "ghopper@mail.example"},
        phone="+12025550143",
        tags=["cobol", "navy"],
        notes="Likes nanoseconds.",
        pages_viewed=2,
        source_date=datetime.date(2026, 1, 1),
        city="Arlington",
    )
    with tenant_context(acme.id):
        LeadActivity.objects.create(workspace=acme, lead=new, kind="note", text="Called her")
    done = merge(acme, new, old)
    assert done.survivor_id == old.id
    kept, gone = lead(acme, old.id), lead(acme, new.id)
    assert (kept.email, kept.email_verified) == ("grace@navy.example", True)
    assert (kept.title, kept.phone, kept.city) == ("Rear Admiral", "+12025550143", "Arlington")
    assert kept.tags == ["cobol", "navy"]
    assert kept.notes == "Met at Harvard.\n\nLikes nanoseconds."
    assert (kept.pages_viewed, kept.seconds_on_site, kept.status) == (5, 60, "qualified")
    assert kept.dedup_hash == dedup_hash("grace@navy.example", "navy.example", "+12025550143")
    assert kept.phone_key == "+12025550143"
    assert gone.deleted_at and gone.merged_into == old.id
    with tenant_context(acme.id):
        lines = set(LeadActivity.objects.filter(lead=kept).values_list("text", flat=True))
        assert lines == {"Called her", "Merged with Grace Hopper"}
        assert Event.objects.filter(type="lead.merged").count() == 1
    with cast.system_context():
        assert AuditEntry.objects.filter(action="merge", resource_id=str(old.id)).count() == 1


def test_choices_beat_the_best(acme):
    one = cast.lead(acme, **GRACE | {"title": "Admiral"}, source_date=datetime.date(2020, 1, 1))
    two = cast.lead(acme, **GRACE | {"title": "Captain"}, source_date=datetime.date(2026, 1, 1))
    merge(acme, one, two, choices={"title": one.id, "email": two.id})
    kept = lead(acme, one.id)
    assert (kept.title, kept.email) == ("Admiral", two.email)


def test_undo_restores_all_exactly(acme):
    one = cast.lead(acme, **GRACE, tags=["a"], notes="one", last_seen_at=timezone.now())
    two = cast.lead(acme, **GRACE, tags=["b"], catalogue_id=7, quality_score=50)
    three = cast.lead(acme, **GRACE, intent_topics=["compilers"], owner_id=acme.alice.id)
    with tenant_context(acme.id):
        for each in (one, two):
            LeadActivity.objects.create(workspace=acme, lead=each, kind="x", text=str(each.id))
    score(acme, one, two, three)
    before = rows(acme)
    done = merge(acme, one, two, three)
    assert rows(acme) != before
    undo(acme, done)
    assert rows(acme) == before
    with tenant_context(acme.id):
        for each in (one, two):
            assert LeadActivity.objects.get(kind="x", lead=each).text == str(each.id)
    with pytest.raises(Conflict, match="undone already"):
        undo(acme, done)
    assert rows(acme) == before


def test_undo_for_30_days_only(acme):
    done = merge(acme, cast.lead(acme, **GRACE), cast.lead(acme, **GRACE))
    with tenant_context(acme.id):
        LeadMerge.objects.update(created_at=timezone.now() - datetime.timedelta(days=31))
    before = rows(acme)
    with pytest.raises(Conflict, match="30 days"):
        undo(acme, done)
    assert rows(acme) == before


def test_undo_where_the_person_came_in_again(acme):
    """L-11: no two living leads have one identity, whatever is undone."""
    one = cast.lead(acme, **GRACE | {"email": "g@navy.example"})
    two = cast.lead(acme, **GRACE | {"email": "h@navy.example"})
    done = merge(acme, one, two, choices={"email": one.id})
    cast.lead(acme, **GRACE | {"email": "h@navy.example"})
    before = rows(acme)
    with pytest.raises(Conflict, match="came in again"):
        undo(acme, done)
    assert rows(acme) == before


def test_a_third_lead_with_the_same_identity(acme):
    one = cast.lead(acme, **GRACE | {"email": "g@navy.example", "company_domain": ""})
    two = cast.lead(acme, **GRACE | {"email": ""}, phone="+12025550143")
    third = cast.lead(acme, **GRACE | {"email": "g@navy.example"}, phone="+12025550143")
    before = rows(acme)
    with pytest.raises(Conflict, match="Merge it too"):
        merge(acme, one, two)
    assert rows(acme) == before
    merge(acme, one, two, third)


@pytest.mark.parametrize("count", [0, 1, 21])
def test_two_to_twenty(acme, count):
    leads = [cast.lead(acme) for _ in range(count)]
    before = rows(acme)
    with pytest.raises(InvalidInput):
        merge(acme, *leads)
    assert rows(acme) == before


def test_leads_of_others_deleted_leads_and_odd_choices_are_refused(acme):
    rival, _ = cast.rival()
    ours, theirs = cast.lead(acme), cast.lead(rival)
    gone = cast.lead(acme, deleted_at=timezone.now())
    other = cast.lead(acme)
    before = rows(acme), rows(rival)
    with pytest.raises(NotFound):
        merge(acme, ours, theirs)
    with pytest.raises(Conflict, match="isn't there any more"):
        merge(acme, ours, gone)
    for choices in ({"dedup_hash": ours.id}, {"title": theirs.id}):
        with pytest.raises(InvalidInput):
            merge(acme, ours, other, choices=choices)
    with pytest.raises(Conflict, match="was changed"):
        merge(acme, ours, other, versions={ours.id: timezone.now()})
    assert (rows(acme), rows(rival)) == before


def test_too_many_tags_together(acme):
    one = cast.lead(acme, tags=[f"a{n}" for n in range(30)])
    two = cast.lead(acme, tags=[f"b{n}" for n in range(30)])
    before = rows(acme)
    with pytest.raises(InvalidInput, match="50 tags"):
        merge(acme, one, two)
    assert rows(acme) == before


def test_a_merged_lead_is_not_in_the_trash(acme, alice):
    """Restoring it would leave two of one person; undoing the merge is the way back."""
    one, two = cast.lead(acme, **GRACE), cast.lead(acme, **GRACE)
    merge(acme, one, two)
    assert "Grace" not in alice.get("/leads/deleted/").content.decode()
    assert alice.post(f"/leads/{two.id}/restore/").status_code == 404
    assert lead(acme, two.id).deleted_at


def test_pairs_are_decided_and_dismissals_go_on(acme):
    candidate = pair(acme)
    other = cast.lead(acme)
    with tenant_context(acme.id):
        loser, winner = sorted(
            (candidate.first, candidate.second), key=lambda x: x.created_at, reverse=True
        )
        low, high = sorted((loser.id, other.id))
        apart = DuplicateCandidate.objects.create(
            workspace=acme, first_id=low, second_id=high, confidence=60
        )
        dismiss_candidate(workspace_id=acme.id, candidate_id=apart.id, actor=actor(acme))
    done = merge(acme, loser, winner)
    with tenant_context(acme.id):
        candidate.refresh_from_db()
        assert candidate.state == "merged"
        low, high = sorted((winner.id, other.id))
        assert DuplicateCandidate.objects.get(first=low, second=high).state == "dismissed"
    undo(acme, done)
    with tenant_context(acme.id):
        candidate.refresh_from_db()
        assert candidate.state == "open"
        # Nobody has told these two apart: the merge did, for one that isn't in it any more.
        assert not DuplicateCandidate.objects.filter(first=low, second=high).exists()
        apart.refresh_from_db()
        assert apart.state == "dismissed"


@pytest.mark.parametrize("reopened", [False, True])
def test_a_pair_on_the_list_is_told_apart_by_a_merge_until_it_is_undone(acme, reopened):
    """L-14: remembered also where a search found the pair; a person's later word stays."""
    one, two, other = (cast.lead(acme, **GRACE) for _ in range(3))
    with tenant_context(acme.id):
        told, listed = (
            DuplicateCandidate.objects.create(
                workspace=acme,
                first_id=min(each.id, other.id),
                second_id=max(each.id, other.id),
                confidence=60,
            )
            for each in (two, one)
        )
        dismiss_candidate(workspace_id=acme.id, candidate_id=told.id, actor=actor(acme))
    done = merge(acme, one, two)
    with tenant_context(acme.id):
        listed.refresh_from_db()
        assert (listed.state, listed.merge_id) == ("dismissed", done.id)
        if reopened:
            for decide in (reopen_candidate, dismiss_candidate):
                decide(workspace_id=acme.id, candidate_id=listed.id, actor=actor(acme))
    undo(acme, done)
    with tenant_context(acme.id):
        listed.refresh_from_db()
        assert (listed.state, listed.merge_id) == ("dismissed" if reopened else "open", None)


def test_rooms_above_are_told(acme):
    class Hook:
        name = "test"
        told: list = []

        def merge(self, *, workspace_id, survivor, merged):
            self.told.append(("merge", survivor, merged))
            return {"step": 3}

        def undo(self, *, workspace_id, survivor, merged, kept):
            self.told.append(("undo", survivor, merged, kept))

    one, two = cast.lead(acme), cast.lead(acme)
    registry.register_merge_hook(Hook())
    try:
        done = merge(acme, one, two)
        undo(acme, done)
    finally:
        registry._hooks.pop("test")
    assert Hook.told == [
        ("merge", one.id, [two.id]),
        ("undo", one.id, [two.id], {"step": 3}),
    ]


def test_two_merges_and_an_edit_at_once(acme):
    """One of the merges wins, the other is refused; an edit is before or after, never half."""
    one, two, three = (cast.lead(acme, **GRACE) for _ in range(3))
    seen = {x.id: x.updated_at for x in (one, two, three)}
    start, ended = threading.Barrier(3), {}

    def work(name, function):
        try:
            start.wait(10)
            with tenant_context(acme.id):
                ended[name] = function()
        except (Conflict, NotFound) as refusal:
            ended[name] = refusal
        finally:
            connections.close_all()

    def merging(*leads):
        return lambda: merge_leads(
            workspace_id=acme.id,
            actor=actor(acme),
            lead_ids=[x.id for x in leads],
            versions={x.id: seen[x.id] for x in leads},
        )

    def edit():
        return update_lead(
            workspace_id=acme.id, lead_id=two.id, actor=actor(acme), changes={"notes": "late"}
        )

    jobs = {"a": merging(one, two), "b": merging(three, two), "edit": edit}
    threads = [threading.Thread(target=work, args=item) for item in jobs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    merges = [x for x in (ended["a"], ended["b"]) if isinstance(x, LeadMerge)]
    edited = isinstance(ended["edit"], Lead)
    assert len(merges) <= 1 and (merges or edited)
    with tenant_context(acme.id):
        living = Lead.objects.filter(workspace=acme, deleted_at__isnull=True)
        assert living.count() == 3 - len(merges)
        # The edit's words are on whoever she is now, or it was refused.
        assert living.filter(notes="late").exists() == edited


def test_unknown_merges(acme):
    with pytest.raises(NotFound), tenant_context(acme.id):
        undo_merge(workspace_id=acme.id, merge_id=uuid7(), actor=actor(acme))
