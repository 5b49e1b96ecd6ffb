"""Which function answers which request."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import Refusal
from .params import EVERYWHERE, LISTS, Spec

Endpoint = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path with {id} in it, the parameters it takes, and what answers."""

    method: str
    path: str
    pattern: re.Pattern[str]
    spec: Spec
    endpoint: Endpoint


ROUTES: list[Route] = []


def route(method: str, path: str, spec: Spec | None = None) -> Callable[[Endpoint], Endpoint]:
    """Have the function below answer; it is called with the account, the values and the ids."""

    def add(endpoint: Endpoint) -> Endpoint:
        pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path) + "$")
        ROUTES.append(Route(method, path, pattern, {**(spec or {}), **EVERYWHERE}, endpoint))
        return endpoint

    return add


def listing(path: str, spec: Spec | None = None) -> Callable[[Endpoint], Endpoint]:
    """The same for a list: the function answers with the objects, newest first."""
    return route("GET", path, {**(spec or {}), **LISTS})


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """(the route, the ids in the path), or Stripe's refusal."""
    for known in ROUTES:
        if known.method == method and (found := known.pattern.match(path)):
            return known, found.groupdict()
    raise Refusal(
        f"Unrecognized request URL ({method}: {path}). The local server of test payments "
        "knows only what Cursive uses.",
        status=404,
    )


def page_of(url: str, objects: list[Any], values: dict[str, Any]) -> dict[str, Any]:
    """The page of a list that `limit`, `starting_after` and `ending_before` ask for."""
    limit = values.get("limit", 10)
    if limit > 100:
        raise Refusal("This value must be less than or equal to 100.", param="limit")
    keys = [obj["id"] for obj in objects]
    after, before = values.get("starting_after"), values.get("ending_before")
    for name, key in (("starting_after", after), ("ending_before", before)):
        if key is not None and key not in keys:
            raise Refusal(f"No such object: '{key}'", code="resource_missing", param=name)
    if before is not None:
        objects = objects[: keys.index(before)]
        data, more = objects[-limit:], len(objects) > limit
    else:
        objects = objects[keys.index(after) + 1 :] if after is not None else objects
        data, more = objects[:limit], len(objects) > limit
    return {"object": "list", "data": data, "has_more": more, "url": url}


def within(bounds: dict[str, int] | None, moment: int) -> bool:
    """Whether a moment lies in the range that `created[gte]` and the like have asked for."""
    bounds = bounds or {}
    return (
        moment > bounds.get("gt", moment - 1)
        and moment >= bounds.get("gte", moment)
        and moment < bounds.get("lt", moment + 1)
        and moment <= bounds.get("lte", moment)
    )


def matching(objects: list[Any], values: dict[str, Any], *names: str) -> list[Any]:
    """The objects with the given values, made in the given range of time, newest first."""
    return [
        obj
        for obj in reversed(objects)
        if within(values.get("created"), obj.get("created", 0))
        and all(obj[name] == values[name] for name in names if name in values)
    ]
