"""Plans that change: at once, at the period's end, by the API and in the portal."""

import http.client
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

import pytest
import stripe

HOUR = 3600
BACK = "http://shop.example/plan"


class Browser:
    """GETs and POSTs pages."""

    def ask(self, method, url, **fields):
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, parts.path, urlencode(fields), kind)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers.get("Location", ""), text


@pytest.fixture
def browser():
    return Browser()


@pytest.fixture
def prices(client):
    """{'Pro': price, 'Enterprise': price}"""
    made = {}
    for name, cents in (("Pro", 4900), ("Enterprise", 49900)):
        product = client.v1.products.create({"name": name})
        made[name] = client.v1.prices.create(
            {
                "product": product.id,
                "currency": "usd",
                "unit_amount": cents,
                "recurring": {"interval": "month"},
                "lookup_key": name.lower(),
            }
        )
    return made


@pytest.fixture
def plan(server, client, customer, prices):
    """A subscription to Pro; its id."""
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": prices["Pro"].id, "quantity": 1}],
            "success_url": BACK,
        }
    )
    return server.pay(session.id)["subscription"]


@pytest.fixture
def portal(client, customer, prices):
    """The address of a portal session; with flow_data where given."""

    def visit(anchor="unchanged", **more):
        configuration = configure(client, prices, anchor)
        values = {"customer": customer.id, "configuration": configuration, "return_url": BACK}
        return client.v1.billing_portal.sessions.create({**values, **more}).url

    return visit


def configure(client, prices, anchor):
    """What a portal offers that changes plans in both directions; its id."""
    configuration = client.v1.billing_portal.configurations.create(
        {
            "features": {
                "invoice_history": {"enabled": True},
                "payment_method_update": {"enabled": True},
                "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
                "subscription_update": {
                    "enabled": True,
                    "default_allowed_updates": ["price"],
                    "proration_behavior": "always_invoice",
                    "billing_cycle_anchor": anchor,
                    "products": [
                        {"product": price.product, "prices": [price.id]}
                        for price in prices.values()
                    ],
                    "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
                },
            }
        }
    )
    return configuration.id


def current(client, key):
    subscription = client.v1.subscriptions.retrieve(key)
    return subscription, subscription["items"].data[0]


def at_half(server, item):
    server.advance(
        datetime.fromtimestamp((item.current_period_start + item.current_period_end) // 2, UTC)
    )


def change(client, key, price, **more):
    _, item = current(client, key)
    return client.v1.subscriptions.update(key, {"items": [{"id": item.id, "price": price}], **more})


def test_an_upgrade_at_once_charges_the_difference_for_the_rest(server, client, plan, prices):
    _, item = current(client, plan)
    at_half(server, item)
    change(client, plan, prices["Enterprise"].id, proration_behavior="always_invoice")
    subscription, changed = current(client, plan)
    assert changed.price.id == prices["Enterprise"].id
    assert changed.current_period_end == item.current_period_end
    invoice = client.v1.invoices.retrieve(subscription.latest_invoice)
    assert (invoice.billing_reason, invoice.status) == ("subscription_update", "paid")
    assert [line.amount for line in invoice.lines.data] == [-2450, 24950]
    assert all(line.parent.invoice_item_details.proration for line in invoice.lines.data)


def test_prorations_wait_for_the_next_invoice_unless_told_otherwise(server, client, plan, prices):
    _, item = current(client, plan)
    at_half(server, item)
    change(client, plan, prices["Enterprise"].id)
    assert len(client.v1.invoices.list({"subscription": plan}).data) == 1
    server.advance(datetime.fromtimestamp(item.current_period_end + HOUR, UTC))
    [renewal, _] = client.v1.invoices.list({"subscription": plan}).data
    assert [line.amount for line in renewal.lines.data] == [-2450, 24950, 49900]


def test_a_new_period_begins_where_it_is_told_to(server, client, plan, prices):
    _, item = current(client, plan)
    at_half(server, item)
    change(
        client,
        plan,
        prices["Enterprise"].id,
        billing_cycle_anchor="now",
        proration_behavior="create_prorations",
    )
    subscription, changed = current(client, plan)
    assert server.now - changed.current_period_start < 60
    invoice = client.v1.invoices.retrieve(subscription.latest_invoice)
    assert [line.amount for line in invoice.lines.data] == [-2450, 49900]
    assert invoice.status == "paid"


def test_an_upgrade_that_cannot_be_paid_can_be_refused_whole(
    server, client, customer, plan, prices
):
    server.set_card(customer.id, "4000000000000341")
    before = len(server.events)
    with pytest.raises(stripe.CardError):
        change(
            client,
            plan,
            prices["Enterprise"].id,
            payment_behavior="error_if_incomplete",
            proration_behavior="always_invoice",
        )
    assert current(client, plan)[1].price.id == prices["Pro"].id
    assert len(server.events) == before


def test_a_schedule_changes_the_price_when_the_period_ends(server, client, plan, prices):
    change(client, plan, prices["Enterprise"].id, proration_behavior="none")
    _, item = current(client, plan)
    schedule = client.v1.subscription_schedules.create({"from_subscription": plan})
    phase = schedule.phases[0]
    client.v1.subscription_schedules.update(
        schedule.id,
        {
            "end_behavior": "release",
            "phases": [
                {
                    "items": [{"price": prices["Enterprise"].id, "quantity": 1}],
                    "start_date": phase.start_date,
                    "end_date": phase.end_date,
                },
                {
                    "items": [{"price": prices["Pro"].id, "quantity": 1}],
                    "duration": {"interval": "month", "interval_count": 1},
                },
            ],
        },
    )
    with pytest.raises(stripe.InvalidRequestError, match="managed by the subscription schedule"):
        client.v1.subscriptions.update(plan, {"cancel_at_period_end": True})
    server.advance(datetime.fromtimestamp(item.current_period_end + HOUR, UTC))
    subscription, changed = current(client, plan)
    assert changed.price.id == prices["Pro"].id
    assert client.v1.invoices.retrieve(subscription.latest_invoice).total == 4900
    server.advance(datetime.fromtimestamp(changed.current_period_end + HOUR, UTC))
    assert client.v1.subscription_schedules.retrieve(schedule.id).status == "released"
    assert current(client, plan)[0].schedule is None


def test_the_portal_upgrades_at_once_and_downgrades_at_the_end(
    server, client, browser, plan, prices, portal
):
    url = portal()
    status, location, _ = browser.ask("POST", f"{url}/change", price=prices["Enterprise"].id)
    assert (status, location) == (303, f"{urlsplit(url).path}/overview")
    _, item = current(client, plan)
    assert item.price.id == prices["Enterprise"].id
    browser.ask("POST", f"{url}/change", price=prices["Pro"].id)
    subscription, item = current(client, plan)
    assert item.price.id == prices["Enterprise"].id
    assert subscription.schedule is not None
    assert "Changes to Pro on" in browser.ask("GET", url)[2]
    server.advance(datetime.fromtimestamp(item.current_period_end + HOUR, UTC))
    assert current(client, plan)[1].price.id == prices["Pro"].id


def test_the_portal_can_begin_a_new_period(server, client, browser, plan, prices, portal):
    _, item = current(client, plan)
    at_half(server, item)
    browser.ask("POST", f"{portal(anchor='now')}/change", price=prices["Enterprise"].id)
    subscription, changed = current(client, plan)
    assert changed.current_period_start > item.current_period_start
    invoice = client.v1.invoices.retrieve(subscription.latest_invoice)
    assert [line.amount for line in invoice.lines.data] == [-2450, 49900]


def test_the_portal_drops_a_change_that_waits(client, browser, plan, prices, portal):
    url = portal()
    browser.ask("POST", f"{url}/change", price=prices["Enterprise"].id)
    browser.ask("POST", f"{url}/change", price=prices["Pro"].id)
    browser.ask("POST", f"{url}/resume")
    subscription, item = current(client, plan)
    assert (subscription.schedule, item.price.id) == (None, prices["Enterprise"].id)


def test_the_portal_cancels_by_cancel_at_and_resumes(server, client, browser, plan, portal):
    url = portal()
    _, item = current(client, plan)
    assert "Your plan ends on" in browser.ask("GET", f"{url}/cancel")[2]
    browser.ask("POST", f"{url}/cancel")
    subscription, _ = current(client, plan)
    # As at Stripe, where plans with flexible billing are canceled in the portal.
    assert (subscription.cancel_at, subscription.cancel_at_period_end) == (
        item.current_period_end,
        False,
    )
    browser.ask("POST", f"{url}/resume")
    assert current(client, plan)[0].cancel_at is None


def test_a_flow_leads_back_to_the_shop(client, browser, plan, portal):
    after = {"type": "redirect", "redirect": {"return_url": f"{BACK}?done"}}
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": plan}}
    url = portal(flow_data={**flow, "after_completion": after})
    assert "Cancel plan</h2>" in browser.ask("GET", url)[2]
    assert browser.ask("POST", f"{url}/cancel")[1] == f"{BACK}?done"
    assert current(client, plan)[0].cancel_at is not None


def test_the_portal_takes_another_card_and_pays_what_is_open(
    server, client, customer, browser, plan, portal
):
    _, item = current(client, plan)
    url = portal()
    assert browser.ask("POST", f"{url}/card", card="4000000000000002")[1].endswith("/card")
    assert "Your card was declined." in browser.ask("GET", f"{url}/card")[2]
    assert "Your card was declined." not in browser.ask("GET", f"{url}/card")[2]
    browser.ask("POST", f"{url}/card", card="4000000000000341")
    server.advance(datetime.fromtimestamp(item.current_period_end + HOUR, UTC))
    subscription, _ = current(client, plan)
    assert subscription.status == "past_due"
    text = browser.ask("GET", url)[2]
    assert "payment failed" in text and "Pay now" in text
    browser.ask("POST", f"{url}/pay", invoice=subscription.latest_invoice)
    assert current(client, plan)[0].status == "past_due"
    browser.ask("POST", f"{url}/card", card="5555555555554444")
    browser.ask("POST", f"{url}/pay", invoice=subscription.latest_invoice)
    assert current(client, plan)[0].status == "active"
    assert client.v1.invoices.retrieve(subscription.latest_invoice).status == "paid"


def test_the_portal_offers_only_what_its_configuration_does(
    client, customer, browser, plan, prices
):
    url = client.v1.billing_portal.sessions.create({"customer": customer.id}).url
    text = browser.ask("GET", url)[2]
    assert "Cancel plan" in text
    assert "Change plan" not in text
    browser.ask("POST", f"{url}/change", price=prices["Enterprise"].id)
    assert current(client, plan)[1].price.id == prices["Pro"].id


def test_without_a_plan_the_portal_says_so(client, customer, browser):
    url = client.v1.billing_portal.sessions.create({"customer": customer.id}).url
    text = browser.ask("GET", url)[2]
    assert "You have no plan." in text and "No invoices yet." in text
    browser.ask("POST", f"{url}/cancel")
    assert "You have no plan." in browser.ask("GET", url)[2]
