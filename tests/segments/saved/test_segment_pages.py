"""S-7: the list of segments, and what is done from there."""

import pytest
from django.utils import timezone

from accounts.audit.models import AuditEntry
from cursive.lib.errors import InvalidInput, NotFound
from cursive.lib.tenancy import tenant_context
from leads.filters.url import decode
from segments.saved import operations
from segments.saved.models import RESTORABLE, Segment
from tests import cast
from tests.segments.conftest import HTMX, client_of, save, stored, text_of


@pytest.fixture
def alice(acme):
    return client_of(acme[1])


def names(answer) -> list[str]:
    return [segment.name for segment in answer.context["page"].items]


def test_no_segments_yet(alice):
    answer = alice.get("/segments/")
    assert "No segments yet" in text_of(answer)
    assert b'href="/segments/new/"' in answer.content


def test_the_list_by_status_and_name(alice, acme):
    """S-7: cards with sentence, counts, last run, owner; by status; by name."""
    texas = save(*acme, "state.in.TX", "Texans")
    save(*acme, "seniority.in.vp", "Leaders")
    old = save(*acme, "seniority.in.entry", "Old ones")
    alice.post(f"/segments/{old.id}/archive/")
    alice.post(f"/segments/{texas.id}/pause/")
    answer = alice.get("/segments/")
    assert names(answer) == ["Texans", "Leaders"]
    assert "People in Texas" in text_of(answer)
    assert "Alice" in text_of(answer)
    assert names(alice.get("/segments/?status=archived")) == ["Old ones"]
    assert names(alice.get("/segments/?status=paused")) == ["Texans"]
    assert names(alice.get("/segments/?q=LEAD", headers=HTMX)) == ["Leaders"]
    assert b"<html" not in alice.get("/segments/?q=LEAD", headers=HTMX).content
    assert "No segment here" in text_of(alice.get("/segments/?q=100%25"))


@pytest.mark.parametrize("query", ["status=nonsense", "q=" + "x" * 500, "deleted=nonsense"])
def test_odd_queries_show_the_list(alice, acme, query):
    save(*acme, "state.in.TX", "Texans")
    assert names(alice.get(f"/segments/?{query}")) == ["Texans"]


def test_save_rename_duplicate(alice, acme, catalogue):
    workspace, _ = acme
    dialog = alice.get("/segments/save/?f=state.in.TX", headers=HTMX)
    assert "People in Texas" in text_of(dialog)
    answer = alice.post(
        "/segments/save/", {"name": "Texans", "description": "For May", "f": "state.in.TX"}
    )
    with tenant_context(workspace.id):
        segment = Segment.objects.get()
    assert answer["Location"] == f"/segments/{segment.id}/"
    assert (segment.name, segment.description) == ("Texans", "For May")
    assert segment.last_count is not None

    assert b"Texans" in alice.get(f"/segments/{segment.id}/details/", headers=HTMX).content
    alice.post(f"/segments/{segment.id}/details/", {"name": "Texas people", "description": ""})
    assert stored(workspace, segment).name == "Texas people"

    alice.post(f"/segments/{segment.id}/copy/")
    with tenant_context(workspace.id):
        copy = Segment.objects.exclude(id=segment.id).get()
    assert (copy.name, copy.filter) == ("Copy of Texas people", segment.filter)


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": "x" * 121}, {"name": "a\x00"}, {"name": "x", "f": "shoe.eq.1"}]
)
def test_bad_names_come_back(alice, acme, body):
    answer = alice.post("/segments/save/", {"f": "state.in.TX"} | body, headers=HTMX)
    assert answer.status_code == 400
    with tenant_context(acme[0].id):
        assert not Segment.objects.exists()


def test_a_bad_filter_is_not_saved(alice, acme):
    segment = save(*acme, "state.in.TX")
    answer = alice.post(f"/segments/{segment.id}/filter/", {"f": "shoe.eq.1"}, headers=HTMX)
    assert answer.status_code == 400
    assert stored(acme[0], segment).sentence == "People in Texas"


def test_delete_and_undo(alice, acme):
    """A-19: softly, restorable for 30 days, from the notice and from the list of deleted ones."""
    workspace, _ = acme
    segment = save(*acme, "state.in.TX", "Texans")
    answer = alice.post(f"/segments/{segment.id}/deletion/", follow=True)
    assert "“Texans” is deleted" in text_of(answer)
    assert "Undo" in text_of(answer)
    assert alice.get(f"/segments/{segment.id}/").status_code == 404
    assert names(alice.get("/segments/?status=deleted")) == ["Texans"]
    alice.post(f"/segments/{segment.id}/restore/")
    assert names(alice.get("/segments/")) == ["Texans"]
    assert alice.post(f"/segments/{segment.id}/restore/").status_code == 404

    alice.post(f"/segments/{segment.id}/deletion/")
    with tenant_context(workspace.id):
        Segment.objects.update(deleted_at=timezone.now() - RESTORABLE)
    assert alice.post(f"/segments/{segment.id}/restore/").status_code == 404
    assert alice.get("/segments/?status=deleted").context["page"].total == 0
    assert operations.purge_segments() == 1
    with tenant_context(workspace.id):
        assert not Segment.objects.exists()


def test_counting_again(alice, acme, catalogue):
    workspace, _ = acme
    segment = save(*acme, "seniority.in.vp")
    alice.post(f"/segments/{segment.id}/count/")
    after = stored(workspace, segment)
    assert after.last_count == after.last_net_new > 0
    assert "counted just now" in text_of(alice.get("/segments/"))


def test_counting_without_a_catalogue(alice, acme):
    segment = save(*acme, "seniority.in.vp")
    answer = alice.post(f"/segments/{segment.id}/count/", follow=True)
    assert "doesn't answer now" in text_of(answer)
    assert stored(acme[0], segment).last_count is None


def test_changes_are_recorded_with_the_sentence(acme):
    """S-4, A-7: the audit log says in words what changed; no change, no entry."""
    workspace, user = acme
    segment = save(workspace, user, "state.in.TX")
    with tenant_context(workspace.id):
        for _ in range(2):
            operations.update_segment(
                workspace=workspace,
                actor=cast.actor_for(user),
                segment_id=segment.id,
                filter=decode("state.in.CA", scope="catalogue"),
            )
        entry = AuditEntry.objects.get(resource="segment", action="update")
    assert entry.old["sentence"] == "People in Texas"
    assert entry.new["sentence"] == "People in California"
    assert "name" not in entry.new


def test_a_new_filter_forgets_old_counts(alice, acme, catalogue):
    workspace, user = acme
    segment = save(workspace, user, "state.in.TX")
    alice.post(f"/segments/{segment.id}/count/")
    with tenant_context(workspace.id):
        operations.update_segment(
            workspace=workspace,
            actor=cast.actor_for(user),
            segment_id=segment.id,
            filter=decode("state.in.CA", scope="catalogue"),
        )
    assert stored(workspace, segment).last_count is None


def test_unknown_segments_and_names(acme):
    workspace, user = acme
    actor = cast.actor_for(user)
    segment = save(workspace, user, "state.in.TX")
    with tenant_context(workspace.id):
        operations.delete_segment(workspace=workspace, actor=actor, segment_id=segment.id)
        for operation in (
            operations.delete_segment,
            operations.pause_segment,
            operations.duplicate_segment,
        ):
            with pytest.raises(NotFound):
                operation(workspace=workspace, actor=actor, segment_id=segment.id)
        with pytest.raises(InvalidInput):
            operations.read_name("\u0000")
        assert operations.read_name(" Families 👨‍👩‍👧 ") == "Families 👨‍👩‍👧"


def test_statements_of_the_list_are_few(alice, acme, django_assert_max_num_queries):
    for number in range(12):
        save(*acme, "state.in.TX", f"Segment {number}")
    with django_assert_max_num_queries(12):
        alice.get("/segments/")
