"""A local server and the official client that talks to it."""

from collections.abc import Callable, Iterator

import pytest
from stripe import Customer, StripeClient
from stripe.checkout import Session

from credits.stripe.local.testing import LocalStripe


@pytest.fixture
def server() -> Iterator[LocalStripe]:
    with LocalStripe() as started:
        yield started


@pytest.fixture
def client(server: LocalStripe) -> StripeClient:
    return StripeClient("sk_test_local", base_addresses={"api": server.url}, max_network_retries=0)


@pytest.fixture
def customer(client: StripeClient) -> Customer:
    return client.v1.customers.create({"email": "alice@acme.example"})


@pytest.fixture
def buy(client: StripeClient, customer: Customer) -> Callable[..., Session]:
    """Begin a Checkout session for one thing."""

    def begin(cents: int = 19900, **more: object) -> Session:
        line = {
            "price_data": {
                "currency": "usd",
                "unit_amount": cents,
                "product_data": {"name": "Growth"},
            },
            "quantity": 1,
        }
        return client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "customer": customer.id,
                "line_items": [line],
                "success_url": "http://shop.example/done?session={CHECKOUT_SESSION_ID}",
                "cancel_url": "http://shop.example/credits/",
                **more,
            }
        )

    return begin


@pytest.fixture
def subscribe(client: StripeClient, server: LocalStripe, customer: Customer) -> Callable[..., str]:
    """Subscribe the customer through Checkout; the subscription's id."""

    def begin(cents: int = 4900, card: str = "4242424242424242", name: str = "Pro") -> str:
        line = {
            "price_data": {
                "currency": "usd",
                "unit_amount": cents,
                "product_data": {"name": name},
                "recurring": {"interval": "month"},
            },
            "quantity": 1,
        }
        session = client.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "customer": customer.id,
                "line_items": [line],
                "success_url": "http://shop.example/done",
                "subscription_data": {"metadata": {"plan": name.lower()}},
            }
        )
        return str(server.pay(session.id, card=card)["subscription"])

    return begin
