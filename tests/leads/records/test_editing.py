"""L-5, L-11: a lead's record is edited as an import reads it, and nobody becomes two."""

import pytest
from django.test import Client

from accounts.audit.models import AuditEntry
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context
from leads.records import editing
from leads.records.acquisition import candidate_of
from leads.records.creation import create_lead
from leads.records.models import Lead, LeadActivity
from tests import cast
from tests.leads.conftest import member


def made(acme, **values) -> Lead:
    """A lead as the API makes one."""
    with tenant_context(acme.id):
        lead_id = create_lead(
            workspace=acme, actor=cast.actor_for(acme.alice), values={"last_name": "Doe", **values}
        )
    return fresh(acme, lead_id)


def fresh(acme, lead_id) -> Lead:
    with tenant_context(acme.id):
        return Lead.objects.get(workspace_id=acme.id, id=getattr(lead_id, "id", lead_id))


def patch(client: Client, lead: Lead, **values):
    return client.patch(f"/api/leads/{lead.id}", values, "application/json")


def of(lead: Lead, *names: str) -> tuple:
    return tuple(getattr(lead, name) for name in names)


def is_as_imported(lead: Lead) -> bool:
    """Whether its identity is what the record says (L-11)."""
    candidate = candidate_of(editing._person_of(lead))
    return of(lead, "dedup_hash", "email_key", "phone_key") == (
        candidate.dedup_hash,
        candidate.email_key,
        candidate.phone_key,
    )


def trail(acme) -> tuple[int, int, int]:
    with tenant_context(acme.id):
        return (
            LeadActivity.objects.count(),
            AuditEntry.objects.filter(action="update", resource="lead").count(),
            Event.objects.filter(type="lead.updated").count(),
        )


def test_a_new_address_is_read_as_from_a_file_and_all_that_follows_is_done(acme, alice):
    lead = made(acme, email="ada@old.example", email_verified=True, title="Clerk")
    with tenant_context(acme.id):
        Lead.objects.filter(id=lead.id).update(verification_status="valid")
    before = trail(acme)
    answer = patch(alice, lead, email=" Ada.L@New.Example ", title="VP of Sales", status="won")
    assert answer.status_code == 200, answer.json()
    lead = fresh(acme, lead)
    assert of(lead, "email", "work_email", "email_type") == (
        *("ada.l@new.example", "ada.l@new.example", "work"),
    )
    assert of(lead, "email_verified", "email_verified_at", "verification_status") == (
        *(False, None, ""),
    )
    assert of(lead, "title", "seniority", "department") == ("VP of Sales", "vp", "sales")
    assert lead.status == "won" and answer.json()["email"] == lead.email
    assert is_as_imported(lead) and lead.email_key == "ada.l@new.example"
    assert lead.score_factors["email"] == 0
    with tenant_context(acme.id):
        said = LeadActivity.objects.filter(lead=lead, kind="contact").get().text
        entry = AuditEntry.objects.filter(action="update").order_by("id").first()
        events = Event.objects.filter(type="lead.updated", payload__lead=str(lead.id))
        changed = {name for event in events for name in event.payload["changed"]}
    assert "changed from ada@old.example to ada.l@new.example" in said
    assert "title changed from Clerk to VP of Sales" in said
    assert entry.old["email"] == "ada@old.example" and entry.new["email"] == lead.email
    assert {"email", "title", "seniority", "status"} <= changed
    assert trail(acme) > before


@pytest.mark.parametrize(
    ("had", "given", "then"),
    [
        (  # a number without its country is the workspace's
            {"email": "a@x.example"},
            {"phone": "(512) 555-0100"},
            {"phone": "+15125550100"},
        ),
        (  # the mirror of an address goes with it, another one stays
            {"email": "a@x.example", "personal_email": "a@gmail.com"},
            {"email": "b@x.example"},
            {"work_email": "b@x.example", "personal_email": "a@gmail.com"},
        ),
        (
            {"email": "a@x.example"},
            {"work_email": "b@x.example"},
            {"email": "b@x.example", "work_email": "b@x.example"},
        ),
        (  # who types an address means that one, also where a file's reader would take another
            {"work_email": "a@x.example"},
            {"email": "ada@gmail.com"},
            {"email": "ada@gmail.com", "email_type": "personal"},
        ),
        (  # a second address doesn't push the first away
            {"email": "ada@gmail.com"},
            {"work_email": "a@x.example"},
            {"email": "ada@gmail.com", "work_email": "a@x.example", "email_type": "personal"},
        ),
        (  # emptied, the next one takes its place
            {"email": "a@x.example", "personal_email": "a@gmail.com"},
            {"email": None},
            {"email": "a@gmail.com", "work_email": "", "email_type": "personal"},
        ),
        (
            {"email": "a@x.example", "mobile_phone": "+15125550100"},
            {"mobile_phone": ""},
            {"phone": "", "mobile_phone": "", "phone_type": ""},
        ),
        (
            {"email": "a@x.example"},
            {"company_domain": "https://www.Acme.Example/about", "state": "Texas", "country": "US"},
            {"company_domain": "acme.example", "state": "TX", "country": "US"},
        ),
        (
            {"email": "a@x.example", "intent_topics": ["CRM"]},
            {"intent_topics": ["Payroll", "crm"], "company_founded": 1999},
            {"intent_topics": ["crm", "payroll"], "company_founded": 1999},
        ),
        (
            {"email": "a@x.example", "title": "CEO", "seniority": "c_suite"},
            {"title": "CEO", "seniority": "vp"},
            {"title": "CEO", "seniority": "vp"},
        ),
    ],
)
def test_what_belongs_together_changes_together(acme, alice, had, given, then):
    lead = made(acme, first_name="Ada", **had)
    answer = patch(alice, lead, **given)
    assert answer.status_code == 200, answer.json()
    lead = fresh(acme, lead)
    assert {name: getattr(lead, name) for name in then} == then
    assert is_as_imported(lead)


def test_what_is_not_touched_stays_as_it_is(acme, alice):
    """Also what a reader of files would write otherwise today."""
    lead = made(acme, first_name="Ada", email="a@x.example", title="CEO")
    odd = {"state": "Bavaria ", "seniority": "senior", "phone": "123", "email_verified": True}
    with tenant_context(acme.id):
        Lead.objects.filter(id=lead.id).update(**odd)
    assert patch(alice, lead, first_name="Eve").status_code == 200
    lead = fresh(acme, lead)
    assert {name: getattr(lead, name) for name in odd} == odd
    assert of(lead, "first_name", "email", "title") == ("Eve", "a@x.example", "CEO")
    before = trail(acme), lead.updated_at
    assert patch(alice, lead, first_name="Eve", email="A@X.example").status_code == 200
    assert (trail(acme), fresh(acme, lead).updated_at) == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"work_email": "a@b@c"}, "work_email"),
        ({"phone": "12"}, "phone"),
        ({"mobile_phone": "call me"}, "mobile_phone"),
        ({"email": None, "phone": "", "last_name": ""}, ""),
        ({"linkedin_url": "https://example.com/in/ada"}, "linkedin_url"),
        ({"seniority": "boss of all"}, "seniority"),
        ({"country": "Atlantis"}, "country"),
        ({"country": "DE"}, "state"),
        ({"country": ""}, "country"),
        ({"first_name": "A" * 101}, "first_name"),
        ({"title": "x " * 1_500}, "title"),
        ({"postal_code": "1" * 200}, "postal_code"),
        ({"intent_topics": [f"topic {n}" for n in range(51)]}, "intent_topics"),
        ({"company_founded": 3000}, "company_founded"),
        ({"title": {"en": "CEO"}}, "title"),
        ({"email_verified": True}, "email_verified"),
        ({"quality_score": 100}, "quality_score"),
        ({"score": 100}, "score"),
        ({"dedup_hash": "x"}, "dedup_hash"),
        ({"title": "Boss", "status": "sold"}, "status"),
        ({"title": "Boss", "owner": "11111111-1111-7111-8111-111111111111"}, "owner"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_changes(acme, alice, given, field):
    lead = made(acme, email="a@x.example", mobile_phone="+15125550100", country="US", state="Texas")
    before = trail(acme)
    answer = patch(alice, lead, **given)
    body = answer.json()
    assert answer.status_code == 400, body
    assert not field or field in body["errors"]
    after = fresh(acme, lead)
    assert all(
        getattr(after, one.attname) == getattr(lead, one.attname)
        for one in Lead._meta.concrete_fields
    )
    assert trail(acme) == before


def test_somebody_elses_address_names_that_lead(acme, alice):
    """L-12, L-13: by address, in any of its forms, or by a number that nothing tells apart."""
    first = made(acme, first_name="Ada", email="ada.love@gmail.com")
    second = made(acme, first_name="Bob", email="bob@x.example", last_name="Roe")
    alone = made(acme, first_name="Cy", phone="+15125550100", last_name="Poe")
    nameless = made(acme, last_name="", phone="+15125550177")
    for given, field, other in (
        ({"email": "AdaLove+news@googlemail.com"}, "email", first),
        ({"personal_email": "adalove@gmail.com"}, "personal_email", first),
        ({"phone": "512-555-0177"}, "phone", nameless),
    ):
        lead = alone if field == "phone" else second
        answer = patch(alice, lead, title="Boss", **given)
        body = answer.json()
        assert answer.status_code == 409, (given, body)
        assert (body["code"], body["lead"]) == ("owned", str(other.id))
        assert field in body["errors"]
        assert fresh(acme, lead).title == "" and fresh(acme, lead).updated_at == lead.updated_at
    # A colleague at the same switchboard is somebody else (ADR 0016).
    assert patch(alice, second, phone="+15125550100").status_code == 200
    # Who is a double already can still be edited otherwise.
    assert patch(alice, second, title="Boss").status_code == 200


def test_who_may_not_be_contacted_does_not_come_in_by_an_edit(acme, alice):
    lead = made(acme, email="a@x.example")
    cast.suppress("no@x.example")
    answer = patch(alice, lead, email="no@x.example")
    assert answer.status_code == 409 and "not to be contacted" in answer.json()["detail"]
    assert fresh(acme, lead).email == "a@x.example"


def test_a_strangers_lead_and_a_deleted_one_are_not_there(acme, alice):
    rival, _ = cast.rival()
    theirs = cast.lead(rival, title="Theirs")
    assert patch(alice, theirs, title="Mine").status_code == 404
    assert alice.post(f"/leads/{theirs.id}/edit/", {"title": "Mine"}).status_code == 404
    assert fresh(rival, theirs).title == "Theirs"


PAGE_FIELDS = (
    *("first_name", "last_name", "email", "work_email", "personal_email", "phone"),
    *("mobile_phone", "direct_phone", "linkedin_url", "title", "seniority", "department"),
    *("company_name", "company_domain", "industry", "employee_band", "revenue_band"),
    *("company_founded", "naics", "city", "state", "postal_code", "country"),
)


def sent(lead: Lead, **changes: str) -> dict[str, str]:
    return {name: str(getattr(lead, name) or "") for name in PAGE_FIELDS} | changes


@pytest.mark.parametrize(
    ("had", "given", "then"),
    [
        (("US", "Texas"), {"country": "DE", "state": ""}, ("DE", "")),
        (("US", "Texas"), {"country": "DE", "state": "Bavaria"}, ("DE", "Bavaria")),
        (("US", "WA"), {"country": "AU"}, ("AU", "WA")),
        # What neither list has can't be judged: it stays.
        (("AT", "Bavaria"), {"country": "DE"}, ("DE", "Bavaria")),
        (("US", "Texas"), {"country": "", "state": ""}, ("", "")),
        (("DE", "Texas"), {"country": "US"}, ("US", "TX")),
    ],
)
def test_a_state_goes_with_its_country(acme, alice, had, given, then):
    """One that contradicts the new country is refused, see above; the others are kept."""
    lead = made(acme, email="a@x.example", country=had[0], state=had[1])
    assert patch(alice, lead, **given).status_code == 200
    assert of(fresh(acme, lead), "country", "state") == then


def test_a_text_that_is_too_long_is_refused_with_its_limit(acme, alice):
    """Nothing of it is cut off in silence, by whatever way it comes (L-5)."""
    long = {"first_name": "A" * 5_000, "last_name": "Doe", "email": "a@x.example"}
    answer = alice.post("/api/leads", long, "application/json")
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        {"first_name": "At most 100 characters."},
    )
    with tenant_context(acme.id):
        assert not Lead.objects.filter(workspace_id=acme.id).exists()
    lead = made(acme, email="a@x.example", country="US", state="TX")
    answer = patch(alice, lead, country="Atlantis")
    assert "two-letter code" in answer.json()["errors"]["country"]
    page = alice.post(f"/leads/{lead.id}/edit/", sent(lead, title="x" * 201, country="DE"))
    assert page.status_code == 400 and "At most 200 characters." in page.content.decode()
    page = alice.post(f"/leads/{lead.id}/edit/", sent(lead, country="DE"))
    assert "TX is in United States. Change the state too, or empty it." in page.content.decode()


def test_a_member_edits_a_lead_on_its_page(acme, alice):
    lead = made(acme, first_name="Ada", email="a@x.example", industry="software")
    bob = member(acme)
    assert f"/leads/{lead.id}/edit/" in bob.get(f"/leads/{lead.id}/").content.decode()
    address = f"/leads/{lead.id}/edit/"
    page = bob.get(address).content.decode()
    assert 'value="a@x.example"' in page and "Software" in page
    answer = bob.post(address, sent(lead, title="CEO", phone="512 555 0100"))
    assert answer.status_code == 302 and answer.url == f"/leads/{lead.id}/"
    lead = fresh(acme, lead)
    assert of(lead, "title", "seniority", "phone", "industry", "first_name") == (
        *("CEO", "c_suite", "+15125550100", "software", "Ada"),
    )
    text = bob.get(answer.url).content.decode()
    assert "title is CEO" in text and "Seniority is C-suite" in text


def test_the_page_keeps_what_was_typed(acme, alice):
    other = made(acme, first_name="Bob", email="bob@x.example")
    lead = made(acme, first_name="Ada", email="a@x.example")
    address = f"/leads/{lead.id}/edit/"
    bad = alice.post(address, sent(lead, email="nonsense", title="Typed with care"))
    text = bad.content.decode()
    assert bad.status_code == 400 and "address is not valid" in text
    assert 'value="nonsense"' in text and 'value="Typed with care"' in text
    taken = alice.post(address, sent(lead, email="bob@x.example", title="Typed with care"))
    text = taken.content.decode()
    assert taken.status_code == 409 and f'href="/leads/{other.id}/"' in text
    assert "has it already" in text and 'value="Typed with care"' in text
    assert of(fresh(acme, lead), "email", "title") == ("a@x.example", "")


def test_a_code_of_old_stays_where_nobody_changes_it(acme, alice):
    lead = made(acme, first_name="Ada", email="a@x.example")
    with tenant_context(acme.id):
        Lead.objects.filter(id=lead.id).update(industry="alchemy")
    lead = fresh(acme, lead)
    assert alice.post(f"/leads/{lead.id}/edit/", sent(lead, city="Austin")).status_code == 302
    assert of(fresh(acme, lead), "industry", "city") == ("alchemy", "Austin")
