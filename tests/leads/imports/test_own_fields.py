"""Status, owner, tags and notes: from the file's own columns, and for leads that are filled."""

import pytest

from accounts.workspaces.models import Membership, Role
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context
from leads.bulk.actions import MAX_TAGS
from leads.enrichment.operations import ENRICHMENT
from leads.exports.operations import open_export, start_export
from leads.filters.tree import EVERYBODY
from leads.records.column_names import OWN_TARGETS
from leads.records.mapping import MappingError, guess_mapping, parse_mapping
from leads.records.models import Lead
from tests import cast
from tests.leads.imports.importing import FILL, confirm, leads, preview, run, work

COLUMNS = ("first_name", "email", "status", "owner", "tags", "notes")


def change(acme, lead: Lead, **values) -> None:
    with tenant_context(acme.id):
        Lead.objects.filter(id=lead.id).update(**values)


def export(acme, columns) -> bytes:
    with tenant_context(acme.id):
        job = start_export(
            workspace_id=acme.id, actor=acme.actor, filter=EVERYBODY, columns=columns
        )
    work(acme, job)
    with tenant_context(acme.id):
        job.refresh_from_db()
        return open_export(job).read()


def own_of(lead: Lead) -> tuple:
    return lead.first_name, lead.status, lead.owner_id, lead.tags, lead.notes


@pytest.mark.parametrize("as_name", [True, False])
def test_what_exports_write_imports_take(acme, as_name):
    """Export, delete, import: everything is back."""
    acme.alice.name = "Alice Allen" if as_name else ""
    acme.alice.save(update_fields=["name"])
    ann = cast.lead(acme, first_name="Ann", email="ann@a.example")
    bob = cast.lead(acme, first_name="Bob", email="bob@a.example")
    cast.lead(acme, first_name="Cy", email="cy@a.example")
    change(acme, ann, status="won", owner=acme.alice, tags=["big", "fair 2026"], notes="-5 %\nx, y")
    change(acme, bob, status="lost", notes="call again")
    before = [own_of(lead) for lead in leads(acme)]
    file = export(acme, COLUMNS)
    with tenant_context(acme.id):
        Lead.objects.all().delete()
    found = run(acme, file)
    assert found.plan["warnings"] == {}
    assert [own_of(lead) for lead in leads(acme)] == before
    with tenant_context(acme.id):
        assert Event.objects.filter(type="lead.updated").count() == 0


def test_a_file_goes_before_what_is_chosen_for_all(acme):
    rows = (
        "Mail,Status,Tags,Notes,Comments\n"
        "ann@a.example,Contacted,b; A,one,two\n"
        "bob@a.example,,,,\n"
        "cy@a.example,New,,,three\n"
    )
    run(acme, rows, status="qualified", tags=["all"], owner=acme.alice.id)
    ann, bob, cy = leads(acme)
    assert (ann.status, ann.tags, ann.notes) == ("contacted", ["a", "all", "b"], "one\ntwo")
    assert (bob.status, bob.tags, bob.notes) == ("qualified", ["all"], "")
    assert (cy.status, cy.tags, cy.notes) == ("new", ["all"], "three")
    assert {lead.owner_id for lead in (ann, bob, cy)} == {acme.alice.id}


def test_what_cannot_be_used_is_said_and_the_row_comes_in(acme):
    rows = (
        "Mail,Status,Owner,Tags,Notes\n"
        f"ann@a.example,won,nobody@a.example,{'x' * 41},{'n' * 20_001}\n"
        "bob@a.example,asleep,Somebody,ok,\n"
        "cy@a.example,lost,,,\n"
    )
    found = preview(acme, rows)
    assert found.state == "ready" and found.plan["counts"] == {"new": 3}
    said = {sentence.split()[0]: count for sentence, count in found.plan["warnings"].items()}
    assert said == {"Statuses": 1, "Owners": 2, "Tags": 1, "Notes": 1}
    found = run(acme, rows)
    assert [(lead.status, lead.owner_id, lead.tags, lead.notes) for lead in leads(acme)] == [
        ("won", None, [], ""),
        ("new", None, ["ok"], ""),
        ("lost", None, [], ""),
    ]


def test_filled_leads_get_what_was_chosen_and_what_the_file_says(acme):
    """L-6: what a lead has of its own stays."""
    ann = cast.lead(acme, first_name="Ann", email="ann@a.example", work_email="ann@a.example")
    bob = cast.lead(acme, first_name="Bob", email="bob@a.example", work_email="bob@a.example")
    cy = cast.lead(acme, first_name="Cy", email="cy@a.example", work_email="cy@a.example")
    change(acme, bob, status="won", tags=["old"], notes="mine", owner=acme.alice)
    change(acme, cy, tags=[f"t{n:02}" for n in range(MAX_TAGS)], status="lost")
    rows = (
        "Mail,First,Tags,Notes\n"
        "ann@a.example,Ann,,from the file\n"
        "bob@a.example,Bob,more,from the file\n"
        "cy@a.example,Cy,,\n"
        "dot@a.example,Dot,,\n"
    )
    found = run(acme, rows, **FILL, tags=["fair"], status="contacted")
    assert (found.result["created"], found.result["filled"]) == (1, 2)
    assert found.result["skipped_owned"] == 1
    now = {lead.first_name: lead for lead in leads(acme)}
    assert own_of(now["Ann"]) == ("Ann", "contacted", None, ["fair"], "from the file")
    assert own_of(now["Bob"]) == ("Bob", "won", acme.alice.id, ["fair", "more", "old"], "mine")
    assert now["Cy"].tags == [f"t{n:02}" for n in range(MAX_TAGS)]
    assert own_of(now["Dot"])[:4] == ("Dot", "contacted", None, ["fair"])
    with tenant_context(acme.id):
        lines = {each.lead_id: each.text for each in ann.activities.model.objects.all()}
        (event,) = Event.objects.filter(type="lead.updated")
    assert lines == {
        ann.id: "Filled from people.csv: status, tags, notes",
        bob.id: "Filled from people.csv: tags",
    }
    assert event.payload["leads"] == [str(ann.id), str(bob.id)]
    again = run(acme, rows, **FILL, tags=["fair"], status="contacted")
    assert (again.result["filled"], again.result["skipped_owned"]) == (0, 4)


def test_people_who_are_left_as_they_are_get_nothing(acme):
    cast.lead(acme, first_name="Ann", email="ann@a.example")
    before = [own_of(lead) for lead in leads(acme)]
    rows = "Mail,Tags,Status\nann@a.example,x,won\nbob@a.example,y,won\n"
    found = run(acme, rows, tags=["fair"])
    assert found.result["created"] == 1
    assert [own_of(lead) for lead in leads(acme)][:1] == before


def test_an_owner_who_has_left_meanwhile_gets_nothing(acme):
    bob = cast.user("Bob")
    with tenant_context(acme.id):
        membership = Membership.objects.create(workspace=acme, user=bob, role=Role.MEMBER)
    found = preview(acme, f"Mail,Owner\nann@a.example,{bob.email}\n")
    with tenant_context(acme.id):
        membership.delete()
    work(acme, confirm(acme, found))
    assert leads(acme)[0].owner_id is None


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("Status", ["active", "inactive"], None),
        ("Lead status", ["Won", "lost"], "status"),
        ("Lead owner", ["Ann"], "owner"),
        ("Tag", ["x"], "tags"),
        ("Comments", ["x"], "notes"),
        ("Email status", ["valid"], "email_verified"),
    ],
)
def test_columns_of_ones_own_are_recognised(acme, name, values, field):
    rows = "\n".join(f"p{n}@a.example,{value}" for n, value in enumerate(values))
    found = preview(acme, f"Mail,{name}\n{rows}\n")
    assert found.upload.columns_mapped.columns[1].field == field


def test_they_are_for_imports_only(acme):
    """A catalogue has no room for them, nor has a list to be looked up."""
    assert not set(OWN_TARGETS) & set(ENRICHMENT.targets)
    columns = ["Mail", "Tags"]
    assert [each.field for each in guess_mapping(columns, []).columns] == ["email", None]
    with pytest.raises(MappingError):
        parse_mapping("Tags=tags", columns)
