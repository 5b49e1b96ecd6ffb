"""Products and prices, and prices that come inline with what is bought."""

from decimal import Decimal

from .account import Account, with_metadata
from .errors import BadParams, Refusal
from .params import (
    METADATA,
    TEXT,
    UNSETTABLE,
    Currency,
    Exact,
    Flag,
    Hash,
    Many,
    OneOf,
    Param,
    Range,
    Spec,
    Whole,
    exclusive,
)
from .routing import listing, matching, route
from .store import Obj

INTERVALS = ("day", "week", "month", "year")
RECURRING = Hash(
    spec={
        "interval": OneOf(words=INTERVALS, required=True),
        "interval_count": Whole(least=1),
    }
)
RECURRING_NEEDED = Hash(spec=RECURRING.spec, required=True)
PRODUCT_DATA = Hash(spec={"name": Param(required=True), "description": TEXT, "metadata": METADATA})
AMOUNTS: Spec = {
    "currency": Currency(required=True),
    "unit_amount": Whole(least=0),
    "unit_amount_decimal": Exact(),
}


@route(
    "POST",
    "/v1/products",
    {
        "name": Param(required=True),
        "description": TEXT,
        "metadata": METADATA,
        "id": TEXT,
        "active": Flag(),
    },
)
def create_product(account: Account, values: Obj) -> Obj:
    """A new product; the caller may choose its id."""
    if account.find(values.get("id")) is not None:
        raise Refusal(
            f"Product already exists: {values['id']}", code="resource_already_exists", param="id"
        )
    product = _new_product(account, values)
    account.emit("product.created", product)
    return product


def _new_product(account: Account, values: Obj, *, active: bool = True) -> Obj:
    chosen = {"id": values["id"]} if "id" in values else {}
    return account.new(
        "product",
        active=values.get("active", active),
        default_price=None,
        description=values.get("description"),
        images=[],
        marketing_features=[],
        metadata=values.get("metadata") or {},
        name=values["name"],
        package_dimensions=None,
        shippable=None,
        statement_descriptor=None,
        tax_code=None,
        type="service",
        unit_label=None,
        updated=account.now(),
        url=None,
        **chosen,
    )


@route("GET", "/v1/products/{id}")
def retrieve_product(account: Account, values: Obj, id: str) -> Obj:
    """One product."""
    return account.get("product", id)


@route(
    "POST",
    "/v1/products/{id}",
    {"name": TEXT, "description": UNSETTABLE, "metadata": METADATA, "active": Flag()},
)
def update_product(account: Account, values: Obj, id: str) -> Obj:
    """Change a product."""
    product = account.get("product", id)
    changes: Obj = {key: values[key] for key in ("name", "active") if key in values}
    if "description" in values:
        changes["description"] = values["description"] or None
    if "metadata" in values:
        changes["metadata"] = with_metadata(product, values["metadata"])
    account.change("product.updated", product, **changes)
    return product


@listing("/v1/products", {"active": Flag(), "created": Range(), "ids": Many(of=TEXT)})
def list_products(account: Account, values: Obj) -> list[Obj]:
    """Products, newest first."""
    found = matching(account.all("product"), values, "active")
    return [one for one in found if "ids" not in values or one["id"] in values["ids"]]


@route(
    "POST",
    "/v1/prices",
    {
        **AMOUNTS,
        "active": Flag(),
        "lookup_key": TEXT,
        "metadata": METADATA,
        "nickname": TEXT,
        "product": TEXT,
        "product_data": Hash(spec={"name": Param(required=True), "metadata": METADATA}),
        "recurring": RECURRING,
        "transfer_lookup_key": Flag(),
    },
)
def create_price(account: Account, values: Obj) -> Obj:
    """A new price of a product."""
    exclusive(values, ("unit_amount", "unit_amount_decimal"))
    exclusive(values, ("product", "product_data"))
    _take_lookup_key(account, values)
    if "product" in values:
        account.get("product", values["product"], param="product")
    else:
        values["product"] = _new_product(account, values["product_data"])["id"]
    price = _new_price(account, values, active=values.get("active", True))
    account.emit("price.created", price)
    return price


def _take_lookup_key(account: Account, values: Obj) -> None:
    key = values.get("lookup_key")
    holder = next((one for one in account.all("price") if key and one["lookup_key"] == key), None)
    if holder is None:
        return
    if not values.get("transfer_lookup_key"):
        raise Refusal(
            f"A price (`{holder['id']}`) already uses that lookup key.", param="lookup_key"
        )
    account.change("price.updated", holder, lookup_key=None)


def _new_price(account: Account, values: Obj, *, active: bool) -> Obj:
    exact = unit_amount_of(values)
    recurring = values.get("recurring")
    if recurring is not None:
        recurring = {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count", 1),
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        }
    return account.new(
        "price",
        active=active,
        billing_scheme="per_unit",
        currency=values["currency"],
        custom_unit_amount=None,
        lookup_key=values.get("lookup_key"),
        metadata=values.get("metadata") or {},
        nickname=values.get("nickname"),
        product=values["product"],
        recurring=recurring,
        tax_behavior="unspecified",
        tiers_mode=None,
        transform_quantity=None,
        type="recurring" if recurring else "one_time",
        unit_amount=int(exact) if exact == int(exact) else None,
        unit_amount_decimal=f"{exact.normalize():f}",
    )


def unit_amount_of(values: Obj) -> Decimal:
    """Cents for one, from whichever of the two parameters is given."""
    given = values.get("unit_amount_decimal")
    return Decimal(values.get("unit_amount") or 0) if given is None else Decimal(given)


def price_from_data(account: Account, data: Obj, name: str) -> Obj:
    """The price behind `price_data`; it and its product are inactive: used once only."""
    exclusive(data, ("unit_amount", "unit_amount_decimal"))
    exclusive(data, ("product", "product_data"))
    if "product" in data:
        account.get("product", data["product"], param=f"{name}[product]")
    else:
        data = {**data, "product": _new_product(account, data["product_data"], active=False)["id"]}
    return _new_price(account, data, active=False)


def price_named(account: Account, given: Obj, name: str) -> Obj:
    """The price of a line that holds `price` or `price_data`."""
    exclusive(given, ("price", "price_data"))
    if "price_data" in given:
        return price_from_data(account, given["price_data"], f"{name}[price_data]")
    price = account.get("price", given["price"], param=f"{name}[price]")
    if not price["active"]:
        raise BadParams(
            "The price specified is inactive. This field only accepts active prices.",
            param=f"{name}[price]",
        )
    return price


def amount_of(price: Obj, quantity: int | Decimal) -> int:
    """Cents for a quantity: rounded half up, away from zero, as Stripe does."""
    exact = Decimal(price["unit_amount_decimal"]) * quantity
    return whole_cents(exact)


def whole_cents(exact: Decimal) -> int:
    """Whole cents, half away from zero."""
    return int(exact.quantize(Decimal(1), rounding="ROUND_HALF_UP"))


@route("GET", "/v1/prices/{id}")
def retrieve_price(account: Account, values: Obj, id: str) -> Obj:
    """One price."""
    return account.get("price", id)


@route(
    "POST",
    "/v1/prices/{id}",
    {
        "active": Flag(),
        "lookup_key": TEXT,
        "metadata": METADATA,
        "nickname": UNSETTABLE,
        "transfer_lookup_key": Flag(),
    },
)
def update_price(account: Account, values: Obj, id: str) -> Obj:
    """Change what isn't money: a price's amount is final."""
    price = account.get("price", id)
    if values.get("lookup_key") != price["lookup_key"]:
        _take_lookup_key(account, values)
    changes: Obj = {key: values[key] for key in ("active", "lookup_key") if key in values}
    if "nickname" in values:
        changes["nickname"] = values["nickname"] or None
    if "metadata" in values:
        changes["metadata"] = with_metadata(price, values["metadata"])
    account.change("price.updated", price, **changes)
    return price


@listing(
    "/v1/prices",
    {
        "active": Flag(),
        "created": Range(),
        "currency": Currency(),
        "lookup_keys": Many(of=TEXT, most=10),
        "product": TEXT,
        "type": OneOf(words=("one_time", "recurring")),
    },
)
def list_prices(account: Account, values: Obj) -> list[Obj]:
    """Prices, newest first."""
    found = matching(account.all("price"), values, "active", "currency", "product", "type")
    keys = values.get("lookup_keys")
    return [one for one in found if keys is None or one["lookup_key"] in keys]
