"""Balance and transactions by REST: keys, scopes, pages, filters; the body of a 402 (X-3, X-4)."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from accounts.keys.models import ApiKey, new_token, token_digest
from accounts.workspaces.models import User
from cursive.lib.tenancy import system_context
from tests.credits.books import superuser


@pytest.fixture
def alice(books) -> Client:
    """Acme's owner in a browser."""
    client = Client()
    with system_context():
        client.force_login(User.objects.get(email="alice@cast.example"))
    return client


def key_of(books, *scopes: str) -> dict[str, str]:
    """The header of a new API key of the workspace."""
    token = new_token()
    with system_context():
        ApiKey.objects.create(
            workspace=books.workspace,
            name="Test",
            prefix=token[:15],
            digest=token_digest(token),
            scopes=list(scopes),
        )
    return {"Authorization": f"Bearer {token}"}


def get(path: str, headers: dict[str, str], status: int = 200) -> dict:
    response = Client().get(path, headers=headers)
    assert response.status_code == status, response.content
    return response.json()


def test_the_balance(books):
    books.grant(50)
    books.hold("12.50")
    assert get("/api/credits/balance", key_of(books, "read")) == {
        "balance": "37.50",
        "held": "12.50",
        "low_credit_threshold": 10,
        "low": False,
    }
    books.spend(30)
    assert get("/api/credits/balance", key_of(books, "read"))["low"] is True


def test_the_browsers_session_works_too(books, alice):
    books.grant(50)
    assert alice.get("/api/credits/balance").json()["balance"] == "50.00"


@pytest.mark.parametrize("path", ["/api/credits/balance", "/api/credits/transactions"])
def test_who_may_not_read_gets_nothing(books, path):
    books.grant(50)
    assert get(path, {}, 401)["status"] == 401
    assert get(path, {"Authorization": "Bearer cur_live_nothing"}, 401)["status"] == 401
    refused = get(path, key_of(books, "write", "billing"), 403)
    assert "read" in refused["detail"] and "50.00" not in str(refused)


def test_a_transaction_says_what_and_why(books):
    books.grant(100)
    spent = books.spend("0.50", reference=("test", "42"))
    back = books.refund(spent, "0.25")
    answer = get("/api/credits/transactions", key_of(books, "read"))
    assert (answer["page"], answer["pageSize"], answer["total"]) == (1, 50, 3)
    assert answer["next"] is None
    first, second, third = answer["data"]
    assert datetime.fromisoformat(first.pop("created_at")) == back.created_at
    assert first == {
        "id": back.id,
        "kind": "refund",
        "action": "pull",
        "description": "Refund: Lead from the database",
        "amount": "0.25",
        "balance_after": "99.75",
        "reference": {"kind": "test", "id": "42", "title": ""},
        "actor": "Cursive",
        "refunds": spent.id,
    }
    assert (second["amount"], third["amount"]) == ("-0.50", "100.00")


def test_pages_by_number_and_by_cursor_hold_the_same(books):
    header = key_of(books, "read")
    ids = [books.grant(1).id for _ in range(7)][::-1]
    numbered = []
    for number in (1, 2, 3):
        answer = get(f"/api/credits/transactions?pageSize=3&page={number}", header)
        assert answer["total"] == 7
        numbered += [one["id"] for one in answer["data"]]
    assert numbered == ids
    answer = get("/api/credits/transactions?pageSize=3", header)
    found = [one["id"] for one in answer["data"]]
    while answer["next"]:
        answer = get(f"/api/credits/transactions?pageSize=3&cursor={answer['next']}", header)
        found += [one["id"] for one in answer["data"]]
    assert found == ids


def test_filters(books):
    header = key_of(books, "read")
    entries = [books.grant(9), books.spend(1, action="pull"), books.spend(2, action="other")]
    with superuser() as connection:
        for day, entry in enumerate(entries, start=1):
            connection.execute(
                "UPDATE credits_entry SET created_at = %s WHERE id = %s",
                [datetime(2026, 3, day, 12, tzinfo=UTC), entry.id],
            )

    def amounts(query: str) -> list[str]:
        return [one["amount"] for one in get(f"/api/credits/transactions?{query}", header)["data"]]

    assert amounts("action=pull") == ["-1.00"]
    assert amounts("from=2026-03-02") == ["-2.00", "-1.00"]
    assert amounts("to=2026-03-01") == ["9.00"]
    assert amounts("from=2026-03-02&to=2026-03-02&action=other") == []
    assert amounts("action=unknown") == []


@pytest.mark.parametrize(
    "query",
    [
        "from=x",
        "from=2026-03-02&to=2026-03-01",
        "to=99999-01-01",
        "page=0",
        "page=x",
        "page=999999999999",
        "pageSize=-1",
        "cursor=x",
        "action=%00",
        f"action={'x' * 41}",
        "action=%ff%fe" + "x" * 41,
    ],
)
def test_what_can_not_be_asked_is_a_problem_document(books, query):
    """X-5."""
    problem = get(f"/api/credits/transactions?{query}", key_of(books, "read"), 400)
    assert problem["status"] == 400 and problem["errors"]


def test_another_workspaces_credits_are_not_told(books, others):
    """X-2."""
    others.grant(777)
    header = key_of(books, "read")
    assert get("/api/credits/balance", header)["balance"] == "0.00"
    assert get("/api/credits/transactions", header)["data"] == []


def test_the_body_of_a_402(books, settings):
    """C-4, X-3: balance and price are in it."""
    books.grant("1.50")

    class Spending(APIView):
        authentication_classes = ()
        permission_classes = ()

        def get(self, request):
            books.spend(2)

    response = Spending.as_view()(APIRequestFactory().get("/")).render()
    assert response.status_code == 402
    assert response["Content-Type"] == "application/problem+json"
    assert response.data == {
        "type": "about:blank#insufficient_credits",
        "title": "Not enough credits",
        "status": 402,
        "code": "insufficient_credits",
        "detail": "This costs 2.00 credits, and you have 1.50.",
        "request_id": "",
        "balance": "1.50",
        "price": "2.00",
    }
