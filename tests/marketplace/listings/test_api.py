"""M-6: the market by API."""

import json
import time
from dataclasses import replace
from urllib.parse import quote

import pytest
from django.test import Client

from accounts.keys.operations import create_key
from cursive.lib.tenancy import tenant_context
from marketplace import limits
from marketplace.listings import api
from tests import cast, market

CHEAP = {"version": 1, "all": [{"field": "price_cents", "op": "lte", "value": 50}]}


@pytest.fixture
def key(acme) -> dict[str, str]:
    """The header of a key of Acme's that may read."""
    with tenant_context(acme.id):
        _, token = create_key(
            workspace_id=acme.id, actor=cast.actor_for(acme.alice), name="K", scopes=["read"]
        )
    return {"Authorization": f"Bearer {token}"}


def ask(key: dict[str, str], query: str = "", path: str = "/api/marketplace/leads"):
    return Client().get(f"{path}?{query}", headers=key)


def test_a_listing_has_no_name_and_no_address(seller, key):
    """M-1, M-6: the alias answers the same."""
    made = market.listing(
        seller, last_name="Hopper", phone="+15125550100", price_cents=33, categories=("crm",)
    )
    answer = ask(key)
    assert answer.status_code == 200
    (row,) = answer.json()["data"]
    assert row == {
        "id": made.id,
        "name": "Ada H.",
        "title": "Head of Sales",
        "seniority": "",
        "department": "",
        "company_name": made.company_name,
        "industry": "",
        "employee_band": "",
        "revenue_band": "",
        "country": "US",
        "state": "",
        "city": "",
        "postal_code": "",
        "has_email": True,
        "has_phone": True,
        "has_linkedin": False,
        "categories": ["crm"],
        "verification_status": "valid",
        "quality_score": 80,
        "source_date": "2026-11-01",
        "max_sales": 1,
        "sold": 0,
        "price_cents": 33,
        "price_credits": "0.66",
    }
    for hidden in ("Hopper", "5125550100", "@", str(seller.id)):
        assert hidden not in answer.content.decode()
    assert ask(key, path="/api/marketplace").json() == answer.json()


def test_filter_order_pages_and_facets(seller, key):
    """M-2, M-6: what was found, in order, page by page, all counted."""
    dear = market.listings(seller, [market.person(country="DE") for _ in range(2)], price_cents=70)
    cheap = market.listings(seller, [market.person() for _ in range(3)], price_cents=20)
    for query in (f"filter={quote(json.dumps(CHEAP))}", "f=price_cents.lte.50"):
        found = ask(key, query).json()
        assert found["total"] == 3 and "facets" not in found
        assert {row["id"] for row in found["data"]} == {one.id for one in cheap}
    first = ask(key, "sort=price&pageSize=4&facets=country,verification_status").json()
    assert first["facets"] == {
        "country": [{"value": "US", "count": 3}, {"value": "DE", "count": 2}],
        "verification_status": [{"value": "valid", "count": 5}],
    }
    assert (first["total"], len(first["data"]), first["previous"]) == (5, 4, None)
    rest = ask(key, f"sort=price&pageSize=4&cursor={first['next']}").json()
    assert [row["id"] for row in rest["data"]] == [dear[0].id]
    assert rest["next"] is None
    back = ask(key, f"sort=price&pageSize=4&cursor={rest['previous']}").json()
    assert back["data"] == first["data"]


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ("sort=seller", "sort"),
        ("facets=email", "facets"),
        ("facets=country,shoe", "facets"),
        ("cursor=x", "cursor"),
        ("pageSize=0", "pageSize"),
        ("country=US", "country"),
        ("f=email.contains.a", "all[0].op"),
        ("f=last_name.is_set", "all[0].field"),
        ("f=price_cents.lte.501", "all[0].value"),
        ("f=country.in.US&filter={}", "filter"),
        ("filter=nonsense", "filter"),
    ],
)
def test_bad_input_is_a_problem_that_names_its_place(seller, key, query, at):
    answer = ask(key, query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert at in answer.json()["errors"]


def test_a_key_counts_as_a_user(seller, key, monkeypatch):
    """M-6: each has its own minute."""
    monkeypatch.setattr(api, "BROWSE", replace(limits.BROWSE, rate="1/minute"))
    assert ask(key).status_code == 200
    refused = ask(key)
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert int(refused["Retry-After"]) > 0


def test_answers_tell_the_tighter_limit(seller, key):
    """M-6, C-19: 60 searches a minute end before 100 calls do."""
    for left in ("59", "58"):
        answer = ask(key)
        assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("60", left)
        assert 0 < int(answer["X-RateLimit-Reset"]) - time.time() <= 61


def test_what_cant_be_searched_now_is_a_503(seller, key, monkeypatch):
    monkeypatch.setattr(api, "browse", lambda *a, **o: api_results("Try again in a moment."))
    answer = ask(key)
    assert answer.status_code == 503
    assert answer.json()["detail"] == "Try again in a moment."


def api_results(problem: str):
    from marketplace.listings.queries import Results

    return Results(problem=problem)
