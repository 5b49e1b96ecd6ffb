"""`expand`: whole objects in the place of their ids, as deep as Stripe goes."""

from typing import Any

from .account import Account, public
from .errors import BadParams
from .store import Obj

DEEPEST = 4
# What an object doesn't hold unless it is asked for.
LEFT_OUT = {
    "checkout.session": ("line_items",),
    "charge": ("refunds",),
    "invoice": ("payments",),
    "customer": ("subscriptions",),
}


def shown(account: Account, obj: Any, expand: list[str]) -> Any:
    """What an answer holds of an object or a list."""
    answer = public(obj)
    for path in expand:
        steps = path.split(".")
        if len(steps) > DEEPEST + (steps[0] == "data"):
            raise BadParams(
                f"You cannot expand more than {DEEPEST} levels of a property.", param="expand"
            )
        _expand(account, answer, steps, path)
    return answer


def _expand(account: Account, place: Any, steps: list[str], path: str) -> None:
    if isinstance(place, list):
        for one in place:
            _expand(account, one, steps, path)
        return
    if not steps or place is None:
        return
    step = steps[0]
    if isinstance(place, dict) and step not in place:
        hidden = _left_out(account, place, step)
        if hidden is None:
            raise BadParams(f"This property cannot be expanded ({path}).", param="expand[0]")
        place[step] = hidden
    value = place[step] if isinstance(place, dict) else None
    if isinstance(value, str):
        found = account.find(value)
        if found is None or found["object"].startswith("_"):
            raise BadParams(f"This property cannot be expanded ({path}).", param="expand[0]")
        place[step] = public(found)
    elif not isinstance(value, dict | list) and value is not None:
        raise BadParams(f"This property cannot be expanded ({path}).", param="expand[0]")
    _expand(account, place[step], steps[1:], path)


def _left_out(account: Account, obj: Obj, name: str) -> Obj | None:
    if name not in LEFT_OUT.get(obj.get("object", ""), ()):
        return None
    whole = account.find(obj["id"])
    assert whole is not None
    if name == "line_items":
        data, url = whole["_line_items"], f"/v1/checkout/sessions/{obj['id']}/line_items"
    elif name == "refunds":
        data = [one for one in account.all("refund") if one["charge"] == obj["id"]][::-1]
        url = f"/v1/charges/{obj['id']}/refunds"
    elif name == "payments":
        data = [one for one in account.all("invoice_payment") if one["invoice"] == obj["id"]]
        url = "/v1/invoice_payments"
    else:
        data = [
            one
            for one in account.all("subscription")
            if one["customer"] == obj["id"] and one["status"] != "canceled"
        ][::-1]
        url = f"/v1/customers/{obj['id']}/subscriptions"
    return {"object": "list", "data": public(data), "has_more": False, "url": url}
