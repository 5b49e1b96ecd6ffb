"""L-17: the bulk bar's dialogs, the page of a bulk action, and the API."""

import csv
import io

import pytest

from cursive.lib.jobs import runner
from cursive.lib.tenancy import tenant_context, uuid7
from leads.bulk import operations
from leads.bulk.models import BulkRun
from leads.records.models import Lead
from tests import cast
from tests.leads.conftest import member

from .bulking import do, many, values

HTMX = {"HX-Request": "true"}


def post(client, action: str, leads=(), headers=None, **data):
    sent = {"action": action, "lead": [str(lead.id) for lead in leads], **data}
    return client.post("/leads/bulk/", sent, headers=headers or {})


def test_the_bar_offers_what_the_member_may(acme, alice):
    cast.lead(acme)
    text = alice.get("/leads/").content.decode()
    for words in ("Set status", "Assign", "Add tags", "Remove tags", "Approve", "Export"):
        assert words in text, words
    assert 'value="delete"' in text
    assert 'value="delete"' not in member(acme).get("/leads/").content.decode()


def test_a_dialog_asks_then_it_is_done_and_offers_undo(acme, alice):
    """Without JavaScript too: every step is a page."""
    leads = [cast.lead(acme, first_name=name) for name in "AB"]
    page = post(alice, "set_status", leads, back="sort=name")
    text = page.content.decode()
    assert page.status_code == 200 and "2 chosen leads" in text and "undone for 7 days" in text
    assert values(acme, "status") == ["new", "new"]
    dialog = post(alice, "set_status", leads, headers=HTMX).content.decode()
    assert "<html" not in dialog and str(leads[0].id) in dialog
    answer = post(alice, "set_status", leads, sure="1", status="won", back="?sort=name")
    assert answer.status_code == 302 and "sort=name" in answer.url and "done=" in answer.url
    assert values(acme, "status") == ["won", "won"]
    text = alice.get(answer.url).content.decode()
    assert "Set status to Won: done for 2 leads." in text and "Undo" in text
    with tenant_context(acme.id):
        run = BulkRun.objects.get()
    answer = alice.post(f"/leads/bulk/{run.id}/undo/", {"back": "sort=name"})
    assert answer.status_code == 302 and answer.url == "/leads/?sort=name"
    assert "Undone for 2 leads." in alice.get(answer.url).content.decode()
    assert values(acme, "status") == ["new", "new"]
    assert alice.post(f"/leads/bulk/{run.id}/undo/").status_code == 409


@pytest.mark.parametrize(
    ("action", "data", "said"),
    [
        ("set_status", {"status": "sold"}, "not one of the available choices"),
        ("add_tags", {"tags": ""}, "at least one tag"),
        ("add_tags", {"tags": "x" * 41}, "At most 40 characters a tag."),
        ("assign", {"owner": str(uuid7())}, "Select a valid choice"),
    ],
)
def test_a_refused_answer_keeps_the_choice_and_changes_nothing(acme, alice, action, data, said):
    lead = cast.lead(acme)
    answer = post(alice, action, [lead], sure="1", **data)
    text = answer.content.decode()
    assert answer.status_code == 400 and said in text and str(lead.id) in text
    with tenant_context(acme.id):
        stored = Lead.objects.get()
        assert (stored.status, stored.tags, stored.owner_id) == ("new", [], None)
        assert not BulkRun.objects.exists()


def test_what_asks_nothing_is_done_at_once_for_chosen_leads(acme, alice):
    lead = cast.lead(acme)
    assert post(alice, "approve", [lead]).status_code == 302
    assert values(acme, "status") == ["qualified"]
    asked = post(alice, "reject", everything="1", f="status.in.qualified")
    assert asked.status_code == 200 and "All 1 leads that match" in asked.content.decode()
    assert values(acme, "status") == ["qualified"]


def test_deleting_asks_first_and_is_for_admins(acme, alice):
    """A-2."""
    lead = cast.lead(acme)
    assert "trash" in post(alice, "delete", [lead]).content.decode()
    assert post(member(acme), "delete", [lead], sure="1").status_code == 403
    assert len(values(acme, "id", deleted_at__isnull=True)) == 1
    assert post(alice, "delete", [lead], sure="1").status_code == 302
    assert values(acme, "id", deleted_at__isnull=True) == []


def test_nothing_chosen_and_nonsense_are_refused(acme, alice):
    lead = cast.lead(acme)
    assert b"No lead is chosen" in post(alice, "approve").content
    assert post(alice, "paint", [lead]).status_code == 400
    assert alice.post("/leads/bulk/", {"action": "approve", "lead": "x"}).status_code == 400
    assert values(acme, "status") == ["new"]


def test_all_that_match_shows_progress_result_and_undo(acme, alice, monkeypatch):
    monkeypatch.setattr(operations, "MAX_IDS", 5)
    many(acme, 9)
    full = cast.lead(acme, first_name="=Full", tags=[f"t{n}" for n in range(50)])
    answer = post(alice, "add_tags", everything="1", f="", sure="1", tags="vip", key="k")
    assert answer.status_code == 302 and "/leads/bulk/" in answer.url
    again = post(alice, "add_tags", everything="1", f="", sure="1", tags="vip", key="k")
    assert again.url == answer.url
    page = alice.get(answer.url).content.decode()
    assert "Add tags: vip" in page and "Everybody" in page and "data-job-stream" in page
    with tenant_context(acme.id):
        run = BulkRun.objects.get()
    runner.run_job(workspace_id=acme.id, job_id=run.job_id)
    outcome = alice.get(answer.url, headers=HTMX).content.decode()
    assert "<html" not in outcome and "Undo" in outcome and "At most 50" not in outcome
    assert "A lead has at most 50 tags." in outcome and "=Full" in outcome
    file = alice.get(f"{answer.url}failures/")
    rows = list(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
    assert rows == [
        {
            "lead": str(full.id),
            "name": "'=Full Lovelace",
            "email": full.email,
            "reason": "A lead has at most 50 tags.",
        }
    ]
    undoing = alice.post(f"{answer.url}undo/")
    assert undoing.status_code == 302 and undoing.url == answer.url
    with tenant_context(acme.id):
        run = BulkRun.objects.get()
    runner.run_job(workspace_id=acme.id, job_id=run.undo_job_id)
    text = alice.get(answer.url).content.decode()
    assert "Undone" in text and ">Undo</button>" not in text
    assert {tuple(tags) for tags in values(acme, "tags")} == {(), tuple(f"t{n}" for n in range(50))}


def test_exports_go_their_own_way(acme, alice):
    lead = cast.lead(acme)
    answer = post(alice, "export", [lead])
    assert answer.status_code == 302 and answer.url.startswith("/jobs/")


def api(client, **body):
    return client.post("/api/leads/bulk", body, "application/json")


def test_the_api_does_ids_at_once_and_says_what_was_done(acme, alice):
    rival, _ = cast.rival()
    ours, theirs = cast.lead(acme), cast.lead(rival)
    ids = [str(ours.id), str(theirs.id)]
    answer = api(alice, action="set_status", status="won", ids=ids)
    body = answer.json()
    assert answer.status_code == 200
    assert (body["asked"], body["changed"], body["failed"]) == (2, 1, 1)
    assert body["failures"] == [{"id": str(theirs.id), "reason": "There is no such lead."}]
    address = f"/api/leads/bulk/{body['id']}"
    assert alice.get(address).json()["undoable_until"]
    undone = alice.delete(address)
    assert undone.status_code == 200 and undone.json()["undone"] == 1
    assert alice.delete(address).status_code == 409
    assert values(acme, "status") == ["new"]


def test_the_api_does_all_that_match_as_a_job(acme, alice):
    many(acme, 3)
    filter = {"version": 1, "all": [{"field": "status", "op": "in", "value": ["new"]}]}
    headers = {"Idempotency-Key": "once"}
    body = {"action": "add_tags", "tags": ["x"], "filter": filter}
    first = alice.post("/api/leads/bulk", body, "application/json", headers=headers)
    second = alice.post("/api/leads/bulk", body, "application/json", headers=headers)
    assert first.status_code == second.status_code == 202
    assert first.json()["job"]["id"] == second.json()["job"]["id"]
    runner.run_job(workspace_id=acme.id, job_id=first.json()["job"]["id"])
    assert alice.get(f"/api/leads/bulk/{first.json()['id']}").json()["changed"] == 3


def test_the_api_exports(acme, alice):
    theirs = cast.lead(cast.rival()[0])
    ids = [str(cast.lead(acme).id), str(theirs.id)]
    answer = api(alice, action="export", ids=ids, columns=["email"])
    assert answer.status_code == 202 and answer.json()["job"]["type"] == "export"
    assert [one["id"] for one in answer.json()["failures"]] == [str(theirs.id)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "action"),
        ({"action": ["approve"]}, "action"),
        ({"action": "approve"}, "ids"),
        ({"action": "approve", "ids": ["x"]}, "ids"),
        ({"action": "approve", "ids": "all"}, "ids"),
        ({"action": "approve", "ids": [1]}, "ids"),
        ({"action": "approve", "ids": [], "status": "won"}, "status"),
        ({"action": "approve", "filter": {"version": 1, "all": [{"field": "x"}]}}, "all[0]"),
        ({"action": "approve", "filter": 7}, "filter"),
        ({"action": "export", "ids": ["OURS"], "columns": ["iq"]}, "columns"),
        ({"action": "export", "ids": ["OURS"], "columns": "email"}, "columns"),
    ],
)
def test_the_api_names_what_is_wrong(acme, alice, body, field):
    lead = cast.lead(acme)
    if body.get("ids") == ["OURS"]:
        body = body | {"ids": [str(lead.id)]}
    answer = api(alice, **body)
    assert answer.status_code == 400
    assert any(field in name for name in answer.json()["errors"]), answer.json()
    assert alice.post("/api/leads/bulk", [], "application/json").status_code == 400
    with tenant_context(acme.id):
        assert not BulkRun.objects.exists() and Lead.objects.get().status == "new"


def test_another_workspaces_runs_are_not_there(acme, alice):
    _, carol = cast.rival()
    lead = cast.lead(acme)
    run = do(acme, "set_status", ids=[lead], status="won")
    alice.force_login(carol)
    for address in (f"/leads/bulk/{run.id}/", f"/leads/bulk/{run.id}/failures/"):
        assert alice.get(address).status_code == 404
    assert alice.post(f"/leads/bulk/{run.id}/undo/").status_code == 404
    assert alice.get(f"/api/leads/bulk/{run.id}").status_code == 404
    assert alice.delete(f"/api/leads/bulk/{run.id}").status_code == 404
    assert values(acme, "status") == ["won"]
