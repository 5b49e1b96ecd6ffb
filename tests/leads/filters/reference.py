"""The filter language, spelled out in plain Python: what every engine is compared with."""

import datetime
from collections.abc import Mapping
from typing import Any

from leads.filters.registry import FIELDS, Field
from leads.filters.text import fold
from leads.filters.tree import Condition, Group


def matches(group: Group, person: Any, as_of: datetime.date) -> bool:
    """Whether the filter means this person: a Person, a Lead or a mapping of field names."""
    if not group.items:
        return True
    answers = (
        matches(item, person, as_of) if isinstance(item, Group) else holds(item, person, as_of)
        for item in group.items
    )
    if group.mode == "all":
        return all(answers)
    return any(answers) if group.mode == "any" else not any(answers)


def holds(condition: Condition, person: Any, as_of: datetime.date) -> bool:
    """Whether one condition is true of this person."""
    field, op, wanted = FIELDS[condition.field], condition.op, condition.value
    value = _comparable(field, _stored(person, field.name))
    if field.type == "text" or field.name == "state":
        wanted = _folded(wanted)
    unset = value in (None, "", ()) and value is not False
    match op:
        case "is_set":
            return not unset
        case "is_not_set":
            return unset
        case "ne" | "not_in" | "not_contains" | "has_none":
            opposite = {"ne": "eq", "not_in": "in", "not_contains": "contains"}.get(op, "has_any")
            return unset or not _is(opposite, value, wanted, as_of)
    return not unset and _is(op, value, wanted, as_of)


def _is(op: str, value: Any, wanted: Any, as_of: datetime.date) -> bool:
    match op:
        case "eq":
            return value == wanted
        case "in":
            return value in wanted
        case "contains":
            return wanted in value
        case "starts_with":
            return value.startswith(wanted)
        case "gt":
            return value > wanted
        case "gte":
            return value >= wanted
        case "lt":
            return value < wanted
        case "lte":
            return value <= wanted
        case "between":
            return wanted[0] <= value <= wanted[1]
        case "within_days":
            return value >= as_of - datetime.timedelta(days=wanted)
        case "has_any":
            return any(one in value for one in wanted)
        case "has_all":
            return all(one in value for one in wanted)
    raise AssertionError(op)


def _stored(person: Any, name: str) -> Any:
    if isinstance(person, Mapping):
        return person.get(name)
    return getattr(person, name, None)


def _comparable(field: Field, value: Any) -> Any:
    if field.type == "boolean":
        return bool(value)
    if field.is_id:
        return str(getattr(value, "pk", value)) if value else None
    if field.type == "list":
        return tuple(value or ())
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).date()
    if isinstance(value, str) and (field.type == "text" or field.name == "state"):
        return fold(value)
    return value


def _folded(wanted: Any) -> Any:
    if isinstance(wanted, tuple):
        return tuple(fold(one) for one in wanted)
    return fold(wanted) if isinstance(wanted, str) else wanted
