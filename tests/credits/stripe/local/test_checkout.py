"""Checkout sessions, as the shop starts them and the customer completes them."""

import pytest
import stripe

from credits.stripe.local.errors import Refusal


def kinds(server):
    return [event["type"] for event in server.events]


def test_a_payment_is_what_the_official_client_reads(server, client, customer, buy):
    session = buy(
        metadata={"purchase": "7"},
        payment_intent_data={"metadata": {"purchase": "7"}, "setup_future_usage": "off_session"},
    )
    assert (session.status, session.payment_status, session.amount_total) == (
        "open",
        "unpaid",
        19900,
    )
    assert session.url == f"{server.url}/c/pay/{session.id}"
    assert session.payment_intent is None
    server.pay(session.id)
    paid = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge", "line_items"]}
    )
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.payment_intent.metadata["purchase"] == "7"
    assert paid.payment_intent.latest_charge.amount == 19900
    assert paid.line_items.data[0].description == "Growth"
    assert paid.customer_details.email == "alice@acme.example"
    saved = client.v1.customers.payment_methods.list(customer.id)
    assert [method.card.last4 for method in saved.data] == ["4242"]
    assert kinds(server)[-5:] == [
        "payment_intent.created",
        "payment_method.attached",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_a_refused_card_leaves_the_session_open_and_the_next_one_pays(server, client, buy):
    session = buy()
    with pytest.raises(Refusal, match="insufficient funds"):
        server.pay(session.id, card="4000000000009995")
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    server.pay(session.id)
    assert kinds(server).count("payment_intent.created") == 1
    assert [charge.status for charge in client.v1.charges.list().data] == ["succeeded", "failed"]


@pytest.mark.parametrize("then", ["pay", "expire"])
def test_a_session_is_completed_once(server, client, buy, then):
    session = buy()
    server.pay(session.id)
    before = len(server.events)
    with pytest.raises(Refusal):
        getattr(server, then)(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        client.v1.checkout.sessions.expire(session.id)
    assert len(server.events) == before


@pytest.mark.parametrize(("paid", "status"), [(True, "paid"), (False, "unpaid")])
def test_a_delayed_payment_is_told_of_later(server, client, buy, paid, status):
    session = buy()
    server.pay(session.id, delayed=True)
    complete = client.v1.checkout.sessions.retrieve(session.id)
    assert (complete.status, complete.payment_status) == ("complete", "unpaid")
    server.settle(session.id, paid=paid)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == status
    word = "succeeded" if paid else "failed"
    assert kinds(server)[-1] == f"checkout.session.async_payment_{word}"


def test_subscribing_pays_the_first_invoice(server, client, subscribe):
    key = subscribe()
    subscription = client.v1.subscriptions.retrieve(
        key, {"expand": ["latest_invoice.payments", "default_payment_method"]}
    )
    assert subscription.status == "active"
    assert subscription.metadata["plan"] == "pro"
    assert subscription.default_payment_method.card.last4 == "4242"
    invoice = subscription.latest_invoice
    assert (invoice.status, invoice.total, invoice.billing_reason) == (
        "paid",
        4900,
        "subscription_create",
    )
    assert invoice.parent.subscription_details.subscription == key
    assert invoice.lines.data[0].period.end == subscription["items"].data[0].current_period_end
    intent = client.v1.payment_intents.retrieve(invoice.payments.data[0].payment.payment_intent)
    assert intent.amount_received == 4900
    assert [kind for kind in kinds(server) if "subscription" in kind] == [
        "customer.subscription.created",
        "customer.subscription.updated",
    ]
