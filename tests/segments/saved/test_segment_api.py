"""S-7, S-8, X-2 to X-4: the documents of segments.md, and what is refused."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.audit.models import AuditEntry
from accounts.keys.operations import create_key
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context, uuid7
from leads.records.models import Lead
from leads.records.person import FIELD_NAMES
from tests import cast
from tests.leads.records.pulling import balance, work
from tests.segments.calls import TEXAS, VPS, all_segments, make, send
from tests.segments.conftest import client_of


def test_create_read_change_list_delete(alice, funded):
    """S-7: a segment's life by API."""
    workspace, user = funded
    made = make(alice, VPS, "Leaders")
    assert made["name"] == "Leaders"
    assert made["status"] == "active"
    assert made["filter"]["all"][0] == {
        "field": "seniority",
        "op": "in",
        "value": ["director", "vp"],
    }
    assert made["sentence"] == "Directors or VPs, not in gambling"
    assert made["owner"] == {"id": str(user.id), "name": "Alice"}
    assert alice.get(f"/api/segments/{made['id']}").json() == made

    changed = send(
        alice, "patch", f"/api/segments/{made['id']}", {"name": "Texans", "filter": TEXAS}
    ).json()
    assert (changed["name"], changed["sentence"]) == ("Texans", "People in Texas")
    paused = send(alice, "patch", f"/api/segments/{made['id']}", {"status": "paused"}).json()
    assert (paused["status"], paused["name"]) == ("paused", "Texans")

    make(alice, TEXAS, "Second")
    listed = alice.get("/api/segments?pageSize=1").json()
    assert {key: listed[key] for key in ("page", "pageSize", "total")} == {
        "page": 1,
        "pageSize": 1,
        "total": 2,
    }
    assert listed["data"][0]["name"] == "Second"
    assert alice.get("/api/segments?status=paused").json()["total"] == 1

    assert alice.delete(f"/api/segments/{made['id']}").status_code == 204
    assert alice.get(f"/api/segments/{made['id']}").status_code == 404
    assert alice.get("/api/segments").json()["total"] == 1
    with tenant_context(workspace.id):
        actions = list(
            AuditEntry.objects.filter(resource="segment", resource_id=made["id"])
            .order_by("id")
            .values_list("action", flat=True)
        )
    assert actions == ["create", "update", "update", "delete"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filter": TEXAS}, "name"),
        ({"name": "", "filter": TEXAS}, "name"),
        ({"name": "   ", "filter": TEXAS}, "name"),
        ({"name": "x" * 121, "filter": TEXAS}, "name"),
        ({"name": 7, "filter": TEXAS}, "name"),
        ({"name": ["x"], "filter": TEXAS}, "name"),
        ({"name": "a\x00b", "filter": TEXAS}, "name"),
        ({"name": "x", "filter": TEXAS, "description": "y" * 1_001}, "description"),
        ({"name": "x", "filter": TEXAS, "description": None}, "description"),
        ({"name": "x", "filter": TEXAS, "status": "active"}, "status"),
    ],
)
def test_bad_segments_are_refused(alice, funded, body, field):
    answer = send(alice, "post", "/api/segments", body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert all_segments(funded[0]) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "gone"}, "status"),
        ({"status": None}, "status"),
        ({"name": None}, "name"),
        ({"filter": {"version": 2}}, "version"),
        ({"owner": "me"}, "owner"),
        ({"id": "x"}, "id"),
    ],
)
def test_bad_changes_change_nothing(alice, body, field):
    made = make(alice)
    answer = send(alice, "patch", f"/api/segments/{made['id']}", body)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert alice.get(f"/api/segments/{made['id']}").json() == made


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "pageSize=-1", "page=99999999999", "status=x"]
)
def test_bad_pages_are_refused(alice, query):
    assert alice.get(f"/api/segments?{query}").status_code == 400


ROUTES = [
    ("get", "", None),
    ("patch", "", {"name": "Mine"}),
    ("delete", "", None),
    ("post", "/run", {"action": "preview"}),
    ("post", "/run", {"action": "pull", "limit": 1}),
    ("post", "/run", {"action": "nonsense"}),
]


@pytest.mark.parametrize(("method", "tail", "body"), ROUTES)
def test_other_workspaces_segments_are_not_there(alice, funded, catalogue, method, tail, body):
    """X-2: 404 without a name in it, and nothing changed."""
    workspace, _ = funded
    made = make(alice, TEXAS, "Secret plan")
    _, carol = cast.rival()
    stranger = client_of(carol)
    answer = send(stranger, method, f"/api/segments/{made['id']}{tail}", body)
    unknown = send(stranger, method, f"/api/segments/{uuid7()}{tail}", body)
    assert answer.status_code == unknown.status_code == 404
    assert "Secret" not in answer.content.decode()
    assert alice.get(f"/api/segments/{made['id']}").json() == made
    with tenant_context(workspace.id):
        assert not Job.objects.exists()


def test_preview_is_masked_and_free(alice, funded, catalogue):
    """S-8, L-3: 20 people, addresses and numbers masked; nothing is charged."""
    made = make(alice, VPS)
    url = f"/api/segments/{made['id']}/run"
    body = send(alice, "post", url, {"action": "preview"}).json()
    assert set(body) == {"count", "net_new", "leads"}
    assert len(body["leads"]) == min(20, body["count"])
    for lead in body["leads"]:
        assert set(lead) == {*FIELD_NAMES, "owned"} and lead["owned"] is False
        for field in ("email", "work_email", "personal_email", "phone", "mobile_phone"):
            assert not lead[field] or "•" in lead[field]
    assert balance(funded[0]) == (Decimal("1000.00"), 0)
    again = alice.get(f"/api/segments/{made['id']}").json()
    assert (again["last_count"], again["last_net_new"]) == (body["count"], body["net_new"])


def test_a_preview_only_reads(alice, funded, catalogue):
    """A-6: a key that may count may preview too; it may not pull, and odd bodies help nobody."""
    workspace, user = funded
    made = make(alice, VPS)
    with tenant_context(workspace.id):
        _, token = create_key(
            workspace_id=workspace.id, actor=cast.actor_for(user), name="BI", scopes=["read"]
        )

    def run(body):
        bearer = {"Authorization": f"Bearer {token}"}
        return send(Client(), "post", f"/api/segments/{made['id']}/run", body, **bearer)

    assert len(run({"action": "preview"}).json()["leads"]) == 20
    bodies = ({"action": "pull", "limit": 5}, {"action": ["preview"]}, ["preview"], {}, None)
    for body in bodies:
        assert run(body).status_code == 403, body
    assert balance(workspace) == (Decimal("1000.00"), 0)
    with tenant_context(workspace.id):
        assert not Job.objects.exists()


def test_pull_by_api(alice, funded, catalogue):
    """S-8: 202 with the job's document; the job delivers and charges."""
    workspace, _ = funded
    made = make(alice, VPS)
    answer = send(
        alice,
        "post",
        f"/api/segments/{made['id']}/run",
        {"action": "pull", "limit": 12, "order": "fresh"},
    )
    assert answer.status_code == 202
    job = answer.json()["job"]
    assert {"id", "type", "status", "progress", "total", "processed", "failed"} <= set(job)
    assert (job["type"], job["status"], job["total"]) == ("pull", "pending", 12)
    with tenant_context(workspace.id):
        row = Job.objects.get(workspace_id=workspace.id, id=job["id"])
    result = work(workspace, row).result
    assert (result["delivered"], result["charged"]) == (12, "6.00")
    assert result["segment"] == made["id"]
    with tenant_context(workspace.id):
        assert Lead.objects.filter(workspace_id=workspace.id).count() == 12
    assert alice.get(f"/api/segments/{made['id']}").json()["last_run_at"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "action"),
        ({"action": "buy"}, "action"),
        ({"action": ["pull"]}, "action"),
        ({"action": "pull"}, "limit"),
        ({"action": "pull", "limit": 0}, "limit"),
        ({"action": "pull", "limit": -1}, "limit"),
        ({"action": "pull", "limit": 1e9}, "limit"),
        ({"action": "pull", "limit": 1.5}, "limit"),
        ({"action": "pull", "limit": "abc"}, "limit"),
        ({"action": "pull", "limit": True}, "limit"),
        ({"action": "pull", "limit": 5, "order": "best"}, "order"),
        ({"action": "preview", "order": 3}, "order"),
        ({"action": "pull", "limit": 5, "price": 0}, "price"),
    ],
)
def test_bad_runs_change_nothing(alice, funded, catalogue, body, field):
    workspace, _ = funded
    made = make(alice)
    answer = send(alice, "post", f"/api/segments/{made['id']}/run", body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert balance(workspace) == (Decimal("1000.00"), 0)
    with tenant_context(workspace.id):
        assert not Job.objects.exists()
    assert alice.get(f"/api/segments/{made['id']}").json() == made


def test_too_few_credits(acme, catalogue):
    """C-4: 402 with balance and price; no job."""
    workspace, user = acme
    client = client_of(user)
    made = make(client)
    run = {"action": "pull", "limit": 3}
    answer = send(client, "post", f"/api/segments/{made['id']}/run", run)
    assert answer.status_code == 402
    problem = answer.json()
    assert (problem["balance"], problem["price"]) == ("0.00", "1.50")
    with tenant_context(workspace.id):
        assert not Job.objects.exists()
    assert client.get(f"/api/segments/{made['id']}").json()["last_run_at"] is None


def test_idempotency_key(alice, funded, catalogue):
    """C-3: the same key and body: the same job; another body: 409; without a key: two jobs."""
    workspace, _ = funded
    url = f"/api/segments/{make(alice)['id']}/run"
    run = {"action": "pull", "limit": 3}
    key = {"Idempotency-Key": "order-1"}
    first = send(alice, "post", url, run, **key).json()["job"]["id"]
    assert send(alice, "post", url, run, **key).json()["job"]["id"] == first
    other = send(alice, "post", url, run | {"limit": 4}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    elsewhere = f"/api/segments/{make(alice, VPS)['id']}/run"
    assert send(alice, "post", elsewhere, run, **key).status_code == 409
    assert balance(workspace)[1] == Decimal("1.50")
    send(alice, "post", url, run)
    send(alice, "post", url, run)
    with tenant_context(workspace.id):
        assert Job.objects.count() == 3
    assert send(alice, "post", url, run, **{"Idempotency-Key": "k" * 201}).status_code == 400


def test_an_archived_segment_is_not_run(alice, catalogue):
    made = make(alice)
    send(alice, "patch", f"/api/segments/{made['id']}", {"status": "archived"})
    run = {"action": "pull", "limit": 3}
    assert send(alice, "post", f"/api/segments/{made['id']}/run", run).status_code == 409
