"""The customer portal: its configurations and sessions."""

from .account import Account, with_metadata
from .errors import BadParams, Refusal
from .params import (
    METADATA,
    TEXT,
    UNSETTABLE,
    Address,
    Flag,
    Hash,
    Many,
    OneOf,
    Param,
    Spec,
    Whole,
)
from .routing import listing, matching, route
from .store import Obj

PRORATIONS = ("always_invoice", "create_prorations", "none")
CONDITIONS = ("decreasing_item_amount", "shortening_interval")
FEATURES: Spec = {
    "customer_update": Hash(
        spec={
            "allowed_updates": Many(
                of=OneOf(words=("address", "email", "name", "phone", "shipping", "tax_id"))
            ),
            "enabled": Flag(required=True),
        }
    ),
    "invoice_history": Hash(spec={"enabled": Flag(required=True)}),
    "payment_method_update": Hash(spec={"enabled": Flag(required=True)}),
    "subscription_cancel": Hash(
        spec={
            "enabled": Flag(required=True),
            "mode": OneOf(words=("at_period_end", "immediately")),
            "proration_behavior": OneOf(words=PRORATIONS),
        }
    ),
    "subscription_update": Hash(
        spec={
            "billing_cycle_anchor": OneOf(words=("now", "unchanged")),
            "default_allowed_updates": Many(
                of=OneOf(words=("price", "promotion_code", "quantity"))
            ),
            "enabled": Flag(required=True),
            "products": Many(
                of=Hash(
                    spec={
                        "prices": Many(of=TEXT, required=True),
                        "product": Param(required=True),
                    }
                ),
                most=10,
            ),
            "proration_behavior": OneOf(words=PRORATIONS),
            "schedule_at_period_end": Hash(
                spec={
                    "conditions": Many(
                        of=Hash(spec={"type": OneOf(words=CONDITIONS, required=True)})
                    )
                }
            ),
        }
    ),
}
PROFILE: Spec = {
    "headline": UNSETTABLE,
    "privacy_policy_url": Address(),
    "terms_of_service_url": Address(),
}
CONFIGURATION: Spec = {
    "business_profile": Hash(spec=PROFILE),
    "default_return_url": Address(unset=True),
    "metadata": METADATA,
    "name": UNSETTABLE,
}
FLOWS = (
    "payment_method_update",
    "subscription_cancel",
    "subscription_update",
    "subscription_update_confirm",
)
SUBSCRIPTION = Hash(spec={"subscription": Param(required=True)})


@route(
    "POST",
    "/v1/billing_portal/configurations",
    {**CONFIGURATION, "features": Hash(spec=FEATURES, required=True)},
)
def create_configuration(account: Account, values: Obj) -> Obj:
    """What customers may do in the portal."""
    return new_configuration(account, values)


def new_configuration(account: Account, values: Obj, *, default: bool = False) -> Obj:
    """The same; the account's first one may be its default."""
    profile = values.get("business_profile", {})
    return account.new(
        "billing_portal.configuration",
        active=True,
        application=None,
        business_profile={name: profile.get(name) or None for name in PROFILE},
        default_return_url=values.get("default_return_url") or None,
        features=_features(account, values["features"]),
        is_default=default,
        login_page={"enabled": False, "url": None},
        metadata=values.get("metadata") or {},
        name=values.get("name") or None,
        updated=account.now(),
    )


def _features(account: Account, given: Obj) -> Obj:
    cancel = given.get("subscription_cancel", {})
    change = given.get("subscription_update", {})
    products = change.get("products", [])
    if change.get("enabled") and not products:
        raise BadParams(
            "You must pass `products` to let customers update their subscriptions.",
            code="parameter_missing",
            param="features[subscription_update][products]",
        )
    for index, product in enumerate(products):
        name = f"features[subscription_update][products][{index}]"
        account.get("product", product["product"], param=f"{name}[product]")
        for key in product["prices"]:
            price = account.get("price", key, param=f"{name}[prices]")
            if price["product"] != product["product"]:
                raise Refusal(f"{key} isn't a price of {product['product']}.", param=name)
    customer = given.get("customer_update", {})
    return {
        "customer_update": {
            "allowed_updates": customer.get("allowed_updates", []),
            "enabled": customer.get("enabled", False),
        },
        "invoice_history": {"enabled": given.get("invoice_history", {}).get("enabled", False)},
        "payment_method_update": {
            "enabled": given.get("payment_method_update", {}).get("enabled", False),
            "payment_method_configuration": None,
        },
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "options": []},
            "enabled": cancel.get("enabled", False),
            "mode": cancel.get("mode", "at_period_end"),
            "proration_behavior": cancel.get("proration_behavior", "none"),
        },
        "subscription_pause": {
            "duration": {"interval_options": [], "type": "indefinite"},
            "enabled": False,
        },
        "subscription_update": {
            "billing_cycle_anchor": change.get("billing_cycle_anchor", "unchanged"),
            "default_allowed_updates": change.get("default_allowed_updates", []),
            "enabled": change.get("enabled", False),
            "products": [
                {"adjustable_quantity": {"enabled": False, "maximum": None, "minimum": 1}, **one}
                for one in products
            ],
            "proration_behavior": change.get("proration_behavior", "none"),
            "schedule_at_period_end": {
                "conditions": change.get("schedule_at_period_end", {}).get("conditions", [])
            },
            "trial_update_behavior": "end_trial",
        },
    }


@route("GET", "/v1/billing_portal/configurations/{id}")
def retrieve_configuration(account: Account, values: Obj, id: str) -> Obj:
    """One configuration."""
    return account.get("billing_portal.configuration", id)


@route(
    "POST",
    "/v1/billing_portal/configurations/{id}",
    {**CONFIGURATION, "active": Flag(), "features": Hash(spec=FEATURES)},
)
def update_configuration(account: Account, values: Obj, id: str) -> Obj:
    """Change a configuration: features that are given replace their old ones."""
    configuration = account.get("billing_portal.configuration", id)
    if "features" in values:
        fresh = _features(account, values["features"])
        given = {name: fresh[name] for name in values["features"]}
        configuration["features"] = configuration["features"] | given
    if "metadata" in values:
        configuration["metadata"] = with_metadata(configuration, values["metadata"])
    for name in ("active", "default_return_url", "name"):
        if name in values:
            configuration[name] = values[name] if values[name] != "" else None
    for name, value in values.get("business_profile", {}).items():
        configuration["business_profile"][name] = value or None
    configuration["updated"] = account.now()
    account.emit("billing_portal.configuration.updated", configuration)
    return configuration


@listing("/v1/billing_portal/configurations", {"active": Flag(), "is_default": Flag()})
def list_configurations(account: Account, values: Obj) -> list[Obj]:
    """Configurations, newest first."""
    found = account.all("billing_portal.configuration")
    return matching(found, values, "active", "is_default")


@route(
    "POST",
    "/v1/billing_portal/sessions",
    {
        "configuration": TEXT,
        "customer": Param(required=True),
        "flow_data": Hash(
            spec={
                "after_completion": Hash(
                    spec={
                        "redirect": Hash(spec={"return_url": Address(required=True)}),
                        "type": OneOf(
                            words=("hosted_confirmation", "portal_homepage", "redirect"),
                            required=True,
                        ),
                    }
                ),
                "subscription_cancel": SUBSCRIPTION,
                "subscription_update": SUBSCRIPTION,
                "subscription_update_confirm": Hash(
                    spec={
                        "items": Many(
                            of=Hash(
                                spec={
                                    "id": Param(required=True),
                                    "price": TEXT,
                                    "quantity": Whole(least=0),
                                }
                            ),
                            required=True,
                            most=1,
                        ),
                        "subscription": Param(required=True),
                    }
                ),
                "type": OneOf(words=FLOWS, required=True),
            }
        ),
        "locale": TEXT,
        "return_url": Address(),
    },
)
def create_session(account: Account, values: Obj) -> Obj:
    """A way into the portal for one customer."""
    account.get("customer", values["customer"], param="customer")
    if "configuration" in values:
        configuration = account.get(
            "billing_portal.configuration", values["configuration"], param="configuration"
        )
    else:
        configuration = default_configuration(account)
    flow = values.get("flow_data")
    if flow is not None:
        _check_flow(account, flow, values["customer"])
    session = account.new(
        "billing_portal.session",
        after_expiration=None,
        configuration=configuration["id"],
        customer=values["customer"],
        customer_account=None,
        flow=_flow(flow),
        locale=values.get("locale"),
        on_behalf_of=None,
        return_url=values.get("return_url") or configuration["default_return_url"],
    )
    session["url"] = account.page(f"/p/session/{session['id']}", session["return_url"] or "")
    account.emit("billing_portal.session.created", session)
    return session


def default_configuration(account: Account) -> Obj:
    """What the portal offers where the shop says nothing: all but changing plans."""
    configurations = account.all("billing_portal.configuration")
    found = next((one for one in configurations if one["is_default"]), None)
    features = {
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {"enabled": True},
    }
    return found or new_configuration(account, {"features": features}, default=True)


def _check_flow(account: Account, flow: Obj, customer: str) -> None:
    kind = flow["type"]
    if kind == "payment_method_update":
        return
    if kind not in flow:
        raise BadParams(
            f"Missing required param: flow_data[{kind}].",
            code="parameter_missing",
            param=f"flow_data[{kind}]",
        )
    key = flow[kind]["subscription"]
    name = f"flow_data[{kind}][subscription]"
    subscription = account.get("subscription", key, param=name)
    if subscription["customer"] != customer or subscription["status"] == "canceled":
        raise Refusal("The subscription isn't a running one of this customer.", param=name)


def _flow(flow: Obj | None) -> Obj | None:
    if flow is None:
        return None
    after = flow.get("after_completion", {"type": "portal_homepage"})
    return {
        "after_completion": {
            "hosted_confirmation": None,
            "redirect": after.get("redirect"),
            "type": after["type"],
        },
        "subscription_cancel": flow.get("subscription_cancel"),
        "subscription_update": flow.get("subscription_update"),
        "subscription_update_confirm": flow.get("subscription_update_confirm"),
        "type": flow["type"],
    }
