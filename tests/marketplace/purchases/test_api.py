"""M-6: buying by API, what was bought, reports, credits, and the limits."""

from dataclasses import replace

import pytest
from django.test import Client

from accounts.keys.operations import create_key
from cursive.lib import limits as ground
from cursive.lib.limits import Limit
from cursive.lib.tenancy import tenant_context
from marketplace import limits
from tests import market
from tests.credits.stripe.paying import local_stripe
from tests.marketplace.purchases.buying import again, buyer
from tests.marketplace.purchases.test_cart import ADD, BUY, button, page

__all__ = ["local_stripe"]

PURCHASE, MINE = "/api/marketplace/purchase", "/api/marketplace/my-leads"
CREDITS = "/api/marketplace/credits/purchase"


class Api:
    """Calls with an API key of a buyer's workspace."""

    def __init__(self, who, scopes=("read", "write", "billing")) -> None:
        with tenant_context(who.workspace.id):
            _, self.key = create_key(
                workspace_id=who.workspace.id, actor=who.actor, name="Key", scopes=list(scopes)
            )
        self.client = Client()

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", **more}

    def post(self, path: str, body: object, key: str = ""):
        more = {"Idempotency-Key": key} if key else {}
        return self.client.post(
            path, body, content_type="application/json", headers=self.headers(**more)
        )

    def get(self, path: str):
        return self.client.get(path, headers=self.headers())


@pytest.fixture
def api(acme):
    return Api(acme)


def test_buying(api, acme, seller):
    """201 with what was bought and left out; the same key again is 200 and the first answer."""
    made, gone = market.listing(seller, price_cents=33), market.listing(seller)
    buyer("Globex", "Gus").buy([gone])
    body = {"listings": [made.id, gone.id]}
    answer = api.post(PURCHASE, body, key="k")
    assert answer.status_code == 201
    found = answer.json()
    (lead,) = acme.leads()
    (line,) = acme.lines()
    assert found["bought"] == [
        {"id": str(line.id), "listing": made.id, "lead": str(lead.id), "credits": "0.66"}
    ]
    assert (found["credits"], found["price_cents"]) == ("0.66", 33)
    assert found["left_out"] == {"sold": [gone.id]}
    repeat = api.post(PURCHASE, body, key="k")
    assert (repeat.status_code, repeat.json()) == (200, found)
    assert len(acme.orders()) == 1


def test_refusals_are_problems_and_change_nothing(api, acme, seller):
    sold, dear = market.listing(seller), market.listing(seller, price_cents=500)
    buyer("Globex", "Gus").buy([sold])
    used = market.listing(seller)
    api.post(PURCHASE, {"listings": [used.id]}, key="used")
    before = acme.snapshot()
    for body, key, status, code in (
        ({"listings": [sold.id]}, "", 409, "nothing_to_buy"),
        ({"listings": [dear.id]}, "used", 409, "conflict"),
        ({"listings": [dear.id], "max_credits": "9.99"}, "", 409, "price_changed"),
        ({"listings": list(range(1, 1_002))}, "", 400, "invalid"),
        ({"listings": []}, "", 400, "invalid"),
        ({"listings": "1"}, "", 400, "invalid"),
        ({"listings": ["x"]}, "", 400, "invalid"),
        ({"listings": [dear.id], "max_credits": True}, "", 400, "invalid"),
        ({"listings": [dear.id], "price": 1}, "", 400, "invalid"),
        ({"listings": [dear.id]}, "x" * 201, 400, "invalid"),
        ([], "", 400, "invalid"),
    ):
        answer = api.post(PURCHASE, body, key=key)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
        assert answer["Content-Type"] == "application/problem+json"
        limits_reset()
    assert api.post(PURCHASE, {"listings": [sold.id]}).json()["left_out"] == {"sold": [sold.id]}
    assert acme.snapshot() == before and again(dear).sold == 0


def limits_reset() -> None:
    ground._limiter().storage.reset()


def test_too_few_credits_is_402(seller):
    poor = buyer(credits=1)
    answer = Api(poor).post(PURCHASE, {"listings": [market.listing(seller).id]})
    assert answer.status_code == 402
    assert (answer.json()["price"], answer.json()["balance"]) == ("2.00", "1.00")
    assert poor.orders() == []


def test_what_one_bought_before_is_owned_and_not_gone(api, acme, seller):
    """M-4: whatever became of the listing since; the answer names the order."""
    made = [market.listing(seller), market.listing(seller, max_sales=2)]
    order = acme.buy(made)
    before = acme.snapshot()
    answer = api.post(PURCHASE, {"listings": [one.id for one in made]})
    assert answer.status_code == 409
    found = answer.json()
    assert found["left_out"] == {"owned": [one.id for one in made]}
    assert found["orders"] == {str(one.id): str(order.id) for one in made}
    assert order.number in found["detail"] and acme.snapshot() == before


def test_reading_is_not_enough_to_buy(acme, seller):
    reader = Api(acme, scopes=("read",))
    made = market.listing(seller)
    assert reader.post(PURCHASE, {"listings": [made.id]}).status_code == 403
    assert reader.get(MINE).status_code == 200
    assert reader.post(CREDITS, {"package": "growth"}).status_code == 403
    assert acme.orders() == []


def test_my_leads_page_by_page(api, acme, seller):
    first = acme.buy([market.listing(seller) for _ in range(2)])
    acme.buy([market.listing(seller)])
    page = api.get(f"{MINE}?pageSize=2").json()
    assert len(page["data"]) == 2 and page["next"] and not page["previous"]
    rest = api.get(f"{MINE}?pageSize=2&cursor={page['next']}").json()
    rows = page["data"] + rest["data"]
    assert [row["id"] for row in rows] == [str(one.id) for one in reversed(acme.lines())]
    lead = acme.leads()[-1]
    assert rows[0]["lead"]["email"] == lead.email and rows[0]["report"] is None
    assert rows[0]["seller"] == "Lists & Co"  # M-1: once bought
    of_first = api.get(f"{MINE}?order={first.id}").json()["data"]
    assert {row["order"] for row in of_first} == {str(first.id)} and len(of_first) == 2
    stranger = Api(buyer("Globex", "Gus"))
    assert stranger.get(MINE).json()["data"] == []
    assert stranger.get(f"{MINE}?order={first.id}").status_code == 404
    for bad in ("order=x", "cursor=x", "colour=red"):
        assert api.get(f"{MINE}?{bad}").status_code == 400


def test_reporting_a_bad_lead(api, acme, seller):
    acme.buy([market.listing(seller)])
    (line,) = acme.lines()
    path = f"{MINE}/{line.id}/report"
    assert api.post(path, {"reason": "ugly"}).status_code == 400
    answer = api.post(path, {"reason": "wrong_person", "note": "No."})
    assert (answer.status_code, answer.json()["state"]) == (201, "open")
    assert api.post(path, {"reason": "wrong_person"}).status_code == 409
    assert api.get(MINE).json()["data"][0]["report"]["reason"] == "wrong_person"
    assert Api(buyer("Globex", "Gus")).post(path, {"reason": "bounced"}).status_code == 404


def test_buying_credits(api, acme, local_stripe):
    answer = api.post(CREDITS, {"package": "growth"}, key="k")
    found = answer.json()
    assert (answer.status_code, found["credits"], found["state"]) == (201, 500, "pending")
    assert found["checkout_url"].startswith(local_stripe.url)
    assert api.post(CREDITS, {"package": "growth"}, key="k").json()["id"] == found["id"]
    for bad in ({}, {"package": "gold"}, {"package": "growth", "price": 1}):
        assert api.post(CREDITS, bad).status_code == 400


def figures(answer) -> tuple[str, str]:
    return answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]


def test_ten_purchases_a_minute(api, acme, seller):
    """M-6: purchases, and not tries that bought nothing, nor answers given again."""
    for _ in range(3):
        assert api.post(PURCHASE, {"listings": [1]}).status_code == 409
    bodies = [{"listings": [market.listing(seller).id]} for _ in range(11)]
    first = api.post(PURCHASE, bodies[0], key="0")
    assert first.status_code == 201 and figures(first) == ("10", "9")
    for _ in range(3):
        assert api.post(PURCHASE, bodies[0], key="0").status_code == 200
    for at in range(1, 10):
        assert api.post(PURCHASE, bodies[at], key=str(at)).status_code == 201
    before = acme.snapshot()
    refused = api.post(PURCHASE, bodies[10], key="10")
    assert refused.status_code == 429 and refused["Retry-After"] and figures(refused) == ("10", "0")
    assert "bought 10 times" in refused.json()["detail"]
    assert acme.snapshot() == before and len(acme.orders()) == 10
    repeat = api.post(PURCHASE, bodies[0], key="0")
    assert (repeat.status_code, repeat.json()) == (200, first.json())
    assert api.get(MINE).status_code == 200  # another limit


def test_pages_count_purchases_alike(alice, acme, seller, monkeypatch):
    monkeypatch.setattr(limits, "PURCHASE", replace(limits.PURCHASE, rate="1/minute"))
    alice.post(ADD, {"listing": market.listing(seller).id})
    sent = button(page(alice))
    assert alice.post(BUY, {**sent, "shown": "x"}).status_code == 409
    assert alice.post(BUY, sent).status_code == alice.post(BUY, sent).status_code == 302
    alice.post(ADD, {"listing": market.listing(seller).id})
    refused = alice.post(BUY, button(page(alice)))
    assert refused.status_code == 429 and len(acme.orders()) == 1


def test_tries_are_limited_too(api, acme, monkeypatch):
    monkeypatch.setattr(limits, "OTHER", replace(limits.OTHER, rate="2/minute"))
    answers = [api.post(PURCHASE, {"listings": [1]}).status_code for _ in range(3)]
    assert answers == [409, 409, 429]


@pytest.mark.parametrize("raw", ["abc", "NaN", "Infinity", "-5", "0", "1.234", "1e99", True, 1.5])
def test_the_most_that_all_may_cost_is_credits(api, acme, seller, raw):
    """Bad input: it names the field, and what to write there."""
    before = acme.snapshot()
    answer = api.post(PURCHASE, {"listings": [market.listing(seller).id], "max_credits": raw})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "max_credits": 'Write credits above 0 as a text, such as "12.50".'
    }
    assert acme.snapshot()[:3] == before[:3] and acme.orders() == []


def test_the_limits_are_those_of_the_spec():
    def rate(limit: Limit) -> tuple[tuple[int, int], bool]:
        return ground.amount_of(limit), limit.fail_closed

    assert rate(limits.PURCHASE) == ((10, 60), True)
    assert rate(limits.BROWSE) == ((60, 60), False)
    assert rate(limits.OTHER) == ((100, 60), False)
