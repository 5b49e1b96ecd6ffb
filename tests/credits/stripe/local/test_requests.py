"""Keys, parameters, idempotency, pages of lists, expansion, faults."""

import threading
import time

import pytest
import stripe
from stripe import StripeClient


def refusal(call) -> stripe.StripeError:
    with pytest.raises(stripe.StripeError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("key", ["sk_live_x", "nonsense"])
def test_only_keys_for_tests_are_let_in(server, key):
    client = StripeClient(key, base_addresses={"api": server.url}, max_network_retries=0)
    assert isinstance(refusal(lambda: client.v1.customers.list()), stripe.AuthenticationError)


@pytest.mark.parametrize(
    ("values", "code", "param"),
    [
        ({"amount": 500}, "parameter_missing", "currency"),
        ({"amount": 500, "currency": "usd", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": "five", "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 49, "currency": "usd"}, "amount_too_small", "amount"),
        ({"amount": 500, "currency": "usd", "customer": ""}, "parameter_invalid_empty", "customer"),
        ({"amount": 500, "currency": "usd", "customer": "cus_1"}, "resource_missing", "customer"),
        ({"amount": 500, "currency": "eur"}, None, "currency"),
        ({"amount": 500, "currency": "usd", "off_session": True}, None, "off_session"),
        (
            {"amount": 500, "currency": "usd", "automatic_payment_methods": {"on": True}},
            "parameter_unknown",
            "automatic_payment_methods[on]",
        ),
    ],
)
def test_parameters_are_refused_as_stripe_does(server, client, values, code, param):
    error = refusal(lambda: client.v1.payment_intents.create(values))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert server.events == []
    assert client.v1.payment_intents.list().data == []


def test_what_does_not_exist_is_a_404(client):
    error = refusal(lambda: client.v1.charges.retrieve("ch_none"))
    assert (error.http_status, error.code) == (404, "resource_missing")
    assert refusal(lambda: client.v1.payouts.list()).http_status == 404


def test_a_key_replays_the_first_answer(server, client):
    values = {"email": "a@acme.example"}
    first = client.v1.customers.create(values, {"idempotency_key": "k"})
    again = client.v1.customers.create(values, {"idempotency_key": "k"})
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert len(client.v1.customers.list().data) == 1
    assert [key for *_, key in server.calls][:2] == ["k", "k"]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_key_belongs_to_one_request(client, elsewhere):
    client.v1.customers.create({"email": "a@acme.example"}, {"idempotency_key": "k"})

    def other():
        if elsewhere:
            return client.v1.products.create({"name": "x"}, {"idempotency_key": "k"})
        return client.v1.customers.create({"email": "b@acme.example"}, {"idempotency_key": "k"})

    error = refusal(other)
    assert isinstance(error, stripe.IdempotencyError)
    assert error.http_status == 400
    assert len(client.v1.customers.list().data) == 1
    assert client.v1.products.list().data == []


def test_a_refused_card_is_replayed_and_refused_parameters_are_not(server, client, customer):
    card = server.set_card(customer.id, "4000000000000002")
    values = {
        "amount": 500,
        "currency": "usd",
        "customer": customer.id,
        "payment_method": card,
        "confirm": True,
        "off_session": True,
    }
    wrong = {**values, "amount": "x"}
    refusal(lambda: client.v1.payment_intents.create(wrong, {"idempotency_key": "k"}))
    for _ in range(2):
        error = refusal(lambda: client.v1.payment_intents.create(values, {"idempotency_key": "k"}))
        assert (error.http_status, error.code) == (402, "card_declined")
    assert len(client.v1.payment_intents.list().data) == 1


def test_a_key_is_forgotten_after_a_day(server, client):
    first = client.v1.customers.create({}, {"idempotency_key": "k"})
    server.account.move_to(server.now + 24 * 3600 + 1)
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id != first.id


def test_a_key_in_use_is_a_conflict(server, client, monkeypatch):
    server._server.api.keys.begin("k", "/v1/customers", {})
    error = refusal(lambda: client.v1.customers.create({}, {"idempotency_key": "k"}))
    assert error.http_status == 409
    server._server.api.keys.finish("k", "/v1/customers", {}, None)
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id


def test_each_key_makes_one_customer_for_eight_threads_at_once(server, client):
    made, errors = set(), []

    def create():
        for key in range(40):
            while True:
                try:
                    found = client.v1.customers.create({}, {"idempotency_key": f"k{key}"})
                except stripe.StripeError as error:
                    errors.append(error.http_status)
                    continue
                made.add((key, found.id))
                break

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 40
    assert set(errors) <= {409}
    assert len(client.v1.customers.list({"limit": 100}).data) == 40


def test_lists_come_in_pages(client):
    made = [client.v1.customers.create({"name": str(number)}).id for number in range(7)]
    first = client.v1.customers.list({"limit": 3})
    assert [one.id for one in first.data] == made[:3:-1]
    assert first.has_more is True
    assert [one.id for one in first.auto_paging_iter()] == made[::-1]
    before = client.v1.customers.list({"limit": 2, "ending_before": made[2]})
    assert [one.id for one in before.data] == [made[4], made[3]]
    assert refusal(lambda: client.v1.customers.list({"starting_after": "cus_x"})).param


def test_lists_are_filtered_by_time(server, client):
    early = client.v1.customers.create({})
    server.account.move_to(server.now + 100)
    late = client.v1.customers.create({})
    found = client.v1.customers.list({"created": {"gte": late.created}})
    assert [one.id for one in found.data] == [late.id]
    found = client.v1.customers.list({"created": {"lt": late.created}})
    assert [one.id for one in found.data] == [early.id]


def test_only_what_stripe_expands_is_expanded(client, customer):
    error = refusal(lambda: client.v1.customers.retrieve(customer.id, {"expand": ["email"]}))
    assert "cannot be expanded" in str(error)
    intent = client.v1.payment_intents.create(
        {"amount": 500, "currency": "usd", "customer": customer.id}
    )
    listed = client.v1.payment_intents.list({"expand": ["data.customer", "data.latest_charge"]})
    assert listed.data[0].customer.email == "alice@acme.example"
    assert listed.data[0].latest_charge is None
    assert client.v1.payment_intents.retrieve(intent.id).customer == customer.id


def test_faults_come_when_they_are_told_to(server, client):
    server.fail("/v1/customers", 500, times=2)
    for _ in range(2):
        assert refusal(lambda: client.v1.customers.create({})).http_status == 500
    server.fail("/v1/customers", 429)
    assert isinstance(refusal(lambda: client.v1.customers.create({})), stripe.RateLimitError)
    server.fail("/v1/customers", 0)
    assert isinstance(refusal(lambda: client.v1.customers.create({})), stripe.APIConnectionError)
    assert client.v1.customers.list().data == []
    server.fail("/v1/customers", 500, times=9)
    server.heal()
    assert client.v1.customers.create({}).id


def test_a_lost_answer_has_had_its_effect(server, client):
    server.fail("/v1/customers", 0, lost=True)
    refusal(lambda: client.v1.customers.create({}, {"idempotency_key": "k"}))
    found = client.v1.customers.list().data
    assert [one.id for one in found] == [
        client.v1.customers.create({}, {"idempotency_key": "k"}).id
    ]


def test_a_slow_answer_is_late(server, client):
    server.slow("/v1/customers", 0.3)
    began = time.monotonic()
    client.v1.customers.create({})
    assert time.monotonic() - began >= 0.3
