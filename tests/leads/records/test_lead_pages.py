"""L-6: the lead list and a lead's page."""

import pytest
from django.test import Client

from accounts.workspaces.models import Role
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context
from leads.records.models import Lead, LeadActivity
from tests import cast


@pytest.fixture
def acme(db):
    workspace, alice = cast.acme()
    workspace.alice = alice
    return workspace


@pytest.fixture
def alice(acme) -> Client:
    client = Client()
    client.force_login(acme.alice)
    return client


def member(acme, role=Role.MEMBER) -> Client:
    bob = cast.user("Bob")
    cast.workspace("Bob's own", owner=bob)
    with cast.system_context():
        cast.Membership.objects.create(workspace=acme, user=bob, role=role)
    client = Client()
    client.force_login(bob)
    session = client.session
    session["workspace"] = str(acme.id)
    session.save()
    return client


def names(response) -> list[str]:
    return [lead.first_name for lead in response.context["page"].items]


def test_an_empty_list_says_what_to_do_next(alice):
    answer = alice.get("/leads/")
    assert answer.status_code == 200
    assert b"No leads yet" in answer.content and b"/segments/new/" in answer.content


def test_the_list_shows_only_our_living_leads(acme, alice):
    rival, _ = cast.rival()
    cast.lead(acme, first_name="Grace")
    cast.lead(rival, first_name="Stranger")
    gone = cast.lead(acme, first_name="Gone")
    alice.post(f"/leads/{gone.id}/deletion/")
    answer = alice.get("/leads/")
    assert names(answer) == ["Grace"]


def test_filters_and_their_sentence(acme, alice):
    cast.lead(acme, first_name="Grace", status="won", score=85, tags=["navy"])
    cast.lead(acme, first_name="Renée", status="new", score=40)
    assert names(alice.get("/leads/?status=won")) == ["Grace"]
    assert names(alice.get("/leads/?q=renee")) == ["Renée"]
    assert names(alice.get("/leads/?score=80-100")) == ["Grace"]
    assert names(alice.get("/leads/?tag=navy")) == ["Grace"]
    assert names(alice.get("/leads/?status=&source=&owner=&score=&q=&sort=name")) == [
        "Grace",
        "Renée",
    ]
    assert names(alice.get("/leads/?f=status.in.new")) == ["Renée"]
    answer = alice.get("/leads/?status=lost")
    assert names(answer) == [] and b"No lead matches" in answer.content


@pytest.mark.parametrize(
    "query",
    ["sort=best", "status=maybe", "f=nofield.in.x", "cursor=abc", "owner=x", "score=1", "q=%00"],
)
def test_bad_parameters_are_named(acme, alice, query):
    cast.lead(acme)
    answer = alice.get(f"/leads/?{query}")
    assert answer.status_code == 400


@pytest.mark.parametrize("sort", ["newest", "oldest", "score", "name", "company"])
def test_paging_by_cursor_shows_everybody_once(acme, alice, sort):
    made = {
        cast.lead(acme, first_name=f"P{n}", score=n % 7 or None, company_name=f"C{n % 5}").id
        for n in range(120)
    }
    seen, cursor = [], ""
    while True:
        page = alice.get(f"/leads/?sort={sort}&cursor={cursor}").context["page"]
        seen += [lead.id for lead in page.items]
        if not page.next_cursor:
            break
        cursor = page.next_cursor
    assert len(seen) == 120 and set(seen) == made


def test_a_fragment_is_the_same_url(acme, alice):
    cast.lead(acme, first_name="Grace")
    answer = alice.get("/leads/", headers={"HX-Request": "true"})
    assert b"<html" not in answer.content and b"Grace" in answer.content
    assert "HX-Request" in answer["Vary"]


def test_the_list_costs_a_fixed_number_of_queries(acme, alice, django_assert_max_num_queries):
    for n in range(30):
        cast.lead(acme, first_name=f"P{n}", owner=acme.alice)
    with django_assert_max_num_queries(12):
        alice.get("/leads/")


def test_new_leads_are_announced(acme, alice):
    first = alice.get("/leads/")
    since = first.context["now"].isoformat().replace("+", "%2B")
    assert b"show" not in alice.get(f"/leads/news/?since={since}").content
    cast.lead(acme)
    assert b"1 new lead" in alice.get(f"/leads/news/?since={since}").content
    assert alice.get("/leads/news/?since=yesterday").status_code == 400


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


def test_a_refused_change_keeps_what_was_typed_and_changes_nothing(acme, alice):
    lead = cast.lead(acme)
    answer = alice.post(f"/leads/{lead.id}/", {"status": "sold", "notes": "my words", "tags": ""})
    assert answer.status_code == 200 and b"my words" in answer.content
    with tenant_context(acme.id):
        assert Lead.objects.get(id=lead.id).notes == ""


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
