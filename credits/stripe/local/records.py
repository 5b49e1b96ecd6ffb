"""Events, as they can be asked for."""

from .account import Account
from .params import TEXT, Many, Range
from .routing import listing, matching, route
from .store import Obj


@route("GET", "/v1/events/{id}")
def retrieve_event(account: Account, values: Obj, id: str) -> Obj:
    """One event."""
    return account.get("event", id)


@listing("/v1/events", {"created": Range(), "type": TEXT, "types": Many(of=TEXT, most=20)})
def list_events(account: Account, values: Obj) -> list[Obj]:
    """Events, newest first; `type` may end in '.*'."""
    wanted = values.get("types") or ([values["type"]] if "type" in values else None)
    found = matching(account.all("event"), values)
    return [one for one in found if wanted is None or any(_fits(one["type"], w) for w in wanted)]


def _fits(kind: str, wanted: str) -> bool:
    return kind == wanted or (wanted.endswith(".*") and kind.startswith(wanted[:-1]))
