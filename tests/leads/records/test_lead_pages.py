"""L-6: a lead's page, and leads by API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context
from leads.records.models import Lead, LeadActivity
from tests import cast
from tests.leads.conftest import member


def test_a_leads_page_and_its_changes(acme, alice):
    lead = cast.lead(acme, first_name="Grace", title="Rear Admiral", industry="software")
    answer = alice.get(f"/leads/{lead.id}/")
    assert b"Rear Admiral" in answer.content and b"Not scored yet" in answer.content
    answer = alice.post(
        f"/leads/{lead.id}/",
        {
            "status": "contacted",
            "owner": str(acme.alice.id),
            "tags": "navy,  Navy two ,",
            "notes": "Hi",
        },
    )
    assert answer.status_code == 302
    with tenant_context(acme.id):
        lead = Lead.objects.get(id=lead.id)
        told = set(LeadActivity.objects.values_list("text", flat=True))
        event = Event.objects.get(type="lead.updated")
    assert (lead.status, lead.owner_id, lead.tags, lead.notes) == (
        "contacted",
        acme.alice.id,
        ["navy", "navy two"],
        "Hi",
    )
    assert "Status changed from New to Contacted" in told and "Assigned to Alice" in told
    assert event.payload["changed"] == ["notes", "owner_id", "status", "tags"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"status": "sold"}, "sold is not one of the available choices"),
        ({"tags": "x" * 50}, "At most 40 characters a tag."),
        ({"tags": ",".join(f"t{n}" for n in range(51))}, "At most 50."),
        ({"owner": "11111111-1111-7111-8111-111111111111"}, "Select a valid choice"),
        ({"notes": "my words \u202e turned"}, "control characters"),
        ({"notes": "my words \x07"}, "control characters"),
        ({"tags": "turned \u2066 round"}, "control characters"),
        ({}, "required"),
    ],
)
def test_a_refused_change_keeps_what_was_typed_and_changes_nothing(acme, alice, wrong, said):
    """X-3: 400, the sentence at the field, and the note isn't lost."""
    lead = cast.lead(acme)
    sent = {"status": "won", "notes": "my words", "tags": ""} | wrong if wrong else {}
    answer = alice.post(f"/leads/{lead.id}/", sent)
    text = answer.content.decode()
    assert answer.status_code == 400 and said in text
    if sent:
        assert "my words" in text and sent["tags"] in text
    with tenant_context(acme.id):
        stored = Lead.objects.get(id=lead.id)
        assert (stored.status, stored.notes, stored.tags) == ("new", "", [])
        assert not LeadActivity.objects.exists()


def test_what_is_known_is_said_in_words(acme, alice):
    """L-5, L-6: check of the address, engagement, score with its parts, topics and place."""
    lead = cast.lead(
        acme,
        city="Austin",
        state="TX",
        postal_code="78701",
        country="US",
        intent_topics=["cloud_cost_management"],
        verification_status="catch_all",
        pages_viewed=7,
        seconds_on_site=125,
        last_seen_at=timezone.now(),
        score=34,
        score_factors={"email": 20, "phone": 0, "recency": 14},
    )
    text = alice.get(f"/leads/{lead.id}/").content.decode()
    for words in (
        *("Austin, TX 78701, United States", "Cloud cost management", "Catch-all"),
        *("Pages viewed", "2 min 5 s", "just now", "E-mail verified", "Recency", "1 day old"),
    ):
        assert words in text, words
    assert "cloud_cost" not in text
    assert text.index("E-mail verified") < text.index("Phone verified") < text.index("Recency")


def test_what_is_not_known_is_said_too(acme, alice):
    text = alice.get(f"/leads/{cast.lead(acme, score=5).id}/").content.decode()
    for words in ("There is no breakdown", "Not seen on your sites yet", "Not checked yet"):
        assert words in text
    assert "Not scored yet" in alice.get(f"/leads/{cast.lead(acme).id}/").content.decode()


def test_members_cannot_delete(acme):
    """A-2."""
    lead = cast.lead(acme)
    assert member(acme).post(f"/leads/{lead.id}/deletion/").status_code == 403
    with tenant_context(acme.id):
        assert Lead.objects.living().count() == 1


def test_deleting_can_be_undone(acme, alice):
    lead = cast.lead(acme)
    answer = alice.post(f"/leads/{lead.id}/deletion/")
    assert b"Undo" in answer.content
    assert alice.get(f"/leads/{lead.id}/").status_code == 404
    assert alice.post(f"/leads/{lead.id}/restore/").status_code == 302
    assert alice.get(f"/leads/{lead.id}/").status_code == 200


def test_deleted_leads_are_found_again(acme, alice):
    """A-19: with the days that are left, and one of them can be brought back."""
    kept = cast.lead(acme, first_name="Kept")
    for name, days in (("Fresh", 0), ("Late", 29), ("Gone", 31)):
        lead = cast.lead(acme, first_name=name)
        with tenant_context(acme.id):
            past = timezone.now() - timedelta(days=days, minutes=5)
            Lead.objects.filter(id=lead.id).update(deleted_at=past)
    page = alice.get("/leads/deleted/")
    text = page.content.decode()
    found = {lead.first_name: lead for lead in page.context["page"].items}
    assert list(found) == ["Fresh", "Late"]
    assert "30 more days" in text and "1 more day<" in text and "Restore" in text
    bob = member(acme)
    assert "Restore" not in bob.get("/leads/deleted/").content.decode()
    assert bob.post(f"/leads/{found['Late'].id}/restore/").status_code == 403
    assert alice.post(f"/leads/{lead.id}/restore/").status_code == 404  # past its 30 days
    with tenant_context(acme.id):
        assert set(Lead.objects.living().values_list("first_name", flat=True)) == {"Kept"}
    assert alice.post(f"/leads/{found['Late'].id}/restore/").status_code == 302
    assert [one.first_name for one in alice.get("/leads/deleted/").context["page"].items] == [
        "Fresh"
    ]
    body = alice.get("/api/leads?deleted=true").json()
    assert [one["first_name"] for one in body["data"]] == ["Fresh"] and body["data"][0][
        "deleted_at"
    ]
    assert {one["id"] for one in alice.get("/api/leads").json()["data"]} >= {str(kept.id)}
    assert alice.get("/api/leads?deleted=maybe").status_code == 400


def test_nothing_deleted_is_said(alice):
    assert b"Nothing deleted" in alice.get("/leads/deleted/").content


def test_a_person_who_came_back_is_not_restored_twice(acme, alice):
    lead = cast.lead(acme, email="grace@navy.example")
    alice.post(f"/leads/{lead.id}/deletion/")
    cast.lead(acme, email="grace@navy.example")
    assert alice.post(f"/leads/{lead.id}/restore/").status_code == 409
    with tenant_context(acme.id):
        assert Lead.objects.living().count() == 1


def test_the_api_lists_changes_and_deletes(acme, alice):
    lead = cast.lead(acme, first_name="Grace")
    cast.lead(acme, first_name="Ada")
    body = alice.get("/api/leads?sort=oldest&pageSize=1").json()
    assert [one["first_name"] for one in body["data"]] == ["Grace"] and body["total"] == 2
    body = alice.get("/api/leads", {"sort": "oldest", "cursor": body["next"]}).json()
    assert [one["first_name"] for one in body["data"]] == ["Ada"]
    answer = alice.patch(
        f"/api/leads/{lead.id}", {"status": "won", "tags": ["b", "a"]}, "application/json"
    )
    assert (answer.json()["status"], answer.json()["tags"]) == ("won", ["a", "b"])
    assert alice.delete(f"/api/leads/{lead.id}").status_code == 204
    assert alice.get(f"/api/leads/{lead.id}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "sold"}, "status"),
        ({"stauts": "won"}, "stauts"),
        ({"tags": "won"}, "tags"),
        ({"owner": "11111111-1111-7111-8111-111111111111"}, "owner"),
        ({"notes": "a\x00b"}, "notes"),
    ],
)
def test_the_api_names_what_is_wrong(acme, alice, body, field):
    lead = cast.lead(acme)
    answer = alice.patch(f"/api/leads/{lead.id}", body, "application/json")
    assert answer.status_code == 400 and field in answer.json()["errors"]
    with tenant_context(acme.id):
        assert Lead.objects.get(id=lead.id).updated_at == lead.updated_at
