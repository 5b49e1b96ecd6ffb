"""POST /api/leads/imports and what follows; POST /api/leads."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.audit.models import AuditEntry
from accounts.keys.operations import create_key
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context
from leads.imports.models import Import
from leads.imports.uploads.models import Upload
from leads.records.models import Lead
from leads.records.operations import delete_lead
from tests import cast
from tests.leads.imports.importing import again, leads, work
from tests.leads.imports.test_imports import MESSY


@pytest.fixture
def api(acme):
    with tenant_context(acme.id):
        _, token = create_key(
            workspace_id=acme.id, actor=acme.actor, name="Key", scopes=["read", "write"]
        )
    return Client(headers={"Authorization": f"Bearer {token}"})


def send(api, content: str = MESSY, **data: str):
    file = SimpleUploadedFile("people.csv", content.encode())
    return api.post("/api/leads/imports", {"file": file, **data})


def only(acme) -> Import:
    with tenant_context(acme.id):
        return Import.objects.select_related("upload", "preview_job", "job").get()


def test_upload_preview_confirmation_rejects(acme, api):
    mapping = {"E-Mail": "work_email", "Country": None}
    answer = send(api, label="Fair", mapping=json.dumps(mapping))
    assert answer.status_code == 202, answer.content
    body = answer.json()
    assert (body["state"], body["label"], body["job"]) == ("previewing", "Fair", None)
    assert body["columns"]["E-Mail"] == "work_email" and body["columns"]["Country"] is None
    path = f"/api/leads/imports/{body['id']}"
    early = api.post(f"{path}/confirmation", {}, content_type="application/json")
    assert early.status_code == 409
    work(acme, only(acme).preview_job)
    body = api.get(path).json()
    assert body["state"] == "ready"
    assert body["preview"]["counts"] == {"new": 3, "double": 1, "invalid": 1}
    options = {"tags": ["fair"], "status": "won", "owner": str(acme.alice.id)}
    answer = api.post(f"{path}/confirmation", options, content_type="application/json")
    assert answer.status_code == 202 and answer.json()["job"]["type"] == "import"
    work(acme, only(acme).job)
    body = api.get(path).json()
    assert body["state"] == "completed" and body["job"]["result"]["created"] == 3
    assert {lead.status for lead in leads(acme)} == {"won"}
    rejects = api.get(f"{path}/rejects")
    assert b"".join(rejects.streaming_content).startswith(b"\xef\xbb\xbfLine,Why")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"mapping": "[1]"}, "mapping"),
        ({"mapping": "{"}, "mapping"),
        ({"mapping": '{"Nope": "email"}'}, "mapping"),
        ({"mapping": '{"E-Mail": "iq"}'}, "mapping"),
        ({"label": "x" * 81}, "label"),
        ({"color": "red"}, "color"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_kept(acme, api, files, data, field):
    answer = send(api, **data)
    assert answer.status_code == 400 and field in answer.json()["errors"]
    with tenant_context(acme.id):
        assert not Upload.objects.exists()
    assert not [path for path in files.rglob("*") if path.is_file()]


def test_no_file_and_no_table(acme, api):
    assert "file" in api.post("/api/leads/imports", {"label": "x"}).json()["errors"]
    refused = send(api, "<html><body>Sign in</body></html>")
    assert refused.status_code == 400 and "HTML page" in refused.json()["detail"]
    body = b"--x\r\nContent-Disposition: form-data"
    broken = api.generic("POST", "/api/leads/imports", body, "multipart/form-data; boundary=x")
    assert broken.status_code == 400
    with tenant_context(acme.id):
        assert not Import.objects.exists()


def test_another_workspaces_import_is_not_there(acme, api):
    rival, carol = cast.rival()
    with tenant_context(rival.id):
        _, token = create_key(
            workspace_id=rival.id, actor=cast.actor_for(carol), name="K", scopes=["read", "write"]
        )
    found = send(api).json()["id"]
    theirs = Client(headers={"Authorization": f"Bearer {token}"})
    for path in (found, f"{found}/rejects"):
        assert theirs.get(f"/api/leads/imports/{path}").status_code == 404
    answer = theirs.post(
        f"/api/leads/imports/{found}/confirmation", {}, content_type="application/json"
    )
    assert answer.status_code == 404 and again(acme, only(acme)).job is None


def add(api, **values):
    return api.post("/api/leads", values, content_type="application/json")


def test_one_lead(acme, api):
    answer = add(
        api,
        first_name="Ann",
        email=" Ann@Acme.example ",
        phone="(512) 555-0100",
        title="CTO",
        company_domain="https://www.acme.example/x",
        intent_topics=["cloud", "ai"],
        email_verified=True,
        tags=["VIP"],
        status="qualified",
        notes="Met at the fair",
        owner=str(acme.alice.id),
    )
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["email"], body["phone"]) == ("ann@acme.example", "+15125550100")
    assert (body["company_domain"], body["seniority"]) == ("acme.example", "c_suite")
    assert (body["source"], body["status"], body["tags"]) == ("api", "qualified", ["vip"])
    assert body["intent_topics"] == ["ai", "cloud"] and body["email_verified"]
    assert (body["notes"], body["owner"]) == ("Met at the fair", str(acme.alice.id))
    with tenant_context(acme.id):
        assert Event.objects.get(type="lead.created").payload["leads"] == [body["id"]]
        assert AuditEntry.objects.filter(action="create", resource="lead").count() == 1


def test_a_person_who_is_there_is_a_conflict_that_names_them(acme, api):
    """L-13."""
    lead = cast.lead(acme, email="ann@acme.example")
    answer = add(api, email="ANN@acme.example", first_name="Anna")
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["lead"]) == ("owned", str(lead.id))
    assert len(leads(acme)) == 1 and leads(acme)[0].first_name == "Ada"
    with tenant_context(acme.id):
        delete_lead(workspace_id=acme.id, lead_id=lead.id, actor=acme.actor)
    answer = add(api, email="ann@acme.example")
    assert answer.status_code == 409 and answer.json()["lead"] is None
    assert "trash" in answer.json()["detail"] and leads(acme) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "not an address"}, "email"),
        ({"email": "a@acme.example", "work_email": "b@"}, "work_email"),
        ({"email": "a@acme.example", "phone": "12"}, "phone"),
        ({"email": "a@acme.example", "country": "Atlantis"}, "country"),
        ({"email": "a@acme.example", "iq": 3}, "iq"),
        ({"email": ["a@acme.example"]}, "email"),
        ({"email": "a@acme.example", "status": "gone"}, "status"),
        ({"email": "a@acme.example", "tags": "vip"}, "tags"),
        ({"email": "a@acme.example", "owner": "me"}, "owner"),
        ({"email": "a@acme.example", "notes": 3}, "notes"),
        ({"email": "a@acme.example", "score": 100}, "score"),
    ],
)
def test_a_field_that_cannot_be_is_named(acme, api, values, field):
    answer = add(api, **values)
    assert answer.status_code == 400 and field in answer.json()["errors"], answer.content
    assert leads(acme) == []


def test_nobody_and_a_suppressed_person(acme, api):
    assert add(api, first_name="Ann").status_code == 400
    assert api.post("/api/leads", "[]", content_type="application/json").status_code == 400
    cast.suppress("ann@acme.example")
    assert add(api, email="ann@acme.example").status_code == 409
    with tenant_context(acme.id):
        assert not Lead.objects.exists()


ODD = "Fair of 2026;;;\nby hand;;;\nq1;q2;q3;q4\nzz;yy;xx;ww\nann@a.example;Ann;Lee;Acme\n"


def test_a_file_that_is_not_understood_can_be_put_right(acme, api, files):
    """L-18: the refusal names what was read, and how it is read can be said."""
    refused = send(api, "q1,q2\nzz,yy\n", header="yes")
    assert refused.status_code == 400
    said = refused.json()["detail"]
    assert "No column is known." in said and "“q1”, “q2”" in said and "omma-separated" in said
    assert not [path for path in files.rglob("*") if path.is_file()]
    mapping = json.dumps({"q1": "email", "q2": "first_name"})
    answer = send(api, ODD, header_line="3", delimiter=";", encoding="cp1252", mapping=mapping)
    body = answer.json()
    assert answer.status_code == 202, body
    assert body["columns"] == {"q1": "email", "q2": "first_name", "q3": None, "q4": None}
    assert "line 3" in body["read_as"] and only(acme).upload.encoding == "cp1252"
    for wrong in (
        {"delimiter": "#"},
        {"encoding": "klingon"},
        {"header_line": "0"},
        {"header": "maybe"},
    ):
        (field,) = wrong
        assert field in send(api, ODD, **wrong).json()["errors"]
    only(acme)


def test_imports_are_listed_newest_first(acme, api):
    for label in ("First", "Second", "Third"):
        assert send(api, label=label).status_code == 202
    body = api.get("/api/leads/imports", {"pageSize": "2"}).json()
    assert (body["page"], body["pageSize"], body["total"]) == (1, 2, 3)
    assert [one["label"] for one in body["data"]] == ["Third", "Second"]
    assert body["data"][0]["state"] == "previewing"


def test_an_import_that_has_not_begun_is_thrown_away(acme, api, files):
    """A-18: with its file and all that was staged; one that has begun stays."""
    begun = send(api).json()["id"]
    work(acme, only(acme).preview_job)
    path = f"/api/leads/imports/{begun}"
    assert api.post(f"{path}/confirmation", {}, content_type="application/json").status_code == 202
    before = {str(one) for one in files.rglob("*") if one.is_file()}
    assert before
    assert api.delete(path).status_code == 409
    for is_read in (True, False):
        found = send(api).json()
        with tenant_context(acme.id):
            preview = Import.objects.select_related("preview_job").get(id=found["id"]).preview_job
        if is_read:
            work(acme, preview)
        assert api.delete(f"/api/leads/imports/{found['id']}").status_code == 204
        if not is_read:
            work(acme, preview)  # a worker that takes it up all the same leaves nothing behind
        assert api.get(f"/api/leads/imports/{found['id']}").status_code == 404
        page = Client()
        page.force_login(acme.alice)
        shown = page.get(f"/jobs/{preview.id}/").content.decode()
        assert "See the preview" not in shown
        assert {str(one) for one in files.rglob("*") if one.is_file()} == before
    with tenant_context(acme.id):
        assert (Import.objects.count(), Upload.objects.count()) == (1, 1)
        assert AuditEntry.objects.filter(action="discard").count() == 2
