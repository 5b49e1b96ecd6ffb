"""The purchase dialog, the page that waits for Stripe, purchases, auto-reload (C-8, C-14)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.workspaces.models import Membership, Role
from credits.ledger.operations import set_frozen
from credits.prices.models import Package
from credits.purchases import operations
from credits.purchases.models import AutoReload, CreditPurchase
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.credits.books import SYSTEM

BUY = "/credits/buy/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def bob(books) -> Client:
    """A member, who may not buy."""
    client = Client()
    who = cast.user("Bob")
    with system_context():
        Membership.objects.create(workspace=books.workspace, user=who, role=Role.MEMBER)
    client.force_login(who)
    return client


def text(client: Client, url: str, status: int = 200, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == status, response.content
    return response.content.decode()


def filled(client: Client, **more: Any) -> dict[str, Any]:
    """What the dialog sends."""
    key = re.search(r'name="key" value="([^"]+)"', text(client, BUY))
    assert key
    return {"package": "growth", "key": key.group(1), **more}


def test_the_dialog_shows_packages_savings_and_what_is_popular(shop, alice):
    html = text(alice, BUY, **HTMX)
    assert "<html" not in html and "data-modal" in html
    for name, price in (("Starter", "$49"), ("Growth", "$199"), ("Pro", "$349")):
        assert name in html and price in html
    assert "save 19%" in html and html.count("Popular") == 1
    assert "Test payments" in html and "No money moves" in html
    assert re.search(r'value="growth" required checked', html)
    assert re.search(r'value="pro" required checked', text(alice, f"{BUY}?package=pro"))


def test_buying_leads_to_stripe_and_back(shop, alice):
    answer = alice.post(BUY, filled(alice))
    (purchase,) = shop.purchases()
    assert answer.status_code == 302 and answer["Location"] == purchase.checkout_url
    assert "form-action 'self' http" in answer["Content-Security-Policy"]
    session = shop.stripe.get(purchase.session_id)
    back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", purchase.session_id)
    shop.stripe.pay(purchase.session_id)
    waiting = alice.get(back.removeprefix("http://testserver"), follow=True).content.decode()
    assert "Confirming your payment" in waiting and 'hx-trigger="every 2s"' in waiting
    page = f"/credits/purchases/{purchase.id}/?returned=1"
    assert "Confirming" in text(alice, page, **HTMX)
    shop.settle()
    done = alice.get(page, headers=HTMX)
    html = done.content.decode()
    assert "500 credits are yours" in html and "every 2s" not in html and "<html" not in html
    assert "balance-changed" in done["HX-Trigger"] and done["Cache-Control"] == "no-store"
    history = text(alice, "/credits/")
    assert "Credits bought" in history and "Growth, $199.00" in history
    assert f"/credits/purchases/{purchase.id}/" in history


def test_a_payment_that_takes_long_says_so(shop, alice):
    purchase = shop.start()
    with system_context():
        made = purchase.created_at - timedelta(minutes=3)
        CreditPurchase.objects.update(created_at=made)
    html = text(alice, f"/credits/purchases/{purchase.id}/?returned=1")
    assert "takes longer than usual" in html and "every 15s" in html


def test_double_click_and_back_are_one_purchase(shop, alice):
    values = filled(alice)
    first, second = alice.post(BUY, values), alice.post(BUY, values)
    assert first["Location"] == second["Location"]
    (purchase,) = shop.purchases()
    shop.stripe.pay(purchase.session_id)
    shop.settle()
    after = alice.post(BUY, values)
    assert after.status_code == 302
    assert after["Location"] == f"/credits/purchases/{purchase.id}/"
    assert len(shop.purchases()) == 1 and shop.amounts() == ["500.00"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"package": "gold"},
        {"package": ""},
        {"package": "growth\x00"},
        {"amount": "1"},
        {"price_cents": "1"},
        {"currency": "idr"},
        {"credits": "99999"},
        {"key": "x"},
        {"key": ""},
    ],
)
def test_what_was_tampered_with_is_refused(shop, alice, wrong):
    answer = alice.post(BUY, filled(alice, **wrong))
    assert answer.status_code == 400
    assert shop.purchases() == [] and shop.stripe.events == []


def test_a_package_that_is_given_twice_is_refused(shop, alice):
    answer = alice.post(BUY, filled(alice, package=["starter", "growth"]))
    assert answer.status_code == 400
    assert shop.purchases() == [] and shop.stripe.events == []


def test_where_stripe_is_down_the_dialog_says_so_and_keeps_the_choice(shop, alice):
    shop.stripe.fail("/v1", status=0, times=9)
    values = filled(alice, package="pro")
    answer = alice.post(BUY, values)
    html = answer.content.decode()
    assert answer.status_code == 503
    assert "Nothing was bought" in html and "the payment service" in html
    assert re.search(r'value="pro" required checked', html) and values["key"] in html
    assert [(one.state, one.session_id) for one in shop.purchases()] == [("pending", None)]
    shop.stripe.heal()
    assert alice.post(BUY, values).status_code == 302


def test_a_slow_stripe_is_told_within_ten_seconds(shop, alice, monkeypatch):
    monkeypatch.setattr(operations, "CHECKOUT_SECONDS", 0.5)
    shop.stripe.slow("/v1", 20, times=9)
    answer = alice.post(BUY, filled(alice))
    assert answer.status_code == 503 and b"Nothing was bought" in answer.content
    assert [(one.state, one.session_id) for one in shop.purchases()] == [("pending", None)]


def test_the_sixth_purchase_of_an_hour_is_refused(shop, alice):
    for _ in range(5):
        assert alice.post(BUY, filled(alice)).status_code == 302
    answer = alice.post(BUY, filled(alice))
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0
    assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("5", "0")
    assert int(answer["X-RateLimit-Reset"]) > 0
    assert b"5 purchases" in answer.content
    assert len(shop.purchases()) == 5


def test_members_see_but_do_not_buy(shop, bob):
    for url in (BUY, "/credits/auto-reload/"):
        assert bob.get(url).status_code == 403
        assert bob.post(url, {"package": "growth"}).status_code == 403
    html = text(bob, "/credits/")
    assert "Owners and admins" in html and "/credits/buy/" not in html
    purchase = shop.buy()
    assert "500 credits are yours" in text(bob, f"/credits/purchases/{purchase.id}/")
    assert shop.purchases()[0].created_by_label == "alice@cast.example"


def test_without_packages_nothing_is_for_sale(shop, alice):
    with system_context():
        Package.objects.update(active=False)
    assert "Nothing is for sale" in text(alice, BUY)
    assert "Nothing is for sale" in text(alice, "/credits/")


def test_leaving_the_payment_page_is_said(shop, alice):
    assert "You left the payment page" in text(alice, "/credits/?checkout=cancelled")


def test_each_state_has_its_words(shop, alice):
    purchase = shop.start()
    page = f"/credits/purchases/{purchase.id}/"
    assert "Go on to payment" in text(alice, page)
    shop.stripe.expire(purchase.session_id)
    shop.settle()
    assert "The payment page has closed" in text(alice, page) and "Try again" in text(alice, page)
    failed = shop.start()
    shop.stripe.pay(failed.session_id, delayed=True)
    shop.stripe.settle(failed.session_id, paid=False)
    shop.settle()
    assert "The payment failed" in text(alice, f"/credits/purchases/{failed.id}/")
    paid = shop.buy()
    shop.stripe.refund(paid.payment_intent_id, 100)
    shop.settle()
    assert "$1.00 of it refunded" in text(alice, f"/credits/purchases/{paid.id}/")
    assert "Partly refunded" in text(alice, "/credits/purchases/")
    shop.stripe.refund(paid.payment_intent_id)
    shop.settle()
    assert "The payment went back" in text(alice, f"/credits/purchases/{paid.id}/")


def test_somebody_elses_purchase_is_not_there(shop, alice):
    purchase = shop.buy()
    carol = Client()
    cast.workspace("Rival", owner=(who := cast.user("Carol")))
    carol.force_login(who)
    assert carol.get(f"/credits/purchases/{purchase.id}/").status_code == 404
    gone = carol.get(f"/credits/purchases/returned/?session={purchase.session_id}")
    assert gone["Location"] == "/credits/"
    assert "Nothing was bought yet" in text(carol, "/credits/purchases/")


def test_the_list_pages_with_a_bounded_number_of_queries(shop, alice):
    counts = []
    for round in (0, 1):
        with tenant_context(shop.workspace.id):
            for number in range(20):
                CreditPurchase.objects.create(
                    workspace=shop.workspace,
                    key=f"{round}-{number}",
                    session_id=f"cs_{round}_{number}",
                    package_code="growth",
                    package_name="Growth",
                    credits=500,
                    cents=19_900,
                )
        with CaptureQueriesContext(connections["default"]) as asked:
            html = text(alice, "/credits/purchases/")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 8, counts
    onward = re.search(r'href="(\?cursor=[^"]+)"', html)
    assert onward and text(alice, "/credits/purchases/" + onward.group(1)).count("$199.00") == 15


def test_a_frozen_workspace_is_told_why(shop, alice):
    with tenant_context(shop.workspace.id):
        set_frozen(workspace_id=shop.workspace.id, frozen=True, actor=SYSTEM, reason="Test")
    assert "Spending is paused" in text(alice, "/credits/")
    answer = alice.post(BUY, filled(alice))
    assert answer.status_code == 403 and b"disputed" in answer.content


def test_the_buy_button_is_on_every_page_for_those_who_may(shop, alice, bob):
    assert "btn-buy" in text(alice, "/credits/purchases/")
    assert "btn-buy" not in text(bob, "/credits/purchases/")


# ---- Auto-reload ------------------------------------------------------------------------------


def test_auto_reload_is_set_on_its_page(shop, alice):
    assert "No card is kept" in text(alice, "/credits/auto-reload/")
    assert (
        alice.post("/credits/auto-reload/", {"threshold": 5, "package": "pro"}).status_code == 409
    )
    assert alice.post(BUY, filled(alice, keep_card="on")).status_code == 302
    shop.stripe.pay(shop.purchases()[0].session_id)
    shop.settle()
    html = text(alice, "/credits/auto-reload/")
    assert "Visa •••• 4242" in html and "Switch on" in html
    wrong = alice.post("/credits/auto-reload/", {"threshold": 0, "package": "pro"})
    assert wrong.status_code == 400 and not shop.reload().enabled
    done = alice.post("/credits/auto-reload/", {"threshold": 75, "package": "pro"}, follow=True)
    reload = shop.reload()
    assert (reload.enabled, reload.threshold, reload.package_code) == (True, 75, "pro")
    assert "falls under 75" in done.content.decode()
    alice.post("/credits/auto-reload/", {"off": "1"})
    assert not shop.reload().enabled and shop.reload().threshold == 75


def test_the_card_is_removed_here_and_at_stripe(shop, alice):
    shop.buy("growth", keep_card=True)
    method = shop.reload().payment_method
    assert shop.stripe.get(method)["customer"]
    assert alice.post("/credits/auto-reload/card/removal/").status_code == 302
    assert shop.reload().payment_method == "" and not shop.stripe.get(method)["customer"]
    assert alice.post("/credits/auto-reload/card/removal/").status_code == 302


def test_the_card_is_removed_also_where_stripe_is_down(shop, alice):
    shop.buy("growth", keep_card=True)
    shop.stripe.fail("/v1", status=0, times=3)
    assert alice.post("/credits/auto-reload/card/removal/").status_code == 302
    assert shop.reload().payment_method == ""


def test_why_it_is_off_is_said(shop, alice):
    with system_context():
        AutoReload.objects.create(workspace=shop.workspace, off_reason="Your card was declined.")
    for url in ("/credits/", "/credits/auto-reload/"):
        assert "Your card was declined." in text(alice, url)
