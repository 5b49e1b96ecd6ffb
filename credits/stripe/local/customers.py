"""Customers and their payment methods."""

from . import collection
from .account import Account, with_metadata
from .cards import attach, method_named
from .errors import Refusal
from .params import METADATA, TEXT, UNSETTABLE, Hash, OneOf, Param, Range
from .routing import listing, matching, route
from .store import Obj

FIELDS = {
    "description": UNSETTABLE,
    "email": UNSETTABLE,
    "metadata": METADATA,
    "name": UNSETTABLE,
    "phone": UNSETTABLE,
    "invoice_settings": Hash(spec={"default_payment_method": UNSETTABLE}),
}
WORDS = ("description", "email", "name", "phone")


@route("POST", "/v1/customers", {**FIELDS, "payment_method": TEXT})
def create_customer(account: Account, values: Obj) -> Obj:
    """A new customer."""
    method = None
    if "payment_method" in values:
        method = method_named(account, values["payment_method"])
    customer = new_customer(
        account,
        metadata=values.get("metadata") or {},
        **{word: values.get(word) or None for word in WORDS},
    )
    if method is not None:
        attach(account, method, customer["id"])
    _set_default(account, customer, values)
    account.emit("customer.created", customer)
    return customer


def new_customer(account: Account, **values: object) -> Obj:
    """A customer with nothing but what is given."""
    return account.new(
        "customer",
        **{
            "address": None,
            "balance": 0,
            "currency": None,
            "customer_account": None,
            "default_source": None,
            "delinquent": False,
            "description": None,
            "email": None,
            "invoice_prefix": account.new_id("x")[2:10].upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "metadata": {},
            "name": None,
            "next_invoice_sequence": 1,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        }
        | values,
    )


@route("GET", "/v1/customers/{id}")
def retrieve_customer(account: Account, values: Obj, id: str) -> Obj:
    """One customer; a deleted one is a stub."""
    found = account.find(id)
    if found is not None and found["object"] == "customer" and found.get("deleted"):
        return {"id": id, "object": "customer", "deleted": True}
    return account.get("customer", id)


@route("POST", "/v1/customers/{id}", FIELDS)
def update_customer(account: Account, values: Obj, id: str) -> Obj:
    """Change a customer."""
    customer = account.get("customer", id)
    _set_default(account, customer, values)
    changes = {word: values[word] or None for word in WORDS if word in values}
    if "metadata" in values:
        changes["metadata"] = with_metadata(customer, values["metadata"])
    account.change("customer.updated", customer, **changes)
    return customer


@route("DELETE", "/v1/customers/{id}")
def delete_customer(account: Account, values: Obj, id: str) -> Obj:
    """Delete a customer, as staff may in Stripe's dashboard; their subscriptions end at once."""
    customer = account.get("customer", id)
    for subscription in account.all("subscription"):
        if subscription["customer"] == id and subscription["ended_at"] is None:
            collection.end(account, subscription, reason="cancellation_requested")
    customer["deleted"] = True
    account.emit("customer.deleted", customer)
    return {"id": id, "object": "customer", "deleted": True}


@listing("/v1/customers", {"created": Range(), "email": TEXT})
def list_customers(account: Account, values: Obj) -> list[Obj]:
    """Customers, newest first."""
    found = matching(account.all("customer"), values, "email")
    return [customer for customer in found if not customer.get("deleted")]


@listing("/v1/customers/{id}/payment_methods", {"type": OneOf(words=("card",))})
def list_methods_of_customer(account: Account, values: Obj, id: str) -> list[Obj]:
    """The saved cards of a customer."""
    account.get("customer", id)
    return matching(account.all("payment_method"), {"customer": id}, "customer")


@listing("/v1/payment_methods", {"customer": TEXT, "type": OneOf(words=("card",))})
def list_methods(account: Account, values: Obj) -> list[Obj]:
    """The saved cards of a customer."""
    if "customer" not in values:
        return []
    return list_methods_of_customer(account, values, values["customer"])


@route("GET", "/v1/payment_methods/{id}")
def retrieve_method(account: Account, values: Obj, id: str) -> Obj:
    """One payment method."""
    return account.get("payment_method", id)


@route("POST", "/v1/payment_methods/{id}/attach", {"customer": Param(required=True)})
def attach_method(account: Account, values: Obj, id: str) -> Obj:
    """Save a card with a customer."""
    method = method_named(account, id, param="id")
    account.get("customer", values["customer"], param="customer")
    attach(account, method, values["customer"])
    return method


@route("POST", "/v1/payment_methods/{id}/detach")
def detach_method(account: Account, values: Obj, id: str) -> Obj:
    """Forget a saved card; it is nobody's default any more."""
    method = account.get("payment_method", id)
    if method["customer"] is None:
        raise Refusal(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible.",
            param="payment_method",
        )
    customer = account.get("customer", method["customer"])
    method["customer"] = None
    account.emit("payment_method.detached", method, {"customer": customer["id"]})
    if customer["invoice_settings"]["default_payment_method"] == id:
        set_default_method(account, customer, None)
    for subscription in account.all("subscription"):
        if subscription["default_payment_method"] == id:
            subscription["default_payment_method"] = None
    return method


def _set_default(account: Account, customer: Obj, values: Obj) -> None:
    given = values.get("invoice_settings", {}).get("default_payment_method")
    if given is None:
        return
    if given and account.get("payment_method", given)["customer"] != customer["id"]:
        raise Refusal(
            "The customer does not have a payment method with the ID "
            f"{given}. The payment method must be attached to the customer.",
            code="resource_missing",
            param="invoice_settings[default_payment_method]",
        )
    customer["invoice_settings"]["default_payment_method"] = given or None


def set_default_method(account: Account, customer: Obj, method: str | None) -> None:
    """Let invoices charge this saved card from now on."""
    settings = {**customer["invoice_settings"], "default_payment_method": method}
    account.change("customer.updated", customer, invoice_settings=settings)
