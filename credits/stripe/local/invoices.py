"""Invoices: the object, its lines, and the requests about it."""

from . import collection
from .account import Account, with_metadata
from .errors import Refusal
from .invoice_items import pending_items, take_items
from .lines import new_invoice
from .params import METADATA, TEXT, UNSETTABLE, Currency, Flag, OneOf, Param, Range
from .routing import listing, matching, route
from .store import Obj

STATUSES = ("draft", "open", "paid", "uncollectible", "void")


@route(
    "POST",
    "/v1/invoices",
    {
        "auto_advance": Flag(),
        "collection_method": OneOf(words=("charge_automatically",)),
        "currency": Currency(),
        "customer": Param(required=True),
        "default_payment_method": TEXT,
        "description": TEXT,
        "metadata": METADATA,
        "pending_invoice_items_behavior": OneOf(words=("exclude", "include")),
        "subscription": TEXT,
    },
)
def create_invoice(account: Account, values: Obj) -> Obj:
    """A draft by hand: without pending items, unless it is of a subscription or told otherwise."""
    customer = account.get("customer", values["customer"], param="customer")
    subscription = None
    if "subscription" in values:
        subscription = account.get("subscription", values["subscription"], param="subscription")
        if subscription["customer"] != customer["id"]:
            raise Refusal("The subscription is another customer's.", param="subscription")
    include = values.get("pending_invoice_items_behavior") == "include"
    items = []
    if subscription is not None:
        items = pending_items(account, customer["id"], subscription["id"], only=True)
        if not items:
            raise Refusal(
                "Nothing to invoice for subscription", code="invoice_no_subscription_line_items"
            )
    elif include:
        items = pending_items(account, customer["id"])
    now = account.now()
    invoice = new_invoice(
        account,
        customer,
        reason="manual",
        subscription=subscription,
        period=(now, now),
        auto_advance=values.get("auto_advance", False),
    )
    invoice["default_payment_method"] = values.get("default_payment_method")
    invoice["description"] = values.get("description")
    invoice["metadata"] = values.get("metadata") or {}
    take_items(account, invoice, items)
    account.emit("invoice.created", invoice)
    return invoice


@route("GET", "/v1/invoices/{id}")
def retrieve_invoice(account: Account, values: Obj, id: str) -> Obj:
    """One invoice."""
    return account.get("invoice", id)


@route(
    "POST",
    "/v1/invoices/{id}",
    {"auto_advance": Flag(), "description": UNSETTABLE, "metadata": METADATA},
)
def update_invoice(account: Account, values: Obj, id: str) -> Obj:
    """Change what isn't money."""
    invoice = account.get("invoice", id)
    changes: Obj = {}
    if "auto_advance" in values:
        changes["auto_advance"] = values["auto_advance"]
    if "description" in values:
        changes["description"] = values["description"] or None
    if "metadata" in values:
        changes["metadata"] = with_metadata(invoice, values["metadata"])
    account.change("invoice.updated", invoice, **changes)
    return invoice


@route("DELETE", "/v1/invoices/{id}")
def delete_invoice(account: Account, values: Obj, id: str) -> Obj:
    """Throw a manual draft away; its items are pending again."""
    invoice = _in_status(account, id, "draft", "You can only delete draft invoices.")
    if invoice["parent"] is not None:
        raise Refusal("You can't delete invoices created by subscriptions.")
    for item in account.all("invoiceitem"):
        if item["invoice"] == id:
            item["invoice"] = None
    account.emit("invoice.deleted", invoice)
    account.store.remove(id)
    return {"id": id, "object": "invoice", "deleted": True}


@route("POST", "/v1/invoices/{id}/finalize", {"auto_advance": Flag()})
def finalize_invoice(account: Account, values: Obj, id: str) -> Obj:
    """Close a draft: its lines are final from now on."""
    invoice = _in_status(
        account, id, "draft", "This invoice is already finalized, you can't re-finalize it."
    )
    if "auto_advance" in values:
        invoice["auto_advance"] = values["auto_advance"]
    collection.finalize(account, invoice)
    return invoice


@route(
    "POST",
    "/v1/invoices/{id}/pay",
    {"off_session": Flag(), "paid_out_of_band": Flag(), "payment_method": TEXT},
)
def pay_invoice(account: Account, values: Obj, id: str) -> Obj:
    """Charge an invoice now; a draft is finalized first."""
    invoice = account.get("invoice", id)
    if invoice["status"] == "paid":
        raise Refusal("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise Refusal("This invoice is void and can't be paid.", code="invoice_not_editable")
    method = None
    if "payment_method" in values:
        method = account.get("payment_method", values["payment_method"], param="payment_method")
    if invoice["status"] == "draft":
        collection.finalize(account, invoice)
    if values.get("paid_out_of_band"):
        collection.settle(account, invoice, amount=0)
    elif invoice["status"] != "paid":
        refusal = collection.charge(account, invoice, method=method)
        if refusal is not None:
            raise refusal
    return invoice


@route("POST", "/v1/invoices/{id}/void")
def void_invoice(account: Account, values: Obj, id: str) -> Obj:
    """Take an open invoice back."""
    invoice = _in_status(account, id, "open", "You can only void open invoices.")
    collection.void(account, invoice)
    return invoice


@listing("/v1/invoices/{id}/lines")
def list_lines(account: Account, values: Obj, id: str) -> list[Obj]:
    """An invoice's lines."""
    return list(account.get("invoice", id)["lines"]["data"])


@listing(
    "/v1/invoices",
    {
        "created": Range(),
        "customer": TEXT,
        "status": OneOf(words=STATUSES),
        "subscription": TEXT,
    },
)
def list_invoices(account: Account, values: Obj) -> list[Obj]:
    """Invoices, newest first."""
    found = matching(account.all("invoice"), values, "customer", "status")
    return [
        one
        for one in found
        if "subscription" not in values or one["_subscription"] == values["subscription"]
    ]


@route("GET", "/v1/invoice_payments/{id}")
def retrieve_invoice_payment(account: Account, values: Obj, id: str) -> Obj:
    """Which payment an invoice was paid with."""
    return account.get("invoice_payment", id)


@listing(
    "/v1/invoice_payments",
    {
        "invoice": TEXT,
        "payment": collection.PAYMENT,
        "status": OneOf(words=("canceled", "open", "paid")),
    },
)
def list_invoice_payments(account: Account, values: Obj) -> list[Obj]:
    """What invoices were paid with: the way from a payment intent to its invoice."""
    found = matching(account.all("invoice_payment"), values, "invoice", "status")
    wanted = values.get("payment", {}).get("payment_intent")
    return [one for one in found if wanted in (None, one["payment"].get("payment_intent"))]


def _in_status(account: Account, key: str, status: str, otherwise: str) -> Obj:
    invoice = account.get("invoice", key)
    if invoice["status"] != status:
        raise Refusal(otherwise, code="invoice_not_editable")
    return invoice
