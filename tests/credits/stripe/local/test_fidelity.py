"""The server takes no parameter and shows no field that Stripe's own library doesn't know."""

import sys
import typing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import stripe
import typing_extensions
from stripe import params as stripe_params

from credits.stripe.local.account import API_VERSION
from credits.stripe.local.api import ROUTES
from credits.stripe.local.params import EVERYWHERE, Hash, Many, Spec

RESOURCES = {
    "customers": "Customer",
    "payment_methods": "PaymentMethod",
    "payment_intents": "PaymentIntent",
    "charges": "Charge",
    "refunds": "Refund",
    "disputes": "Dispute",
    "transfers": "Transfer",
    "balance_transactions": "BalanceTransaction",
    "products": "Product",
    "prices": "Price",
    "subscriptions": "Subscription",
    "subscription_schedules": "SubscriptionSchedule",
    "invoices": "Invoice",
    "invoiceitems": "InvoiceItem",
    "invoice_payments": "InvoicePayment",
    "events": "Event",
    "checkout/sessions": "checkout.Session",
    "billing_portal/sessions": "billing_portal.Session",
    "billing_portal/configurations": "billing_portal.Configuration",
}
ACTIONS = {"finalize": "FinalizeInvoice", "void": "VoidInvoice"}
NESTED = {
    ("GET", "/v1/customers/{id}/payment_methods"): "CustomerPaymentMethodListParams",
    ("GET", "/v1/checkout/sessions/{id}/line_items"): "checkout.SessionLineItemListParams",
    ("GET", "/v1/invoices/{id}/lines"): "InvoiceLineItemListParams",
    ("DELETE", "/v1/subscriptions/{id}"): "SubscriptionCancelParams",
}


def params_name(method: str, path: str) -> str:
    """The name of the library's class for the parameters of an endpoint."""
    if (method, path) in NESTED:
        return NESTED[method, path]
    resource, _, rest = path.removeprefix("/v1/").partition("/{id}")
    action = rest.strip("/")
    if action:
        word = ACTIONS.get(action, action.title())
    elif "{id}" in path:
        word = {"GET": "Retrieve", "POST": "Update", "DELETE": "Delete"}[method]
    else:
        word = {"GET": "List", "POST": "Create"}[method]
    return f"{RESOURCES[resource]}{word}Params"


def known_fields(given: type) -> dict[str, object]:
    """A TypedDict's fields with their types."""
    names = {"StripeContext": object, "Mapping": typing.Mapping}
    for base in given.__mro__ if hasattr(given, "__mro__") else [given]:
        names |= vars(sys.modules.get(base.__module__, typing))
    names |= vars(sys.modules[given.__module__])
    return typing.get_type_hints(given, globalns=names, localns=names)


def inner_types(given: object) -> Iterator[type]:
    """The TypedDicts that a type holds, however deep in lists and unions."""
    if isinstance(given, type) and typing_extensions.is_typeddict(given):
        yield given
    elif isinstance(given, typing.ForwardRef):
        return
    for argument in typing.get_args(given):
        yield from inner_types(argument)


def unknown_params(spec: Spec, given: type, path: str = "") -> list[str]:
    """What our spec takes and Stripe doesn't, and what Stripe needs and ours doesn't ask for."""
    fields = known_fields(given)
    problems = [f"{path}{name}: Stripe has no such" for name in spec if name not in fields]
    needed = (
        typing.cast(typing.Any, given).__required_keys__
        - typing.cast(typing.Any, stripe.RequestOptions).__required_keys__
    )
    for name in needed:
        if name in spec and not spec[name].required:
            problems.append(f"{path}{name}: Stripe needs it")
    for name, param in spec.items():
        inner = param.of if isinstance(param, Many) else param
        if isinstance(inner, Hash) and name in fields:
            kinds = list(inner_types(fields[name]))
            assert kinds, f"{path}{name} holds no object at Stripe"
            found = [unknown_params(inner.spec, kind, f"{path}{name}.") for kind in kinds]
            problems += min(found, key=len)
    return problems


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_an_endpoint_takes_only_what_stripe_takes(route):
    place: object = stripe_params
    *folders, name = params_name(route.method, route.path).split(".")
    for folder in folders:
        place = getattr(place, folder)
    given = getattr(place, name)
    spec = dict(route.spec)
    if "expand" not in known_fields(given):
        spec = {key: param for key, param in spec.items() if key not in EVERYWHERE}
    assert unknown_params(spec, given) == []


# --- what is answered ------------------------------------------------------------------------
def shape_problems(shown: dict, model: type, path: str = "") -> list[str]:
    """Fields that the library's class doesn't have, and those that it always has but we don't."""
    hints = model.__annotations__
    problems = [f"{path}{key}: Stripe has no such" for key in shown if key not in hints]
    for key, hint in hints.items():
        optional = type(None) in typing.get_args(hint)
        if key not in shown and not optional and key.islower() and key[0] != "_":
            problems.append(f"{path}{key}: Stripe always shows it")
    inner = getattr(model, "_inner_class_types", {})
    for key, value in shown.items():
        kind = inner.get(key)
        values = value if isinstance(value, list) else [value]
        for one in values:
            if kind is not None and isinstance(one, dict):
                problems += shape_problems(one, kind, f"{path}{key}.")
    return problems


def model_of(kind: str) -> type:
    found: object = stripe
    special = {"item": "LineItem", "line_item": "InvoiceLineItem", "invoiceitem": "InvoiceItem"}
    *folders, last = kind.split(".")
    for folder in folders:
        found = getattr(found, folder)
    name = special.get(kind) or "".join(word.title() for word in last.split("_"))
    model = getattr(found, name)
    assert isinstance(model, type)
    return model


def objects_in(value: object) -> Iterator[dict]:
    """All objects in an answer that say what they are, whole ones inside them too."""
    if isinstance(value, dict):
        kind = value.get("object")
        if isinstance(kind, str) and kind not in ("list", "plan"):
            yield value
        for one in value.values():
            yield from objects_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from objects_in(one)


@pytest.fixture
def life(server, client, customer, buy, subscribe):
    """A bit of everything."""
    session = buy(payment_intent_data={"setup_future_usage": "off_session"})
    server.pay(session.id)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    server.refund(intent, 100)
    server.close_dispute(server.dispute(intent)["id"], won=True)
    failed = buy()
    with pytest.raises(Exception, match="declined"):
        server.pay(failed.id, card="4000000000000002")
    server.expire(failed.id)
    client.v1.transfers.create({"amount": 100, "currency": "usd", "destination": "acct_partner01"})
    key = subscribe()
    product = client.v1.products.create({"name": "Enterprise"})
    price = client.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 49900,
            "recurring": {"interval": "month"},
        }
    )
    item = client.v1.subscriptions.retrieve(key)["items"].data[0].id
    client.v1.subscriptions.update(
        key, {"items": [{"id": item, "price": price.id}], "proration_behavior": "always_invoice"}
    )
    client.v1.invoice_items.create({"customer": customer.id, "amount": 500, "currency": "usd"})
    client.v1.subscription_schedules.create({"from_subscription": key})
    client.v1.billing_portal.sessions.create(
        {"customer": customer.id, "return_url": "http://shop.example/"}
    )
    server.advance(datetime.now(UTC) + timedelta(days=40))
    return server


def test_every_object_has_the_fields_of_stripes(life):
    seen = {}
    with life.account.lock:
        everything = [life.get(key) for key in life.account.store._objects if key[0] != "_"]
    for obj in objects_in([one for one in everything if one["object"][0] != "_"]):
        seen.setdefault(obj["object"], []).append(obj)
    problems = {
        f"{kind}: {problem}"
        for kind, objects in seen.items()
        for obj in objects
        for problem in shape_problems(obj, model_of(kind))
    }
    assert "\n".join(sorted(problems)) == ""
    expected = {
        "balance_transaction", "billing_portal.configuration", "billing_portal.session", "charge",
        "checkout.session", "customer", "dispute", "event", "invoice", "invoice_payment",
        "invoiceitem", "item", "line_item", "payment_intent", "payment_method", "price", "product",
        "refund", "subscription", "subscription_item", "subscription_schedule", "transfer",
    }  # fmt: skip
    assert set(seen) == expected


def test_events_are_of_kinds_that_stripe_sends(life):
    known = set(typing.get_args(stripe.Event.__annotations__["type"]))
    assert {event["type"] for event in life.events} - known == set()


def test_it_speaks_the_version_of_the_library():
    assert stripe.api_version == API_VERSION
