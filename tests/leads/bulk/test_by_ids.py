"""L-17: bulk actions by ids: set-based, counted by what was done, undone where unchanged."""

import pytest

from accounts.audit.models import AuditEntry
from accounts.workspaces.models import Role
from cursive.lib.errors import Conflict, Forbidden, InvalidInput, NotFound
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context, uuid7
from leads.bulk.models import BulkChange, BulkRun
from leads.bulk.operations import undo_bulk
from leads.records.models import Lead, LeadTag
from leads.records.operations import restore_lead, update_lead
from tests import cast

from .bulking import again, begin, by, counts, do, failures, told, undo, values

ADD = "add_tags"


def change(acme, lead, **changes):
    with tenant_context(acme.id):
        update_lead(workspace_id=acme.id, lead_id=lead.id, actor=by(acme), changes=changes)


def test_status_is_set_told_sent_and_audited_once(acme):
    """L-17, A-7, A-11: timeline and events for what changed, one audit entry for all."""
    a, b, c = (cast.lead(acme, first_name=name) for name in "ABC")
    change(acme, c, status="won")
    run = do(acme, "set_status", ids=[a, b, c], status="won")
    assert counts(run) == (3, 2, 1, 0)
    assert values(acme, "status") == ["won"] * 3
    assert told(acme, a) == ["Status changed from New to Won"]
    assert len(told(acme, c)) == 1
    with tenant_context(acme.id):
        events = Event.objects.filter(type="lead.updated", payload__changed=["status"])
        assert {event.payload["lead"] for event in events} == {str(x.id) for x in (a, b, c)}
        assert events.count() == 3  # c's is from before
        (entry,) = AuditEntry.objects.filter(action="bulk")
        assert Lead.objects.get(id=a.id).updated_at > a.updated_at
    assert entry.new["changed"] == 2 and entry.new["did"] == "Set status to Won"


def test_ids_of_others_are_not_found_and_the_rest_is_done(acme):
    """L-17: another workspace's lead, a deleted one and one that never was."""
    rival, _ = cast.rival()
    theirs, gone, ours = cast.lead(rival), cast.lead(acme), cast.lead(acme)
    do(acme, "delete", ids=[gone])
    never = uuid7()
    run = do(acme, "set_status", ids=[theirs, gone, never, ours, ours], status="lost")
    assert counts(run) == (4, 1, 0, 3)
    assert failures(acme, run) == dict.fromkeys(
        (theirs.id, gone.id, never), "There is no such lead."
    )
    assert values(acme, "status", deleted_at__isnull=True) == ["lost"]
    with tenant_context(rival.id):
        assert Lead.objects.get(id=theirs.id).status == "new"


def test_undo_leaves_what_was_changed_since(acme):
    a, b, c = (cast.lead(acme, first_name=name) for name in "ABC")
    change(acme, b, status="contacted")
    run = do(acme, "set_status", ids=[a, b, c], status="qualified")
    change(acme, a, status="won")
    do(acme, "delete", ids=[c])
    run = undo(acme, run)
    assert (run.undone, run.left_alone) == (1, 2) and run.undone_at
    assert values(acme, "status") == ["won", "contacted", "qualified"]
    assert "Status is Contacted again: a bulk action was undone" in told(acme, b)
    with tenant_context(acme.id):
        assert not BulkChange.objects.filter(run=run).exists()
        assert AuditEntry.objects.get(action="undo").new["left_alone"] == 2
    with pytest.raises(Conflict):
        undo(acme, run)


def test_assigning_and_its_undo(acme):
    """The owner from before who has left isn't brought back."""
    bob, dora = cast.user("Bob"), cast.user("Dora")
    with cast.system_context():
        for user in (bob, dora):
            cast.Membership.objects.create(workspace=acme, user=user, role=Role.MEMBER)
    a, b, c = (
        cast.lead(acme, first_name=n, owner=o)
        for n, o in zip("ABC", (None, bob, dora), strict=True)
    )
    run = do(acme, "assign", ids=[a, b, c], owner=str(acme.alice.id))
    assert counts(run) == (3, 3, 0, 0) and run.title == "Assign to Alice"
    assert told(acme, a) == ["Assigned to Alice"]
    with cast.system_context():
        cast.Membership.objects.filter(user=dora).delete()
    run = undo(acme, run)
    assert (run.undone, run.left_alone) == (2, 1)
    assert values(acme, "owner_id") == [None, bob.id, acme.alice.id]
    assert counts(do(acme, "assign", ids=[a, b, c], owner=None)) == (3, 2, 1, 0)
    assert values(acme, "owner_id") == [None] * 3


def test_tags_are_added_removed_and_undone_one_by_one(acme):
    a = cast.lead(acme, first_name="A", tags=["navy"])
    b = cast.lead(acme, first_name="B", tags=["cobol", "vip"])
    full = cast.lead(acme, first_name="C", tags=[f"t{n:02}" for n in range(50)])
    run = do(acme, ADD, ids=[a, b, full], tags=["VIP ", "navy", "navy"])
    assert counts(run) == (3, 2, 0, 1)
    assert failures(acme, run) == {full.id: "A lead has at most 50 tags."}
    assert values(acme, "tags")[:2] == [["navy", "vip"], ["cobol", "navy", "vip"]]
    assert told(acme, a) == ["Tags added: vip"]
    change(acme, a, tags=["navy", "other", "vip"])
    run = undo(acme, run)
    assert (run.undone, run.left_alone) == (2, 0)
    assert values(acme, "tags")[:2] == [["navy", "other"], ["cobol", "vip"]]
    run = do(acme, "remove_tags", ids=[a, b, full], tags=["navy", "vip"])
    assert counts(run) == (3, 2, 1, 0)
    assert values(acme, "tags")[:2] == [["other"], ["cobol"]]
    assert undo(acme, run).undone == 2
    assert values(acme, "tags")[:2] == [["navy", "other"], ["cobol", "vip"]]


def test_approving_and_rejecting(acme):
    """Approved is qualified, rejected is lost; a customer is neither."""
    leads = [
        cast.lead(acme, first_name=f"{n}", status=status)
        for n, status in enumerate(("new", "contacted", "qualified", "won", "lost"))
    ]
    run = do(acme, "approve", ids=leads)
    assert counts(run) == (5, 3, 2, 0)
    assert values(acme, "status") == ["qualified", "qualified", "qualified", "won", "qualified"]
    run = do(acme, "reject", ids=leads)
    assert counts(run) == (5, 4, 0, 1) and list(failures(acme, run)) == [leads[3].id]
    assert undo(acme, run).undone == 4


def test_deleting_and_bringing_back(acme):
    """A-19: who came back by another path, or was restored by hand, is left."""
    a, b, c = (cast.lead(acme, first_name=n, email=f"{n}@x.example") for n in "abc")
    run = do(acme, "delete", ids=[a, b, c])
    assert counts(run) == (3, 3, 0, 0)
    assert (run.undoable_until - run.created_at).days == 30
    assert values(acme, "first_name", deleted_at__isnull=True) == []
    cast.lead(acme, first_name="again", email="a@x.example")
    with tenant_context(acme.id):
        restore_lead(workspace_id=acme.id, lead_id=b.id, actor=by(acme))
    run = undo(acme, run)
    assert (run.undone, run.left_alone) == (1, 2)
    assert values(acme, "first_name", deleted_at__isnull=True) == ["again", "b", "c"]
    assert told(acme, c) == ["Deleted", "Restored: a bulk action was undone"]


def test_members_and_keys_cannot_delete(acme):
    """A-2."""
    lead = cast.lead(acme)
    for actor in (by(acme, Role.MEMBER), by(acme, "")):
        with pytest.raises(Forbidden):
            begin(acme, "delete", ids=[lead], actor=actor)
    with tenant_context(acme.id):
        assert Lead.objects.living().count() == 1 and not BulkRun.objects.exists()
    run = do(acme, "delete", ids=[lead])
    with pytest.raises(Forbidden):
        undo(acme, run, actor=by(acme, Role.MEMBER))
    assert not again(acme, run).undone


def test_only_who_did_it_or_an_admin_undoes(acme):
    lead, bob = cast.lead(acme), cast.user("Bob")
    run = do(acme, "set_status", ids=[lead], status="won")
    with pytest.raises(Forbidden):
        undo(acme, run, actor=cast.actor_for(bob, Role.MEMBER))
    assert values(acme, "status") == ["won"]
    assert undo(acme, run, actor=cast.actor_for(bob, Role.ADMIN)).undone == 1


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"action": "paint", "ids": 1}, "action"),
        ({"action": "set_status", "ids": 1, "status": "sold"}, "status"),
        ({"action": "set_status", "ids": 1}, "status"),
        ({"action": "assign", "ids": 1, "owner": "x"}, "owner"),
        ({"action": "assign", "ids": 1, "owner": "11111111-1111-7111-8111-111111111111"}, "owner"),
        ({"action": "assign", "ids": 1}, "owner"),
        ({"action": ADD, "ids": 1, "tags": [" "]}, "tags"),
        ({"action": ADD, "ids": 1, "tags": [1]}, "tags"),
        ({"action": ADD, "ids": 1, "tags": ["x" * 41]}, "tags"),
        ({"action": ADD, "ids": 1, "tags": ["a\u202eb"]}, "tags"),
        ({"action": "approve", "ids": 0}, "ids"),
        ({"action": "approve", "ids": 1_001}, "ids"),
        ({"action": "approve", "ids": 1, "filter": ""}, "ids"),
    ],
)
def test_refusals_name_the_field_and_change_nothing(acme, options, field):
    lead = cast.lead(acme)
    count = options.pop("ids")
    ids = [lead.id, *(uuid7() for _ in range(count - 1))][:count]
    with pytest.raises(InvalidInput) as refusal:
        begin(acme, ids=ids, **options)
    assert field in refusal.value.fields
    with tenant_context(acme.id):
        stored = Lead.objects.get(id=lead.id)
        assert (stored.status, stored.tags, stored.owner_id) == ("new", [], None)
        assert not BulkRun.objects.exists() and not AuditEntry.objects.exists()


def test_the_same_key_is_done_once(acme):
    lead = cast.lead(acme)
    first = begin(acme, "set_status", ids=[lead], status="won", key="k").run
    change(acme, lead, status="lost")
    assert begin(acme, "set_status", ids=[lead], status="won", key="k").run.id == first.id
    with pytest.raises(Conflict):
        begin(acme, "set_status", ids=[lead], status="new", key="k")
    assert values(acme, "status") == ["lost"]


def test_an_undo_has_its_time(acme):
    lead = cast.lead(acme)
    run = do(acme, "set_status", ids=[lead], status="won")
    with tenant_context(acme.id):
        BulkRun.objects.update(undoable_until=run.created_at)
    with pytest.raises(Conflict):
        undo(acme, run)
    nothing = do(acme, "set_status", ids=[lead], status="won")
    with pytest.raises(Conflict):
        undo(acme, nothing)
    with tenant_context(acme.id), pytest.raises(NotFound):
        undo_bulk(workspace_id=acme.id, actor=by(acme), run_id=uuid7())
    assert values(acme, "status") == ["won"]


def test_the_index_of_tags_follows_every_way_of_writing_them(acme):
    """What filters by tag ask is what leads have: after insert, save, bulk, delete."""
    a = cast.lead(acme, tags=["x", "y", "x"])
    b = cast.lead(acme)

    def indexed():
        with tenant_context(acme.id):
            return sorted(LeadTag.objects.values_list("lead_id", "tag"))

    assert indexed() == [(a.id, "x"), (a.id, "y")]
    change(acme, a, tags=["y", "z"])
    do(acme, ADD, ids=[a, b], tags=["y"])
    assert indexed() == sorted([(a.id, "y"), (a.id, "z"), (b.id, "y")])
    with tenant_context(acme.id):
        Lead.objects.filter(id=a.id).update(tags=[])
        Lead.objects.filter(id=b.id).delete()
    assert indexed() == []
