"""L-6: notes with author and time, and the timeline by kind and by page."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context
from leads.records.models import LeadActivity, LeadNote
from leads.records.notes import purge_deleted_notes
from tests import cast
from tests.leads.conftest import member

HTMX = {"HX-Request": "true"}


def note(acme) -> LeadNote:
    with tenant_context(acme.id):
        return LeadNote.objects.get()


def test_a_note_has_its_author_and_is_told(acme, alice):
    lead = cast.lead(acme)
    answer = alice.post(f"/leads/{lead.id}/notes/", {"text": "Wants a demo.\nOn Friday <b>"})
    assert answer.status_code == 302 and answer.url.endswith("#notes")
    text = alice.get(f"/leads/{lead.id}/").content.decode()
    assert "Wants a demo.<br>On Friday &lt;b&gt;" in text
    assert "Note: Wants a demo. On Friday" in text
    assert note(acme).author_id == acme.alice.id
    with tenant_context(acme.id):
        assert Event.objects.get(type="lead.updated").payload["changed"] == ["notes"]


@pytest.mark.parametrize("wrong", ["", "  ", "a\x07b", "x" * 20_001])
def test_refused_notes_are_not_kept(acme, alice, wrong):
    lead = cast.lead(acme)
    assert alice.post(f"/leads/{lead.id}/notes/", {"text": wrong}).status_code == 400
    with tenant_context(acme.id):
        assert not LeadNote.objects.exists() and not LeadActivity.objects.exists()


def test_own_notes_are_deleted_and_brought_back(acme, alice):
    """A-19: others' notes are for admins."""
    lead = cast.lead(acme)
    bob, dora = member(acme), member(acme, "Dora")
    bob.post(f"/leads/{lead.id}/notes/", {"text": "Bob's"})
    address = f"/leads/{lead.id}/notes/{note(acme).id}"
    assert dora.post(f"{address}/deletion/").status_code == 403 and not note(acme).deleted_at
    answer = bob.post(f"{address}/deletion/")
    text = bob.get(answer.url).content.decode()
    assert "The note is deleted" in text and "Undo" in text and note(acme).deleted_at
    assert bob.post(f"{address}/deletion/").status_code == 404
    assert alice.post(f"{address}/restore/").status_code == 302 and not note(acme).deleted_at
    elsewhere = cast.lead(acme)
    assert alice.post(f"/leads/{elsewhere.id}/notes/{note(acme).id}/deletion/").status_code == 404
    alice.post(f"{address}/deletion/")
    assert purge_deleted_notes() == 0
    with tenant_context(acme.id):
        LeadNote.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    assert alice.post(f"{address}/restore/").status_code == 404
    assert purge_deleted_notes() == 1


def test_the_timeline_by_kind_and_page(acme, alice):
    lead = cast.lead(acme)
    now = timezone.now()
    with tenant_context(acme.id):
        LeadActivity.objects.bulk_create(
            LeadActivity(
                workspace_id=acme.id,
                lead=lead,
                kind="status" if n % 2 else "tags",
                text=f"Line {n:02}.",
                created_at=now - timedelta(minutes=n),
            )
            for n in range(50)
        )
    page = alice.get(f"/leads/{lead.id}/")
    text = page.content.decode()
    assert "Line 00." in text and "Line 19." in text and "Line 20." not in text
    cursor = page.context["timeline"].page.next_cursor
    part = alice.get(f"/leads/{lead.id}/", {"cursor": cursor}, headers=HTMX).content.decode()
    assert "Line 20." in part and "<html" not in part and "Added from" not in part
    part = alice.get(f"/leads/{lead.id}/?kind=status", headers=HTMX).content.decode()
    assert "Line 39." in part and "Line 00." not in part
    assert alice.get(f"/leads/{lead.id}/?cursor=x").status_code == 400
    assert "Added from api" in alice.get(f"/leads/{cast.lead(acme).id}/").content.decode()
