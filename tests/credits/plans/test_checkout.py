"""Opening Stripe's pages for a plan: once for each form, for those who may, in time (C-8, C-13)."""

import time
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.workspaces.models import Membership, Role
from credits.plans import checkout
from credits.plans.checkout import CHECKOUTS
from credits.plans.models import PlanCheckout, StripeItem, Subscription
from cursive.lib.tenancy import system_context
from tests import cast
from tests.credits.plans.subscribing import KEY
from tests.credits.stripe.paying import settle


def posts(stripe, path: str) -> list:
    return [call for call in stripe.calls if call[:2] == ("POST", path)]


SESSIONS = "/v1/checkout/sessions"


def test_the_checkout_is_of_our_price_and_our_workspace(alice):
    session = alice.stripe.get(alice.session_of(alice.open_checkout("enterprise")))
    assert session["mode"] == "subscription" and session["amount_total"] == 49900
    assert session["client_reference_id"] == str(alice.workspace.id)
    assert session["customer"] == alice.customer
    assert session["metadata"] == {"workspace_id": str(alice.workspace.id), "plan": "enterprise"}
    with system_context():
        (noted,) = AuditEntry.objects.filter(resource="plan", action="checkout")
    assert noted.new["cents"] == 49900 and noted.workspace_id == alice.workspace.id


def test_a_form_sent_twice_is_one_checkout(alice):
    first, again = alice.open_checkout(), alice.open_checkout()
    assert first["Location"] == again["Location"]
    assert alice.stripe.get(alice.session_of(first))["status"] == "open"


def test_a_second_checkout_closes_the_first(alice):
    first = alice.session_of(alice.open_checkout("pro"))
    second = alice.session_of(alice.open_checkout("enterprise", KEY.format(2)))
    assert alice.stripe.get(first)["status"] == "expired"
    alice.stripe.pay(second)
    settle(alice.stripe)
    assert alice.subscription().plan.code == "enterprise"


def test_who_has_a_plan_cannot_buy_a_second_though_no_event_has_come_yet(alice):
    """Browser back after paying, before Stripe's events are here."""
    alice.stripe.pay(alice.session_of(alice.open_checkout("pro")))
    refused = alice.open_checkout("pro", KEY.format(2))
    assert refused.status_code == 409
    assert "You have a plan already" in refused.content.decode()
    assert alice.subscription().plan.code == "pro"  # what Stripe said is kept
    assert len(posts(alice.stripe, SESSIONS)) == 1
    settle(alice.stripe)
    assert alice.grants() == [100]


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": "1"},
        {"price_cents": "1", "customer": "cus_1"},
        {"plan": "free"},
        {"plan": "gold"},
        {"plan": ""},
        {"plan": "pro\x00"},
        {"plan": "x" * 500},
        {"key": "x"},
        {"key": ""},
    ],
)
def test_what_is_tampered_with_opens_nothing(alice, wrong):
    values = {"plan": "pro", "key": KEY.format(1), **wrong}
    answer = alice.client.post("/credits/plan/checkout/", values)
    assert answer.status_code == 400
    assert "of this page" in answer.content.decode()
    assert posts(alice.stripe, SESSIONS) == []
    with system_context():
        assert not PlanCheckout.objects.exists()


def test_members_and_strangers_open_nothing(alice):
    bob, carol = cast.user("Bob"), cast.rival()[1]
    with system_context():
        Membership.objects.create(workspace=alice.workspace, user=bob, role=Role.MEMBER)
    member, stranger = Client(), Client()
    member.force_login(bob)
    stranger.force_login(carol)
    values = {"plan": "pro", "key": KEY.format(1)}
    for path in ("/credits/plan/checkout/", "/credits/plan/portal/"):
        assert member.post(path, values).status_code == 403
        assert member.get(path).status_code == 403
    page = member.get("/credits/plan/").content.decode()
    assert "Owners and admins of the workspace manage the plan" in page
    assert "/credits/plan/checkout/" not in page
    assert alice.stripe.calls == []
    alice.subscribe("pro")
    assert "Pro" not in stranger.get("/credits/plan/confirmation/").content.decode()


def test_stripe_down_is_said_and_nothing_is_begun(alice):
    alice.stripe.fail(SESSIONS, status=500)
    answer = alice.open_checkout()
    assert answer.status_code == 503
    html = answer.content.decode()
    assert "the payment service has a problem" in html and "Subscribe" in html
    with system_context():
        assert not PlanCheckout.objects.exists() and not StripeItem.objects.exists()
        assert not AuditEntry.objects.filter(resource="plan").exists()
    assert alice.open_checkout(key=KEY.format(2)).status_code == 302


def test_a_slow_stripe_is_given_up_on_for_all_calls_together(alice, monkeypatch):
    monkeypatch.setattr(checkout, "PATIENCE", 1.0)
    alice.stripe.slow("/v1/", 0.6, times=9)
    answer = alice.open_checkout()
    assert answer.status_code == 503 and "doesn" in answer.content.decode()
    assert posts(alice.stripe, SESSIONS) == []


def test_checkouts_are_limited_and_fail_closed(alice, monkeypatch, settings):
    assert CHECKOUTS.rate == "20/hour" and CHECKOUTS.fail_closed
    monkeypatch.setattr(checkout, "CHECKOUTS", replace(CHECKOUTS, rate="1/hour"))
    alice.open_checkout()
    refused = alice.open_checkout(key=KEY.format(2))
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0
    assert (refused["X-RateLimit-Limit"], refused["X-RateLimit-Remaining"]) == ("1", "0")
    assert int(refused["X-RateLimit-Reset"]) > time.time()
    assert len(posts(alice.stripe, SESSIONS)) == 1


def test_products_and_prices_are_made_once_and_anew_when_a_price_changes(alice):
    alice.open_checkout("pro", KEY.format(1))
    alice.open_checkout("pro", KEY.format(2))
    assert len(posts(alice.stripe, "/v1/prices")) == len(posts(alice.stripe, "/v1/products")) == 1
    with system_context():
        from credits.prices.models import Plan

        Plan.objects.filter(code="pro").update(price_cents=5900)
    session = alice.session_of(alice.open_checkout("pro", KEY.format(3)))
    assert alice.stripe.get(session)["amount_total"] == 5900
    assert len(posts(alice.stripe, "/v1/products")) == 1


def test_what_stripe_has_lost_is_made_again(alice):
    """The state of test payments was thrown away, but not our rows."""
    alice.open_checkout("pro", KEY.format(1))
    with system_context():
        StripeItem.objects.filter(plan__isnull=False).update(stripe_id="price_gone")
    assert alice.open_checkout("pro", KEY.format(2)).status_code == 302
    with system_context():
        assert not StripeItem.objects.filter(stripe_id="price_gone").exists()


def test_the_portal_opens_where_it_is_wanted(alice):
    alice.subscribe("pro")
    for door, flow in (
        ("", None),
        ("subscription_cancel", "subscription_cancel"),
        ("payment_method_update", "payment_method_update"),
        ("anything", None),
    ):
        answer = alice.client.post("/credits/plan/portal/", {"door": door})
        session = alice.stripe.get(alice.session_of(answer))
        assert (session["flow"] or {}).get("type") == flow
        assert session["return_url"].endswith("/credits/plan/?back=1")
    settings = alice.stripe.get(session["configuration"])["features"]
    change = settings["subscription_update"]
    assert change["billing_cycle_anchor"] == "now"
    assert change["schedule_at_period_end"]["conditions"] == [{"type": "decreasing_item_amount"}]
    assert len(change["products"]) == 2
    assert settings["subscription_cancel"]["mode"] == "at_period_end"
    assert len(posts(alice.stripe, "/v1/billing_portal/configurations")) == 1


# ---- Pages ------------------------------------------------------------------------------------


def back_from(alice, session_id: str) -> str:
    """Where Stripe sends who has paid, as a path here."""
    url = urlsplit(
        alice.stripe.get(session_id)["success_url"].format(CHECKOUT_SESSION_ID=session_id)
    )
    return f"{url.path}?{url.query}"


def test_the_return_page_confirms_until_the_credits_are_here(alice):
    session = alice.session_of(alice.open_checkout())
    alice.stripe.pay(session)
    path = back_from(alice, session)
    waiting = alice.client.get(path).content.decode()
    assert "Confirming the payment" in waiting and 'hx-trigger="every 2s"' in waiting
    assert "Test payments" in waiting and "Look again" in waiting and f'href="{path}"' in waiting
    with system_context():
        PlanCheckout.objects.update(created_at=timezone.now() - timedelta(minutes=3))
    late = alice.client.get(path).content.decode()
    assert "takes longer than usual" in late and 'hx-trigger="every 15s"' in late
    settle(alice.stripe)
    fragment = alice.client.get(path, headers={"HX-Request": "true"})
    html = fragment.content.decode()
    assert "You are on the plan" in html and "<html" not in html and "every " not in html
    assert fragment["Cache-Control"] == "no-store"
    assert "balance-changed" in fragment["HX-Trigger"]


def test_where_nothing_is_to_be_confirmed_the_return_page_leads_to_the_plan(alice):
    session = alice.session_of(alice.open_checkout())
    for path in ("", "?session=", "?session=cs_other", "?session=" + "x" * 900):
        answer = alice.client.get(f"/credits/plan/confirmation/{path}")
        assert (answer.status_code, answer["Location"]) == (302, "/credits/plan/"), path
    asked = alice.client.get("/credits/plan/confirmation/", headers={"HX-Request": "true"})
    assert asked["HX-Redirect"] == "/credits/plan/"
    carol = Client()
    carol.force_login(cast.rival()[1])
    path = back_from(alice, session)
    assert carol.get(path).status_code == 302
    assert alice.client.get(path).status_code == 200
    with system_context():
        PlanCheckout.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert alice.client.get(path).status_code == 302


def test_the_addresses_of_the_forms_lead_to_the_plan(alice):
    """They stay in the address bar after a refusal, and are loaded anew from there."""
    for path in ("/credits/plan/checkout/", "/credits/plan/portal/"):
        answer = alice.client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/credits/plan/")
    assert alice.stripe.calls == []


def test_the_pages_show_plan_invoices_and_that_it_is_a_test(alice):
    free = alice.client.get("/credits/plan/").content.decode()
    assert "Test payments" in free and "No invoices yet" in free and "none a month" in free
    alice.subscribe("pro")
    html = alice.client.get("/credits/plan/").content.decode()
    assert 'data-label="State"' in html and "stack-corner" in html  # rows on a phone
    assert "Pro plan" in html and "$49.00" in html and "Change to Enterprise" in html
    assert "Cancel the plan" in html and "/i/in_" in html
    credits = alice.client.get("/credits/").content.decode()
    assert "Your plan" in credits and "Manage" in credits
    assert "Credits of the plan" in credits and "Pro, from" in credits


def test_coming_back_from_the_portal_keeps_the_page_up_to_date(alice):
    """All that a change shows in comes anew, and goes on asking, for a while."""
    html = alice.client.get("/credits/plan/?back=1").content.decode()
    assert 'hx-get="/credits/plan/?back=2"' in html and "No invoices yet" in html
    alice.subscribe("pro")
    fragment = alice.client.get("/credits/plan/?back=2", headers={"HX-Request": "true"})
    html = fragment.content.decode()
    assert "<html" not in html and html.lstrip().startswith(
        '<div class="columns plan-page" id="plan-regions"'
    )
    assert html.count('id="standing"') == 1 and 'hx-get="/credits/plan/?back=3"' in html
    assert "Pro plan" in html and "Change to Enterprise" in html and "Cancel the plan" in html
    for last in ("?back=24", "?back=x", "?back=-1", "?back=99999", ""):
        page = alice.client.get(f"/credits/plan/{last}").content.decode()
        assert "?back=" not in page, last


def test_past_due_and_lapsed_plans_say_so(alice):
    subscription = alice.subscribe("pro")
    alice.stripe.set_card(alice.customer, "4000000000000002")
    alice.later(days=32)
    with system_context():
        Subscription.objects.update(past_due_since=subscription.started_at)
    html = alice.client.get("/credits/plan/").content.decode()
    assert "A payment failed" in html and "Update the card" in html


def test_the_plan_page_asks_a_bounded_number_of_times(alice):
    alice.subscribe("pro")
    with CaptureQueriesContext(connections["default"]) as asked:
        alice.client.get("/credits/plan/")
    assert len(asked) <= 14, [one["sql"] for one in asked]
