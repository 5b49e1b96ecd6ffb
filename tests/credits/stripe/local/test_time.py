"""What time brings to subscriptions: renewals, failures, retries, endings."""

from datetime import UTC, datetime, timedelta

import pytest
import stripe

HOUR, DAY = 3600, 86400


def moment(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def item_of(client, key):
    return client.v1.subscriptions.retrieve(key)["items"].data[0]


def told(server, since=0):
    return [event["type"] for event in server.events[since:]]


def test_a_renewal_is_a_draft_for_an_hour_and_then_charged(server, client, subscribe):
    key = subscribe()
    first = item_of(client, key)
    end = first.current_period_end
    since = len(server.events)
    server.advance(moment(end))
    assert item_of(client, key).current_period_start == end
    [draft] = client.v1.invoices.list({"subscription": key, "status": "draft"}).data
    assert (draft.billing_reason, draft.total) == ("subscription_cycle", 4900)
    # The invoice's own period is the one that ended; its line's is the new one.
    assert (draft.period_start, draft.period_end) == (first.current_period_start, end)
    assert draft.lines.data[0].period.start == end
    assert told(server, since) == ["invoice.created", "customer.subscription.updated"]
    server.advance(moment(end + HOUR))
    assert client.v1.invoices.retrieve(draft.id).status == "paid"
    assert told(server, since + 2) == [
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]


def test_fourteen_months_are_paid_once_each_by_the_calendar(server, client, subscribe):
    server.advance(datetime(2027, 1, 31, 12, tzinfo=UTC))
    key = subscribe()
    server.advance(datetime(2028, 3, 2, tzinfo=UTC))
    paid = client.v1.invoices.list({"subscription": key, "status": "paid", "limit": 100}).data
    starts = [moment(one.lines.data[0].period.start) for one in reversed(paid)]
    assert len(starts) == 14
    assert [(start.month, start.day) for start in starts[:5]] == [
        (1, 31),
        (2, 28),
        (3, 31),
        (4, 30),
        (5, 31),
    ]
    assert (starts[13].month, starts[13].day) == (2, 29)
    assert {start.hour for start in starts} == {12}
    assert [event["created"] for event in server.events] == sorted(
        event["created"] for event in server.events
    )


def test_a_card_that_fails_is_tried_four_times_and_then_the_plan_ends(
    server, client, customer, subscribe
):
    key = subscribe()
    end = item_of(client, key).current_period_end
    server.set_card(customer.id, "4000000000000341")
    since = len(server.events)
    server.advance(moment(end + HOUR))
    subscription = client.v1.subscriptions.retrieve(key, {"expand": ["latest_invoice"]})
    assert subscription.status == "past_due"
    assert subscription.latest_invoice.next_payment_attempt == end + HOUR + 3 * DAY
    server.advance(moment(end + HOUR + 15 * DAY))
    failures = [
        event for event in server.events[since:] if event["type"] == "invoice.payment_failed"
    ]
    days = [(event["created"] - end - HOUR) // DAY for event in failures]
    assert days == [0, 3, 8, 15]
    assert failures[-1]["data"]["object"]["next_payment_attempt"] is None
    ended = client.v1.subscriptions.retrieve(key)
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")
    assert told(server)[-1] == "customer.subscription.deleted"
    assert client.v1.subscriptions.list({"customer": customer.id}).data == []
    before = len(server.events)
    server.advance(moment(end + 90 * DAY))
    assert len(server.events) == before


def test_a_retry_with_a_better_card_saves_the_plan(server, client, customer, subscribe):
    key = subscribe()
    end = item_of(client, key).current_period_end
    server.set_card(customer.id, "4000000000009995")
    server.advance(moment(end + HOUR))
    server.set_card(customer.id, "4242424242424242")
    server.advance(moment(end + HOUR + 3 * DAY))
    assert client.v1.subscriptions.retrieve(key).status == "active"
    assert told(server)[-3:] == [
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ]


@pytest.mark.parametrize("how", ["cancel_at_period_end", "cancel_at"])
def test_a_plan_ends_when_it_was_told_to(server, client, subscribe, how):
    key = subscribe()
    end = item_of(client, key).current_period_end
    value = True if how == "cancel_at_period_end" else end
    updated = client.v1.subscriptions.update(key, {how: value})
    assert (updated.status, updated.cancel_at) == ("active", end)
    assert updated.cancel_at_period_end is (how == "cancel_at_period_end")
    since = len(server.events)
    server.advance(moment(end + DAY))
    assert told(server, since) == ["customer.subscription.deleted"]
    ended = client.v1.subscriptions.retrieve(key)
    assert (ended.status, ended.ended_at) == ("canceled", end)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.update(key, {"cancel_at_period_end": False})


def test_an_ending_can_be_taken_back(server, client, subscribe):
    key = subscribe()
    client.v1.subscriptions.update(key, {"cancel_at_period_end": True})
    kept = client.v1.subscriptions.update(key, {"cancel_at_period_end": False})
    assert (kept.cancel_at, kept.canceled_at) == (None, None)
    server.advance(datetime.now(UTC) + timedelta(days=40))
    assert client.v1.subscriptions.retrieve(key).status == "active"


def test_a_plan_can_end_at_once(server, client, subscribe):
    key = subscribe()
    assert client.v1.subscriptions.cancel(key).status == "canceled"
    assert told(server)[-1] == "customer.subscription.deleted"


def test_deleting_a_customer_ends_their_plans(server, client, customer, subscribe):
    key = subscribe()
    assert client.v1.customers.delete(customer.id).deleted is True
    assert client.v1.subscriptions.retrieve(key).status == "canceled"
    assert client.v1.customers.retrieve(customer.id).deleted is True
    assert told(server)[-2:] == ["customer.subscription.deleted", "customer.deleted"]


def test_sessions_expire_after_a_day(server, client, buy):
    session = buy()
    server.advance(datetime.now(UTC) + timedelta(hours=23))
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    server.advance(datetime.now(UTC) + timedelta(hours=25))
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert told(server)[-1] == "checkout.session.expired"


def test_the_clock_never_goes_back(server):
    later = datetime.now(UTC) + timedelta(days=10)
    server.advance(later)
    server.advance(datetime.now(UTC))
    assert server.now >= int(later.timestamp())
