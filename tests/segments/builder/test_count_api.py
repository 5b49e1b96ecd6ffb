"""S-3, L-3, X-5: counting by API; and what no call may do: break."""

from decimal import Decimal

import pytest

from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context
from tests.leads.records.pulling import work
from tests.segments.calls import TEXAS, VPS, all_segments, make, send


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
    "a masked address, letter by letter": (
        {"version": 1, "all": [{"field": "email", "op": "starts_with", "value": "a"}]},
        "all[0].op",
    ),
    "a masked number": (
        {"version": 1, "none": [{"field": "phone", "op": "not_in", "value": ["+15125550100"]}]},
        "none[0].op",
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


def test_statements_of_a_count_are_few(alice, catalogue, django_assert_max_num_queries):
    """X-11: no statement in a loop; what is left is who asks, owned people, balance, price."""
    send(alice, "post", "/api/segments/count", {"filter": TEXAS})
    with django_assert_max_num_queries(12):
        send(alice, "post", "/api/segments/count", {"filter": VPS, "facets": ["state", "country"]})
