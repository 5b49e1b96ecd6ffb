"""L-12, L-13, ADR 0016: a lead is known by each of its addresses and numbers, on every path."""

import pytest
from django.utils import timezone

from cursive.lib.errors import Conflict
from cursive.lib.tenancy import connection, system_context, tenant_context
from leads.duplicates.merging import merge_leads
from leads.duplicates.undoing import undo_merge
from leads.imports.filling import fill_leads
from leads.records.acquisition import acquire_people, candidate_of
from leads.records.creation import PersonOwned, create_lead
from leads.records.editing import edit_lead
from leads.records.identity import normalise_email
from leads.records.known import matching_leads
from leads.records.models import TRASH_KEPT, Lead, LeadContact
from leads.records.operations import delete_lead, purge_deleted_leads
from leads.records.other_contacts import FILL_CONTACTS_SQL
from leads.records.person import Person
from tests import cast

MAIL, HOME, OLD = "ottilie@zwei-co.example", "ottilie.zwei@gmail.com", "ot@vor.example"
MOBILE, DIRECT, DESK = "+12025550143", "+12025550144", "+12025550145"


def actor(acme):
    return cast.actor_for(acme.alice)


def ottilie(**fields) -> Person:
    return Person(first_name="Ottilie", last_name="Zwei", email_type="work", **fields)


def acquire(acme, *people: Person) -> list:
    with tenant_context(acme.id):
        return acquire_people(
            workspace_id=acme.id,
            candidates=[candidate_of(one) for one in people],
            source="upload",
        ).lead_ids


def match(acme, person: Person):
    with tenant_context(acme.id):
        return matching_leads(acme.id, [candidate_of(person)])[0]


def beside(acme, **which) -> list[str]:
    with tenant_context(acme.id):
        return sorted(LeadContact.objects.filter(**which).values_list("key", flat=True))


def create(acme, **values):
    with tenant_context(acme.id):
        return create_lead(workspace=acme, actor=actor(acme), values=values)


def test_each_of_three_addresses_and_numbers_says_who_it_is(acme):
    """The work address, the personal one and a third; likewise of numbers."""
    (lead,) = acquire(
        acme,
        ottilie(email=MAIL, work_email=OLD, personal_email=HOME,
                phone=DESK, mobile_phone=MOBILE, direct_phone=DIRECT),
    )  # fmt: skip
    assert beside(acme) == sorted([OLD, "ottiliezwei@gmail.com", MOBILE, DIRECT])
    for known in (MAIL, HOME, OLD, "Ottilie.Z.wei+x@googlemail.com"):
        comes = Person(first_name="O.", last_name="Ander", email=known)
        assert acquire(acme, comes) == [] and match(acme, comes) == lead, known
        with pytest.raises(PersonOwned) as refused:
            create(acme, email=known)
        assert refused.value.extra["lead"] == str(lead)
    for known in (MOBILE, DIRECT, DESK):
        comes = ottilie(phone=known, email="new@else.example")
        assert acquire(acme, comes) == [] and match(acme, comes) == lead, known
        # A switchboard's number makes nobody the same person.
        stranger = Person(first_name="Bob", last_name="Ray", email="b@x.example", phone=known)
        assert match(acme, stranger) is None
    with tenant_context(acme.id):
        delete_lead(workspace_id=acme.id, lead_id=lead, actor=actor(acme))
    comes = Person(email=HOME)
    assert acquire(acme, comes) == [] and match(acme, comes) is None


def test_what_costs_nothing_is_not_kept(acme):
    """Addresses and numbers that only repeat the main ones."""
    acquire(acme, ottilie(email=HOME, personal_email=HOME, phone=MOBILE, mobile_phone=MOBILE))
    assert beside(acme) == []


def test_edits_and_fills_are_followed(acme):
    lead = cast.lead(acme, personal_email=HOME, phone=DESK)
    other = cast.lead(acme, email="bob@x.example")
    values = {"personal_email": OLD, "mobile_phone": MOBILE}
    with tenant_context(acme.id):
        edit_lead(workspace=acme, actor=actor(acme), lead_id=lead.id, values=values)
    assert beside(acme) == sorted([OLD, MOBILE])
    assert match(acme, Person(email=HOME)) is None
    with tenant_context(acme.id):
        with pytest.raises(PersonOwned) as refused:
            edit_lead(
                workspace=acme, actor=actor(acme), lead_id=other.id, values={"work_email": OLD}
            )
        assert refused.value.extra["lead"] == str(lead.id) and "work_email" in refused.value.fields
        assert Lead.objects.get(id=other.id).work_email == ""
        found = Person(work_email="bob@work.example")
        assert fill_leads(
            workspace_id=acme.id, matches=[(other.id, found)], where_from="x", actor_label="y"
        )
    assert match(acme, Person(email="bob@work.example")) == other.id
    with tenant_context(acme.id):
        Lead.objects.all().delete()
    assert beside(acme) == []


def test_what_a_merge_takes_off_stays_the_persons_and_undoing_gives_it_back(acme):
    """L-13: also when the merged lead has been purged, and after merging once more."""
    one = cast.lead(acme, email=OLD, phone=MOBILE)
    two = cast.lead(acme, email=MAIL, personal_email=HOME)
    three = cast.lead(acme, email="third@x.example", direct_phone=DESK)

    def merge(*leads, **choices):
        with tenant_context(acme.id):
            return merge_leads(
                workspace_id=acme.id,
                actor=actor(acme),
                lead_ids=[each.id for each in leads],
                choices={name: lead.id for name, lead in choices.items()},
            )

    before = beside(acme)
    kept = {"email": two, "personal_email": one, "phone": two}
    done = merge(one, two, **kept)
    assert beside(acme, former=True) == sorted([OLD, "ottiliezwei@gmail.com", MOBILE])
    again = merge(one, three, email=three, direct_phone=one)
    for known in (MAIL, OLD, HOME):
        assert match(acme, Person(email=known)) == one.id
    with tenant_context(acme.id):
        for each in (again, done):
            undo_merge(workspace_id=acme.id, merge_id=each.id, actor=actor(acme))
    assert beside(acme) == before and match(acme, Person(email=HOME)) == two.id
    merge(one, two, **kept)
    with tenant_context(acme.id):
        Lead.objects.filter(id=two.id).update(deleted_at=timezone.now() - 2 * TRASH_KEPT)
    assert purge_deleted_leads() == 1
    for known in (OLD, HOME):
        assert match(acme, Person(email=known)) == one.id
        assert acquire(acme, Person(email=known)) == []
        with pytest.raises(PersonOwned):
            create(acme, email=known)


def test_who_came_in_again_by_another_address_keeps_a_merge_from_being_undone(acme):
    """L-14: nothing has changed then, and the way on is said."""
    one, two = cast.lead(acme, email=OLD), cast.lead(acme, email=MAIL)
    with tenant_context(acme.id):
        ids = [one.id, two.id]
        done = merge_leads(workspace_id=acme.id, actor=actor(acme), lead_ids=ids)
    came = cast.lead(acme, first_name="Zed", last_name="Quill", personal_email=OLD)
    with tenant_context(acme.id):
        with pytest.raises(Conflict, match="another lead: Zed Quill") as refused:
            undo_merge(workspace_id=acme.id, merge_id=done.id, actor=actor(acme))
        assert refused.value.extra["lead"] == str(came.id)
        assert Lead.objects.get(id=two.id).merged_into == one.id
        delete_lead(workspace_id=acme.id, lead_id=came.id, actor=actor(acme))
        undo_merge(workspace_id=acme.id, merge_id=done.id, actor=actor(acme))


def test_leads_from_before_are_filled_in(acme):
    """What the migration does, of all workspaces at once."""
    rival, _ = cast.rival()
    for workspace in (acme, rival):
        cast.lead(workspace, personal_email=HOME, mobile_phone=MOBILE)
    with system_context():
        LeadContact.objects.all().delete()
        with connection().cursor() as cursor:
            cursor.execute(FILL_CONTACTS_SQL)
        assert LeadContact.objects.count() == 4


@pytest.mark.parametrize(
    "address",
    ["a.b+c@gmail.com", "+tag@gmail.com", "..@gmail.com", "A.B@GoogleMail.com", "a.b+c@x.example",
     "o'neil_x@my-gmail.com", "x@gmail.com.example"],
)  # fmt: skip
def test_the_database_has_the_same_normal_form(db, address):
    """L-11."""
    with system_context(), connection().cursor() as cursor:
        cursor.execute("SELECT email_form(%s)", [address])
        assert cursor.fetchone()[0] == normalise_email(address)
