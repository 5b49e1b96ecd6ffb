"""Charges off session, refunds, disputes, and the balance that follows from them."""

import pytest
import stripe

from credits.stripe.local.errors import Refusal

PAYS = "4242424242424242"


def charge(client, customer, card, cents=4900, **more):
    return client.v1.payment_intents.create(
        {
            "amount": cents,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": card,
            "confirm": True,
            "off_session": True,
            **more,
        }
    )


def test_a_saved_card_is_charged_without_its_holder(server, client, customer):
    intent = charge(client, customer, server.set_card(customer.id, PAYS), metadata={"reload": "1"})
    assert (intent.status, intent.amount_received) == ("succeeded", 4900)
    [paid] = client.v1.charges.list({"payment_intent": intent.id}).data
    assert (paid.paid, paid.metadata["reload"]) == (True, "1")


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000000341", "card_declined", "generic_decline"),
        ("4000002500003155", "authentication_required", "authentication_required"),
        ("4000002760003184", "authentication_required", "authentication_required"),
    ],
)
def test_a_card_that_is_refused_leaves_the_intent_unpaid(
    server, client, customer, number, code, decline_code
):
    card = server.set_card(customer.id, number)
    with pytest.raises(stripe.CardError) as caught:
        charge(client, customer, card)
    error = caught.value
    assert (error.code, error.error.decline_code) == (code, decline_code)
    intent = client.v1.payment_intents.retrieve(error.error.payment_intent.id)
    assert (intent.status, intent.last_payment_error.code) == ("requires_payment_method", code)
    assert [event["type"] for event in server.events][-2:] == [
        "charge.failed",
        "payment_intent.payment_failed",
    ]
    assert client.v1.balance_transactions.list().data == []


def test_a_card_that_asks_once_pays_after_its_holder_has_agreed(server, client, customer, buy):
    session = buy(payment_intent_data={"setup_future_usage": "off_session"})
    server.pay(session.id, card="4000002500003155")
    [card] = client.v1.customers.payment_methods.list(customer.id).data
    assert charge(client, customer, card.id).status == "succeeded"


def test_a_card_of_another_customer_is_refused(server, client, customer):
    other = client.v1.customers.create({})
    card = server.set_card(other.id, PAYS)
    with pytest.raises(stripe.InvalidRequestError, match="belongs to a Customer"):
        charge(client, customer, card)
    client.v1.payment_methods.detach(card)
    assert client.v1.customers.payment_methods.list(other.id).data == []


def test_the_customers_default_card_is_not_taken_by_itself(server, client, customer):
    server.set_card(customer.id, PAYS)
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.v1.payment_intents.create(
            {"amount": 500, "currency": "usd", "customer": customer.id, "confirm": True}
        )


def test_refunds_never_exceed_the_charge(server, client, buy):
    intent = server.pay(buy().id)["payment_intent"]
    client.v1.refunds.create({"payment_intent": intent, "amount": 5000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        client.v1.refunds.create({"payment_intent": intent, "amount": 14901})
    server.refund(intent)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": intent})
    assert caught.value.code == "charge_already_refunded"
    told = [event for event in server.events if event["type"] == "charge.refunded"]
    assert [event["data"]["object"]["amount_refunded"] for event in told] == [5000, 19900]
    assert told[1]["data"]["previous_attributes"] == {"amount_refunded": 5000, "refunded": False}
    amounts = [one.amount for one in client.v1.refunds.list({"payment_intent": intent}).data]
    assert amounts == [14900, 5000]


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_takes_the_money_until_it_is_won(server, client, buy, won):
    intent = server.pay(buy().id)["payment_intent"]
    dispute = server.dispute(intent)
    assert client.v1.disputes.retrieve(dispute["id"]).status == "needs_response"
    assert client.v1.charges.retrieve(dispute["charge"]).disputed is True
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": intent})
    assert caught.value.code == "charge_disputed"
    with pytest.raises(Refusal):
        server.dispute(intent)
    server.close_dispute(dispute["id"], won=won)
    rows = client.v1.balance_transactions.list().data
    assert sum(row.amount for row in rows) == (19900 if won else 0)
    kinds = [event["type"].removeprefix("charge.dispute.") for event in server.events]
    assert kinds.count("closed") == 1
    assert kinds.count("funds_reinstated") == won


def test_the_balance_is_what_came_in_less_what_went_back(server, client, buy):
    intent = server.pay(buy().id)["payment_intent"]
    server.refund(intent, 900)
    rows = client.v1.balance_transactions.list().data
    assert [(row.type, row.amount) for row in rows] == [("refund", -900), ("charge", 19900)]
    assert rows[1].net == 19900 - rows[1].fee
    assert client.v1.balance_transactions.list({"type": "refund"}).data[0].source.startswith("re_")


def transfer(client, cents=5_000, key="k", **more):
    return client.v1.transfers.create(
        {"amount": cents, "currency": "usd", "destination": "acct_partner01", **more},
        {"idempotency_key": key},
    )


def test_a_transfer_leaves_the_balance_and_is_found_by_its_group(server, client):
    made = transfer(client, transfer_group="payout_1")
    assert transfer(client, transfer_group="payout_1").id == made.id
    transfer(client, key="other", transfer_group="payout_2")
    assert [one.id for one in client.v1.transfers.list({"transfer_group": "payout_1"}).data] == [
        made.id
    ]
    booked = client.v1.balance_transactions.retrieve(made.balance_transaction)
    assert (booked.amount, booked.type) == (-5_000, "transfer")
    assert server.events[0]["type"] == "transfer.created"


def test_a_transfer_that_cannot_be_is_refused_as_stripe_does(server, client):
    with pytest.raises(stripe.InvalidRequestError, match="No such destination") as nowhere:
        transfer(client, key="a", destination="acct_?")
    assert nowhere.value.code == "resource_missing"
    server.set_funds(4_999)
    with pytest.raises(stripe.InvalidRequestError) as poor:
        transfer(client, key="b")
    assert poor.value.code == "balance_insufficient"
    assert client.v1.transfers.list().data == []
