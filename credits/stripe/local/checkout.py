"""Checkout sessions: created by the shop, completed on the hosted page."""

from .account import Account
from .errors import BadParams, Refusal
from .intents import LEAST_CENTS
from .params import (
    METADATA,
    TEXT,
    Address,
    Flag,
    Hash,
    Many,
    OneOf,
    Range,
    Spec,
    Whole,
    exclusive,
)
from .prices import AMOUNTS, PRODUCT_DATA, RECURRING, amount_of, price_named
from .routing import listing, matching, route
from .store import Obj

LIFE_SECONDS = 86400
SHORTEST_SECONDS = 30 * 60
METHODS = ("card", "us_bank_account")
LINE = {
    "adjustable_quantity": Hash(spec={"enabled": Flag(required=True)}),
    "price": TEXT,
    "price_data": Hash(
        spec={**AMOUNTS, "product": TEXT, "product_data": PRODUCT_DATA, "recurring": RECURRING}
    ),
    "quantity": Whole(least=1),
}
PAYMENT_DATA: Spec = {
    "description": TEXT,
    "metadata": METADATA,
    "receipt_email": TEXT,
    "setup_future_usage": OneOf(words=("off_session", "on_session")),
    "statement_descriptor_suffix": TEXT,
}
SUBSCRIPTION_DATA: Spec = {"description": TEXT, "metadata": METADATA}


@route(
    "POST",
    "/v1/checkout/sessions",
    {
        "allow_promotion_codes": Flag(),
        "billing_address_collection": OneOf(words=("auto", "required")),
        "cancel_url": Address(),
        "client_reference_id": TEXT,
        "customer": TEXT,
        "customer_creation": OneOf(words=("always", "if_required")),
        "customer_email": TEXT,
        "expires_at": Whole(),
        "line_items": Many(of=Hash(spec=LINE), required=True),
        "locale": TEXT,
        "metadata": METADATA,
        "mode": OneOf(words=("payment", "subscription"), required=True),
        "payment_intent_data": Hash(spec=PAYMENT_DATA),
        "allowed_payment_method_types": Many(of=OneOf(words=METHODS)),
        "saved_payment_method_options": Hash(
            spec={"payment_method_save": OneOf(words=("disabled", "enabled"))}
        ),
        "submit_type": OneOf(words=("auto", "book", "donate", "pay", "subscribe")),
        "subscription_data": Hash(spec=SUBSCRIPTION_DATA),
        "success_url": Address(required=True),
    },
)
def create_session(account: Account, values: Obj) -> Obj:
    """A new session: what is bought is final, how it is paid is not."""
    _check(account, values)
    lines = [
        _line(account, given, values["mode"], f"line_items[{index}]")
        for index, given in enumerate(values["line_items"])
    ]
    total = sum(line["amount_total"] for line in lines)
    if 0 < total < LEAST_CENTS:
        raise Refusal(
            "The Checkout Session's total amount due must add up to at least $0.50 usd",
            code="amount_too_small",
        )
    customer = account.find(values.get("customer"))
    mode, email = values["mode"], values.get("customer_email")
    details = None
    if customer is not None or email is not None:
        details = _details(customer["email"] if customer else email)
    session = account.new(
        "checkout.session",
        adaptive_pricing={"enabled": False},
        after_expiration=None,
        allow_promotion_codes=values.get("allow_promotion_codes"),
        amount_subtotal=total,
        amount_total=total,
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        billing_address_collection=values.get("billing_address_collection"),
        cancel_url=values.get("cancel_url"),
        client_reference_id=values.get("client_reference_id"),
        client_secret=None,
        collected_information=None,
        consent=None,
        consent_collection=None,
        currency="usd",
        currency_conversion=None,
        custom_fields=[],
        custom_text={
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        customer=values.get("customer"),
        customer_account=None,
        customer_creation=_creation(values),
        customer_details=details,
        customer_email=email,
        discounts=[],
        expires_at=values.get("expires_at", account.now() + LIFE_SECONDS),
        invoice=None,
        invoice_creation=None,
        locale=values.get("locale"),
        metadata=values.get("metadata") or {},
        mode=mode,
        origin_context=None,
        payment_intent=None,
        payment_link=None,
        payment_method_collection="always" if mode == "subscription" else "if_required",
        payment_method_configuration_details=None,
        payment_method_options={},
        payment_method_types=values.get("allowed_payment_method_types", ["card"]),
        payment_status="unpaid",
        permissions=None,
        phone_number_collection={"enabled": False},
        recovered_from=None,
        saved_payment_method_options=None,
        setup_intent=None,
        shipping_address_collection=None,
        shipping_cost=None,
        shipping_options=[],
        status="open",
        submit_type=values.get("submit_type"),
        subscription=None,
        success_url=values["success_url"],
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        ui_mode="hosted_page",
        wallet_options=None,
        _line_items=lines,
        _payment=values.get("payment_intent_data", {}),
        _subscription_data=values.get("subscription_data", {}),
        _intent=None,
    )
    session["url"] = account.page(f"/c/pay/{session['id']}", session["success_url"])
    return session


def _check(account: Account, values: Obj) -> None:
    exclusive(values, ("customer", "customer_email"), needed=False)
    exclusive(values, ("customer", "customer_creation"), needed=False)
    if "customer" in values:
        account.get("customer", values["customer"], param="customer")
    if not values["line_items"]:
        raise BadParams("You must pass at least one line item.", param="line_items")
    other = "subscription_data" if values["mode"] == "payment" else "payment_intent_data"
    if other in values:
        raise BadParams(f"You can not pass `{other}` in `{values['mode']}` mode.", param=other)
    if values["mode"] == "subscription" and "customer_creation" in values:
        raise BadParams(
            "`customer_creation` can only be used in `payment` mode.", param="customer_creation"
        )
    if "expires_at" in values:
        ahead = values["expires_at"] - account.now()
        if not SHORTEST_SECONDS <= ahead <= LIFE_SECONDS:
            raise BadParams(
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
                param="expires_at",
            )


def _creation(values: Obj) -> str | None:
    if "customer" in values:
        return None
    default = "always" if values["mode"] == "subscription" else "if_required"
    return str(values.get("customer_creation", default))


def _line(account: Account, given: Obj, mode: str, name: str) -> Obj:
    if "quantity" not in given:
        raise BadParams(
            f"Missing required param: {name}[quantity].",
            code="parameter_missing",
            param=f"{name}[quantity]",
        )
    price = price_named(account, given, name)
    if mode == "payment" and price["recurring"] is not None:
        raise Refusal(
            "You must provide one-time prices in `payment` mode; use `subscription` mode for "
            "recurring prices.",
            param="line_items",
        )
    if mode == "subscription" and price["recurring"] is None:
        raise Refusal(
            "The local server of test payments takes only recurring prices in `subscription` mode.",
            param="line_items",
        )
    product = account.get("product", price["product"])
    amount = amount_of(price, given["quantity"])
    return account.new(
        "item",
        adjustable_quantity=None,
        amount_discount=0,
        amount_subtotal=amount,
        amount_tax=0,
        amount_total=amount,
        currency="usd",
        description=product["name"],
        discounts=[],
        metadata={},
        price=dict(price),
        quantity=given["quantity"],
        taxes=[],
    )


def _details(email: str | None) -> Obj:
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


@route("GET", "/v1/checkout/sessions/{id}")
def retrieve_session(account: Account, values: Obj, id: str) -> Obj:
    """One session; its line items only where `expand` asks for them."""
    return account.get("checkout.session", id)


@listing("/v1/checkout/sessions/{id}/line_items")
def list_line_items(account: Account, values: Obj, id: str) -> list[Obj]:
    """What is bought."""
    return list(account.get("checkout.session", id)["_line_items"])


@route("POST", "/v1/checkout/sessions/{id}/expire")
def expire_session(account: Account, values: Obj, id: str) -> Obj:
    """Close a session before its time; a completed one stays as it is."""
    session = account.get("checkout.session", id)
    if session["status"] != "open":
        raise Refusal(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {session['status']}."
        )
    expire(account, session)
    return session


def expire(account: Account, session: Obj) -> None:
    """Close an open session and tell of it."""
    session |= {"status": "expired", "url": None}
    account.emit("checkout.session.expired", session)


@listing(
    "/v1/checkout/sessions",
    {
        "created": Range(),
        "customer": TEXT,
        "payment_intent": TEXT,
        "status": OneOf(words=("complete", "expired", "open")),
        "subscription": TEXT,
    },
)
def list_sessions(account: Account, values: Obj) -> list[Obj]:
    """Sessions, newest first."""
    names = ("customer", "payment_intent", "status", "subscription")
    return matching(account.all("checkout.session"), values, *names)
