"""Invoice items and invoices by hand, and what is too small to charge."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import stripe

HOUR = 3600


def add(client, customer, **values):
    return client.v1.invoice_items.create(
        {"customer": customer.id, "currency": "usd", "description": "API calls", **values}
    )


def test_an_item_of_fractions_of_a_cent_is_rounded_once(client, customer):
    item = add(client, customer, unit_amount_decimal=Decimal("0.1"), quantity=12345)
    assert item.amount == 1235
    assert item.pricing.unit_amount_decimal == Decimal("0.1")
    assert item.invoice is None


def test_an_item_waits_for_the_renewal(server, client, customer, subscribe):
    key = subscribe()
    item = add(client, customer, unit_amount_decimal=Decimal("0.1"), quantity=5000)
    assert [one.id for one in client.v1.invoice_items.list({"pending": True}).data] == [item.id]
    end = client.v1.subscriptions.retrieve(key)["items"].data[0].current_period_end
    server.advance(datetime.fromtimestamp(end + HOUR, UTC))
    [renewal, _] = client.v1.invoices.list({"subscription": key}).data
    assert (renewal.total, renewal.status) == (5400, "paid")
    assert renewal.lines.data[0].parent.invoice_item_details.invoice_item == item.id
    assert client.v1.invoice_items.retrieve(item.id).invoice == renewal.id
    assert client.v1.invoice_items.list({"pending": True}).data == []


def test_an_item_can_join_a_renewals_draft_but_no_final_invoice(
    server, client, customer, subscribe
):
    key = subscribe()
    end = client.v1.subscriptions.retrieve(key)["items"].data[0].current_period_end
    server.advance(datetime.fromtimestamp(end, UTC))
    [draft] = client.v1.invoices.list({"subscription": key, "status": "draft"}).data
    item = add(client, customer, amount=700, invoice=draft.id)
    assert client.v1.invoices.retrieve(draft.id).total == 5600
    server.advance(datetime.fromtimestamp(end + HOUR, UTC))
    assert client.v1.invoices.retrieve(draft.id).amount_paid == 5600
    for refused in (
        lambda: add(client, customer, amount=1, invoice=draft.id),
        lambda: client.v1.invoice_items.delete(item.id),
        lambda: client.v1.invoice_items.update(item.id, {"amount": 1}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            refused()
        assert caught.value.code == "invoice_not_editable"
    assert client.v1.invoices.retrieve(draft.id).total == 5600


def test_a_pending_item_can_change_and_go(client, customer):
    item = add(client, customer, unit_amount_decimal=Decimal("0.1"), quantity=1000)
    assert client.v1.invoice_items.update(item.id, {"quantity": 3000}).amount == 300
    assert client.v1.invoice_items.delete(item.id).deleted is True
    assert client.v1.invoice_items.list({"customer": customer.id}).data == []


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"amount": 5, "unit_amount_decimal": "0.1"},
        {"amount": 5, "quantity": 2},
        {"unit_amount_decimal": "0.0000000000001"},
    ],
)
def test_an_item_says_its_amount_once(client, customer, values):
    with pytest.raises(stripe.InvalidRequestError):
        add(client, customer, **values)
    assert client.v1.invoice_items.list({"customer": customer.id}).data == []


def test_an_invoice_by_hand_takes_pending_items_only_when_told_to(server, client, customer):
    server.set_card(customer.id, "4242424242424242")
    add(client, customer, amount=900)
    empty = client.v1.invoices.create({"customer": customer.id})
    assert (empty.total, empty.auto_advance) == (0, False)
    client.v1.invoices.delete(empty.id)
    invoice = client.v1.invoices.create(
        {"customer": customer.id, "pending_invoice_items_behavior": "include"}
    )
    assert client.v1.invoices.finalize_invoice(invoice.id).status == "open"
    paid = client.v1.invoices.pay(invoice.id)
    assert (paid.status, paid.amount_paid, paid.attempt_count) == ("paid", 900, 1)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.invoices.pay(invoice.id)
    assert caught.value.code == "invoice_already_paid"
    [payment] = client.v1.invoice_payments.list({"invoice": invoice.id}).data
    found = client.v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": payment.payment.payment_intent}}
    )
    assert [one.invoice for one in found.data] == [invoice.id]


def test_an_invoice_that_is_refused_stays_open_and_can_be_voided(server, client, customer):
    server.set_card(customer.id, "4000000000000002")
    add(client, customer, amount=900)
    invoice = client.v1.invoices.create(
        {"customer": customer.id, "pending_invoice_items_behavior": "include"}
    )
    with pytest.raises(stripe.CardError):
        client.v1.invoices.pay(invoice.id)
    assert client.v1.invoices.retrieve(invoice.id).status == "open"
    assert client.v1.invoices.void_invoice(invoice.id).status == "void"
    assert server.events[-1]["type"] == "invoice.voided"


def test_what_is_too_small_to_charge_waits_on_the_balance(server, client, customer):
    server.set_card(customer.id, "4242424242424242")
    for cents, due, balance in ((30, 0, 30), (40, 70, 0)):
        add(client, customer, amount=cents)
        invoice = client.v1.invoices.create(
            {"customer": customer.id, "pending_invoice_items_behavior": "include"}
        )
        final = client.v1.invoices.finalize_invoice(invoice.id)
        assert (final.amount_due, final.ending_balance) == (due, balance)
    assert client.v1.customers.retrieve(customer.id).balance == 0


def test_an_invoice_that_advances_by_itself_is_charged_after_an_hour(server, client, customer):
    server.set_card(customer.id, "4242424242424242")
    add(client, customer, amount=900)
    invoice = client.v1.invoices.create(
        {
            "customer": customer.id,
            "pending_invoice_items_behavior": "include",
            "auto_advance": True,
        }
    )
    server.advance(datetime.fromtimestamp(server.now + HOUR + 5, UTC))
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
