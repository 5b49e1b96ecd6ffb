"""L-18, L-19, L-13: a file becomes a plan, and the plan becomes leads."""

import csv
import io
from datetime import date

import pytest

from accounts.audit.models import AuditEntry
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.jobs.models import Job
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context, uuid7
from leads.imports.models import Import
from leads.imports.operations import confirm_import, left_out_file
from leads.records.models import Lead
from tests import cast
from tests.leads.imports.importing import (
    FILL,
    again,
    confirm,
    leads,
    preview,
    run,
    upload,
    work,
)

MESSY = """First Name;Last Name;E-Mail;Phone;Company;Country
Ann;Lee;ANN@Acme.example;(512) 555-0100;Acme Inc;USA
Bob;Ray;not an address;;;
Ann;Lee;ann@acme.example;;Acme;
=cmd();O'Hara;pat@other.example;;Other, Ltd;Ireland
Cy;Young;cy@known.example;;;
"""


def test_the_preview_says_what_would_happen_and_writes_no_lead(acme):
    cast.lead(acme, first_name="Cy", email="cy@known.example")
    found = preview(acme, MESSY)
    assert found.state == "ready"
    assert found.plan["rows"] == 5
    assert found.plan["counts"] == {"new": 2, "owned": 1, "double": 1, "invalid": 1}
    assert sum(found.plan["reasons"].values()) == 1
    samples = found.plan["samples"]
    assert [row["line"] for row in samples["new"]] == [2, 5]
    assert samples["new"][0]["email"] == "ann@acme.example"
    assert samples["invalid"][0]["line"] == 3 and samples["double"][0]["line"] == 4
    assert samples["owned"][0]["first_name"] == "Cy"
    assert len(leads(acme)) == 1
    assert found.upload.row_count == 5


def test_the_plan_becomes_leads(acme):
    cast.lead(acme, first_name="Cy", email="cy@known.example")
    found = preview(acme, MESSY)
    job = confirm(acme, found, tags=["Fair 2026", "fair 2026"], owner=acme.alice.id, status="won")
    work(acme, job)
    found = again(acme, found)
    assert (found.state, found.job.progress) == ("completed", 100)
    assert found.result == {
        "created": 2,
        "filled": 0,
        "skipped_owned": 1,
        "skipped_doubles": 1,
        "rejected": 1,
        "suppressed": 0,
        "import": str(found.id),
    }
    assert (found.job.total, found.job.processed, found.job.failed) == (5, 4, 1)
    ann = next(lead for lead in leads(acme) if lead.first_name == "Ann")
    assert (ann.email, ann.phone, ann.country) == ("ann@acme.example", "+15125550100", "US")
    assert (ann.tags, ann.owner_id, ann.status) == (["fair 2026"], acme.alice.id, "won")
    assert (ann.source, ann.job_id) == ("upload", found.job.id)
    assert ann.dedup_hash and ann.email_key == "ann@acme.example"
    with tenant_context(acme.id):
        (event,) = Event.objects.filter(type="lead.created")
        assert len(event.payload["leads"]) == 2 and event.payload["import"] == str(found.id)
        assert Event.objects.filter(type="job.completed").count() == 2
        entry = AuditEntry.objects.get(action="import")
        assert entry.new["created"] == 2 and entry.actor_label == acme.actor.label


def test_rows_left_out_come_back_as_csv_with_line_and_reason(acme):
    cast.lead(acme, first_name="Cy", email="cy@known.example")
    rows = MESSY.replace("Bob;Ray", "=1+1;Ray")
    found = run(acme, rows)
    text = "".join(left_out_file(found))
    assert text.startswith("\ufeff")
    header, *lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert header == ["Line", "Why it was left out", *found.upload.columns]
    assert [line[0] for line in lines] == ["3", "4", "6"]
    assert lines[0][1].startswith("The e-mail address is not valid")
    assert lines[0][2:5] == ["'=1+1", "Ray", "not an address"]
    assert lines[1][1] == "The same person is in a row further up."
    assert lines[2][1] == "This person is in your workspace already."


def test_imported_people_are_owned(acme):
    """L-13: the second import of a file brings nobody, says so, and costs nothing."""
    run(acme, MESSY)
    before = {lead.id for lead in leads(acme)}
    found = preview(acme, MESSY)
    assert found.plan["counts"] == {"owned": 3, "double": 1, "invalid": 1}
    with pytest.raises(Conflict):
        confirm(acme, found)
    assert {lead.id for lead in leads(acme)} == before


def test_who_came_between_preview_and_import_is_passed_over(acme):
    found = preview(acme, MESSY)
    cast.lead(acme, first_name="Ann", email="ann@acme.example")
    work(acme, confirm(acme, found))
    found = again(acme, found)
    assert (found.result["created"], found.result["skipped_owned"]) == (2, 1)
    assert len(leads(acme)) == 3


def test_empty_fields_are_filled_and_the_rest_stays(acme):
    lead = cast.lead(
        acme, first_name="Ann", last_name="Li", email="ann@acme.example", title="", phone=""
    )
    rows = (
        "First,Last,Mail,Phone,Title,Intent topics,Source date\n"
        "Anna,Lee,ann@acme.example,+15125550100,CTO,cloud; ai,2026-01-05\n"
    )
    found = run(acme, rows, **FILL)
    assert (found.result["created"], found.result["filled"]) == (0, 1)
    (now,) = leads(acme)
    assert now.id == lead.id and (now.first_name, now.last_name) == ("Ann", "Li")
    assert (now.phone, now.phone_key, now.title) == ("+15125550100", "+15125550100", "CTO")
    assert now.dedup_hash != lead.dedup_hash and now.updated_at > lead.updated_at
    with tenant_context(acme.id):
        (activity,) = now.activities.all()
        assert "phone" in activity.text and "people.csv" in activity.text
        assert Event.objects.filter(type="lead.updated").count() == 1
    assert (now.source_date, now.intent_topics) == (date(2026, 1, 5), ["ai", "cloud"])
    again_found = run(acme, rows, **FILL)
    assert (again_found.result["filled"], again_found.result["skipped_owned"]) == (0, 1)


def test_filling_never_makes_two_leads_the_same(acme):
    cast.lead(acme, first_name="Ann", email="ann@acme.example", phone="")
    cast.lead(acme, first_name="Ann", email="ann@acme.example", phone="+15125550100")
    before = [(lead.phone, lead.dedup_hash) for lead in leads(acme)]
    found = run(acme, "Mail,Phone\nann@acme.example,+15125550100\n", **FILL)
    assert (found.state, found.result["filled"]) == ("completed", 0)
    assert [(lead.phone, lead.dedup_hash) for lead in leads(acme)] == before


def test_several_parts_know_each_other(acme, monkeypatch):
    from leads.imports import previewing

    monkeypatch.setattr(previewing, "PART_ROWS", 7)
    rows = ["Mail,First"]
    rows += [f"p{n % 40}@acme.example,P{n}" for n in range(60)]
    found = run(acme, "\n".join(rows))
    assert found.plan["counts"] == {"new": 40, "double": 20}
    assert len(found.plan["parts"]) == 9 and len(leads(acme)) == 40


def test_long_rows_make_smaller_parts(acme, monkeypatch):
    from leads.imports import planning

    monkeypatch.setattr(planning, "MOST_CHARACTERS", 100)
    rows = "Mail,First\n" + "".join(f"p{n}@acme.example,P{n}\n" for n in range(30))
    found = run(acme, rows)
    assert len(found.plan["parts"]) > 3 and found.result["created"] == 30


def test_the_same_rule_of_sameness_as_pulls(acme):
    """ADR 0016: one switchboard, many people."""
    rows = (
        "First,Last,Mail,Phone\n"
        "Ann,Lee,a@x.example,+15125550100\n"
        "Bob,Ray,b@x.example,+15125550100\n"
        "Ann,Lee,other@x.example,+15125550100\n"
        "Cy,Ray,,+15125550100\n"
    )
    found = run(acme, rows)
    assert found.plan["counts"] == {"new": 2, "double": 2}
    assert sorted(lead.first_name for lead in leads(acme)) == ["Ann", "Bob"]


def test_suppressed_people_stay_out(acme):
    """A-18."""
    cast.suppress("ann@acme.example")
    found = run(acme, MESSY)
    assert found.plan["counts"]["suppressed"] == 2
    assert [lead.first_name for lead in leads(acme) if lead.email == "ann@acme.example"] == []
    assert "has asked not to be contacted" in "".join(left_out_file(found))


def test_mapping_again_replaces_the_preview(acme):
    found = preview(acme, "A,B\nann@acme.example,Ann\n", A="work_email", B=None)
    first = found.preview_job
    from leads.imports.operations import start_preview

    with tenant_context(acme.id):
        start_preview(workspace=acme, actor=acme.actor, import_id=found.id, fields={"B": "title"})
    found = again(acme, found)
    assert found.preview_job.id != first.id and found.state == "previewing" and found.plan == {}
    with tenant_context(acme.id), pytest.raises(Conflict):
        confirm_import(workspace_id=acme.id, actor=acme.actor, import_id=found.id, options={})
    work(acme, found.preview_job)
    found = again(acme, found)
    work(acme, confirm(acme, found))
    assert leads(acme)[0].title == "Ann"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"owner": uuid7()}, "owner"),
        ({"owner": "nobody"}, "owner"),
        ({"status": "lost cause"}, "status"),
        ({"existing": "replace"}, "existing"),
        ({"tags": ["x" * 41]}, "tags"),
        ({"price": 0}, "price"),
    ],
)
def test_options_that_cannot_be(acme, options, field):
    found = preview(acme, MESSY)
    with tenant_context(acme.id), pytest.raises(InvalidInput) as refusal:
        confirm_import(workspace_id=acme.id, actor=acme.actor, import_id=found.id, options=options)
    assert field in refusal.value.fields
    with tenant_context(acme.id):
        assert not Job.objects.filter(kind="import").exists()
    assert leads(acme) == []


def test_confirming_twice_is_one_import(acme):
    found = preview(acme, MESSY)
    assert confirm(acme, found).id == confirm(acme, found).id
    work(acme, again(acme, found).job)
    assert confirm(acme, found).id == again(acme, found).job.id
    assert len(leads(acme)) == 3


def test_nobody_confirms_for_another_workspace(acme):
    found = preview(acme, MESSY)
    rival, carol = cast.rival()
    with tenant_context(rival.id), pytest.raises(NotFound):
        confirm_import(
            workspace_id=rival.id, actor=cast.actor_for(carol), import_id=found.id, options={}
        )
    with tenant_context(acme.id):
        assert Import.objects.get().job is None
        assert not Lead.objects.exists()


def test_nothing_can_be_confirmed_before_the_preview_is_there(acme):
    found = upload(acme, MESSY)
    with pytest.raises(Conflict):
        confirm(acme, found)
    assert leads(acme) == []


DIRTY = """Mail,First,Phone,Company domain
ann@a.example,Ann,555-CALL,acme.com
bob@a.example,Bob,+15125550100,not a domain
cy@known.example,Cy,nonsense,
nobody,Dot,12,
eve@a.example,Eve,+15125550101,acme.com
fay@a.example,Fay,+15125550102,acme.com
"""


def left_out(found: Import) -> list[list[str]]:
    text = "".join(left_out_file(found)).removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text)))[1:]


def test_values_that_cannot_be_used_are_told_with_line_value_and_fix(acme):
    """L-18: in words for people, in the preview and in the file."""
    cast.lead(acme, first_name="Cy", email="cy@known.example")
    found = preview(acme, DIRTY)
    assert found.plan["counts"] == {"new": 4, "owned": 1, "invalid": 1}
    phones, domains = sorted(found.plan["warnings"].items(), reverse=True)
    assert phones[0].startswith("Phone numbers that are not valid. Write the country's code")
    assert domains[0].startswith("Company domains") and (phones[1], domains[1]) == (2, 1)
    rows = found.plan["samples"]["partly"]
    assert [row["line"] for row in rows] == [2, 3]
    assert "“555-CALL”" in rows[0]["reason"] and "“not a domain”" in rows[1]["reason"]
    work(acme, confirm(acme, found))
    lines = left_out(again(acme, found))
    assert [line[0] for line in lines] == ["2", "3", "4", "5"]
    assert lines[0][1].startswith("Imported without “555-CALL”. Phone numbers")
    assert lines[0][2:] == ["ann@a.example", "Ann", "555-CALL", "acme.com"]
    assert lines[2][1] == "This person is in your workspace already."
    assert again(acme, found).result["created"] == 4 and again(acme, found).job.failed == 1


def test_a_value_that_was_put_right_fills_the_gap(acme):
    """The file of what was left out can be mended and imported again."""
    found = run(acme, DIRTY)
    (row,) = (line for line in left_out(found) if line[0] == "2")
    out = io.StringIO()
    csv.writer(out).writerows(
        [
            ["Line", "Why it was left out", *found.upload.columns],
            ["+15125550123" if cell == "555-CALL" else cell for cell in row],
        ]
    )
    again_found = run(acme, out.getvalue(), **FILL)
    assert (again_found.result["created"], again_found.result["filled"]) == (0, 1)
    assert leads(acme)[0].phone == "+15125550123"


def test_rows_that_fill_leads_tell_what_they_lack(acme):
    """And rows that are left as they are don't: they are left out as a whole."""
    cast.lead(acme, first_name="Cy", email="cy@known.example")
    found = run(acme, DIRTY, **FILL)
    assert [line[0] for line in left_out(found)] == ["2", "3", "4", "5"]
    assert left_out(found)[2][1].startswith("Imported without “nonsense”. Phone numbers")


def test_what_of_a_text_is_too_long_is_told_with_line_value_and_fix(acme):
    """L-18: nothing is cut off in silence."""
    name = "A" * 100 + "nn"
    found = run(acme, f"email,first name,title\nann@a.example,{name},{'x' * 100_000}\n")
    assert sorted(found.plan["warnings"].values()) == [1, 1]
    ((line, said, *_),) = left_out(found)
    assert line == "2"
    assert "Imported without “nn”. First names of more than 100 characters" in said
    assert "Titles of more than 200 characters, of which the end is left out. Shorten them." in said
    (lead,) = leads(acme)
    assert lead.first_name == "A" * 100 and lead.title == "x" * 200


def test_who_is_suppressed_after_the_preview_stays_out_too(acme):
    """A-18: the list is asked again when leads are made, also where existing ones are filled."""
    for existing in ("skip", "fill"):
        found = preview(acme, f"Mail,Name\nann.{existing}@acme.example,Ann\nbob@acme.example,Bob\n")
        assert found.plan["counts"]["new"] == (2 if existing == "skip" else 1)
        cast.suppress(f"ann.{existing}@acme.example")
        work(acme, confirm(acme, found, existing=existing))
        found = again(acme, found)
        assert (found.result["suppressed"], found.result["rejected"]) == (1, 1)
        assert [lead.first_name for lead in leads(acme)] == ["Bob"]
        assert "1 asked meanwhile not to be contacted" in found.job.note
