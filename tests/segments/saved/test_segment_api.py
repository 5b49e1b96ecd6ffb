"""S-7, S-8, X-2 to X-5: the documents of segments.md, and what is refused."""

import json
from decimal import Decimal

import pytest
from django.test import Client

from accounts.audit.models import AuditEntry
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context, uuid7
from leads.records.models import Lead
from leads.records.person import FIELD_NAMES
from segments.saved.models import Segment
from tests import cast
from tests.leads.records.test_pulls import balance, work
from tests.segments.conftest import client_of

TEXAS = {"version": 1, "all": [{"field": "state", "op": "in", "value": ["TX"]}]}
VPS = {
    "version": 1,
    "all": [
        {"field": "seniority", "op": "in", "value": ["vp", "director"]},
        {"none": [{"field": "industry", "op": "in", "value": ["gambling"]}]},
    ],
}


def send(client: Client, method: str, path: str, body: object = None, **headers: str):
    return getattr(client, method)(
        path,
        json.dumps(body) if body is not None else None,
        content_type="application/json",
        headers=headers,
    )


@pytest.fixture
def alice(funded) -> Client:
    return client_of(funded[1])


def make(client: Client, filter: object = TEXAS, name: str = "Texans") -> dict:
    answer = send(client, "post", "/api/segments", {"name": name, "filter": filter})
    assert answer.status_code == 201, answer.content
    return answer.json()


def all_segments(workspace) -> list[Segment]:
    with tenant_context(workspace.id):
        return list(Segment.objects.filter(workspace_id=workspace.id))


# ---- Count -----------------------------------------------------------------------------------


def test_count_document(alice, catalogue):
    """segments.md: count, net_new, facets, price with two places, as_of; and nothing else."""
    answer = send(
        alice, "post", "/api/segments/count", {"filter": VPS, "facets": ["state", "industry"]}
    )
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"count", "net_new", "facets", "price", "as_of"}
    assert body["net_new"] == body["count"] > 0
    assert body["price"] == f"{body['count'] * Decimal('0.50'):.2f}"
    assert set(body["facets"]) == {"state", "industry"}
    for values in body["facets"].values():
        assert all(set(value) == {"value", "count"} for value in values)
        assert [v["count"] for v in values] == sorted((v["count"] for v in values), reverse=True)
    assert body["as_of"].endswith("Z")


def test_count_of_nobody_costs_nothing(alice, catalogue):
    filter = {"version": 1, "all": [{"field": "city", "op": "eq", "value": "Atlantis"}]}
    body = send(alice, "post", "/api/segments/count", {"filter": filter}).json()
    assert (body["count"], body["net_new"], body["price"]) == (0, 0, "0.00")
    assert body["facets"] == {}


def test_owned_people_are_not_new(funded, alice, catalogue):
    """L-13: net_new leaves out whom the workspace owns."""
    workspace, _ = funded
    segment = make(alice)
    run = {"action": "pull", "limit": 5}
    job = send(alice, "post", f"/api/segments/{segment['id']}/run", run).json()["job"]
    with tenant_context(workspace.id):
        row = Job.objects.get(workspace_id=workspace.id, id=job["id"])
    work(workspace, row)
    body = send(alice, "post", "/api/segments/count", {"filter": TEXAS}).json()
    assert body["net_new"] <= body["count"] - 5


def test_without_a_catalogue_the_api_says_so(alice):
    """X-3: 503 with a sentence, not a 500."""
    answer = send(alice, "post", "/api/segments/count", {"filter": TEXAS})
    assert (answer.status_code, answer.json()["code"]) == (503, "catalogue_empty")


NESTED = {"field": "city", "op": "eq", "value": "x"}
for _ in range(6):
    NESTED = {"all": [NESTED]}
DEEP = "[" * 100_000 + "]" * 100_000
BAD_FILTERS = {
    "no filter": (None, "filter"),
    "a list": ([], "filter"),
    "a text": ("country = US", "filter"),
    "no version": ({"all": []}, "version"),
    "unknown field": (
        {"version": 1, "all": [{"field": "shoe", "op": "eq", "value": 1}]},
        "all[0].field",
    ),
    "a field of leads": (
        {"version": 1, "all": [{"field": "score", "op": "eq", "value": 1}]},
        "all[0].field",
    ),
    "unknown operator": (
        {"version": 1, "all": [{"field": "city", "op": "like", "value": "x"}]},
        "all[0].op",
    ),
    "wrong type": (
        {"version": 1, "all": [{"field": "quality_score", "op": "gte", "value": "high"}]},
        "all[0].value",
    ),
    "huge number": (
        {"version": 1, "all": [{"field": "company_founded", "op": "eq", "value": 10**30}]},
        "all[0].value",
    ),
    "NUL": (
        {"version": 1, "all": [{"field": "city", "op": "eq", "value": "Aust\x00in"}]},
        "all[0].value",
    ),
    "depth 6": ({"version": 1, **NESTED}, "all[0].all[0].all[0].all[0].all[0]"),
    "51 conditions": (
        {"version": 1, "all": [{"field": "city", "op": "eq", "value": "x"}] * 51},
        "filter",
    ),
    "in a group": (
        {"version": 1, "all": [{"any": [{"field": "nope", "op": "in", "value": ["x"]}]}]},
        "all[0].any[0].field",
    ),
}


@pytest.mark.parametrize("name", BAD_FILTERS)
@pytest.mark.parametrize("where", ["count", "create"])
def test_bad_filters_name_the_path(alice, funded, catalogue, name, where):
    """S-3, X-5: 400 with the path in the document; nothing is saved."""
    filter, path = BAD_FILTERS[name]
    url = "/api/segments/count" if where == "count" else "/api/segments"
    answer = send(
        alice, "post", url, {"filter": filter} | ({"name": "x"} if where == "create" else {})
    )
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert path in answer.json()["errors"]
    assert all_segments(funded[0]) == []


@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        '{"filter": ' + DEEP + "}",
        "{",
        "",
        "null",
        "[]",
        '"x"',
        "1e999",
        '{"filter": {"version": 1, "all": []}, "unknown": 1}',
        b"\xff\xfe",
        '{"filter": "' + "x" * 3_000_000 + '"}',
        '{"filter": {"version": 1, "all": [{"field": "city", "op": "in", "value": ['
        + ",".join('"x"' for _ in range(500_000))
        + "]}]}}",
    ],
    ids=lambda body: str(body[:12]),
)
def test_bad_bodies_are_no_500(alice, funded, catalogue, body):
    """X-5: deep JSON, broken JSON, huge bodies, other types."""
    for path in ("/api/segments/count", "/api/segments"):
        answer = alice.post(path, body, content_type="application/json")
        assert answer.status_code in (400, 413)
    assert all_segments(funded[0]) == []


@pytest.mark.parametrize(
    ("facets", "path"),
    [
        ("state", "facets"),
        (["state", "email"], "facets[1]"),
        ([1], "facets[0]"),
        ([["state"]], "facets[0]"),
        (["state"] * 100, "facets"),
        ({"state": 1}, "facets"),
    ],
)
def test_unknown_facets_are_refused(alice, catalogue, facets, path):
    answer = send(alice, "post", "/api/segments/count", {"filter": TEXAS, "facets": facets})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [path]


# ---- Segments --------------------------------------------------------------------------------


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


# ---- Run -------------------------------------------------------------------------------------


def test_preview_is_masked_and_free(alice, funded, catalogue):
    """S-8, L-3: 20 people, addresses and numbers masked; nothing is charged."""
    made = make(alice, VPS)
    url = f"/api/segments/{made['id']}/run"
    body = send(alice, "post", url, {"action": "preview"}).json()
    assert set(body) == {"count", "net_new", "leads"}
    assert len(body["leads"]) == min(20, body["count"])
    for lead in body["leads"]:
        assert set(lead) == set(FIELD_NAMES)
        for field in ("email", "work_email", "personal_email", "phone", "mobile_phone"):
            assert not lead[field] or "•" in lead[field]
    assert balance(funded[0]) == (Decimal("1000.00"), 0)
    again = alice.get(f"/api/segments/{made['id']}").json()
    assert (again["last_count"], again["last_net_new"]) == (body["count"], body["net_new"])


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


def test_statements_of_a_count_are_few(alice, catalogue, django_assert_max_num_queries):
    """X-11: no statement in a loop; what is left is who asks, owned people, balance, price."""
    send(alice, "post", "/api/segments/count", {"filter": TEXAS})
    with django_assert_max_num_queries(12):
        send(alice, "post", "/api/segments/count", {"filter": VPS, "facets": ["state", "country"]})
