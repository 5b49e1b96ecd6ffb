"""Buying by REST: scope billing, an idempotency key, and no word about the price (C-8)."""

import pytest
from django.test import Client

from tests.credits.ledger.test_api import key_of

PATHS = ["/api/credits/checkout", "/api/credits/purchase"]


def post(path: str, body: object, **headers: str):
    return Client().post(path, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("path", PATHS)
def test_it_answers_with_where_to_pay(shop, path):
    answer = post(path, {"package": "growth"}, **key_of(shop.books, "billing"))
    assert answer.status_code == 201
    document = answer.json()
    (purchase,) = shop.purchases()
    assert document["checkout_url"] == purchase.checkout_url
    assert {name: document[name] for name in ("id", "state", "package", "credits")} == {
        "id": str(purchase.id),
        "state": "pending",
        "package": "growth",
        "credits": 500,
    }
    assert document["price_cents"] == 19_900 and document["paid_at"] is None


def test_the_same_key_is_the_same_purchase(shop):
    headers = key_of(shop.books, "billing") | {"Idempotency-Key": "order-1"}
    first, second = (post(PATHS[0], {"package": "growth"}, **headers).json() for _ in range(2))
    assert first == second
    conflict = post(PATHS[0], {"package": "pro"}, **headers)
    assert conflict.status_code == 409 and "Idempotency-Key" in conflict.json()["errors"]
    shop.stripe.pay(shop.purchases()[0].session_id)
    shop.settle()
    after = post(PATHS[0], {"package": "growth"}, **headers).json()
    assert after["state"] == "paid" and after["checkout_url"] is None and after["paid_at"]
    assert shop.amounts() == ["500.00"]
    assert shop.books.entries()[0].actor_label == "API key Test"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"package": "gold"},
        {"package": None},
        {"package": 5},
        {"package": ["growth"]},
        {"package": "growth", "amount": 1},
        {"package": "growth", "currency": "eur"},
        {"package": "growth", "price_cents": 1},
        {"package": "growth", "success_url": "https://evil.example/"},
        {"package": "x" * 10_000},
        [],
        "growth",
    ],
)
def test_what_can_not_be_bought_is_a_problem_document(shop, body):
    answer = post(PATHS[0], body, **key_of(shop.books, "billing"))
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert shop.purchases() == [] and shop.stripe.events == []


def test_who_may_not_buy(shop, alice):
    assert post(PATHS[0], {"package": "growth"}).status_code == 401
    for scopes in (["read"], ["read", "write"]):
        refused = post(PATHS[0], {"package": "growth"}, **key_of(shop.books, *scopes))
        assert refused.status_code == 403 and "billing" in refused.json()["detail"]
    assert shop.purchases() == []
    by_session = alice.post(PATHS[0], {"package": "growth"}, content_type="application/json")
    assert by_session.status_code == 201


def test_the_sixth_of_an_hour_and_stripe_down(shop):
    headers = key_of(shop.books, "billing")
    shop.stripe.fail("/v1", status=0, times=1)
    down = post(PATHS[0], {"package": "growth"}, **headers)
    assert down.status_code == 503 and down.json()["code"] == "stripe_unavailable"
    for _ in range(5):
        assert post(PATHS[0], {"package": "growth"}, **headers).status_code == 201
    refused = post(PATHS[0], {"package": "growth"}, **headers)
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0
    assert sum(bool(one.session_id) for one in shop.purchases()) == 5
