"""The filter as a Django `Q` over leads; the same people as in the catalogue's engines.

Only lookups are used: Django passes values as parameters and escapes LIKE's wildcards.
"""

import datetime
from collections.abc import Callable, Mapping
from typing import cast

from django.db.models import F, Func, Lookup, Q, TextField
from django.db.models.lookups import Contains, Exact, In, StartsWith

from leads.filters.operators import FieldType
from leads.filters.registry import FIELDS, Field
from leads.filters.text import fold
from leads.filters.tree import Condition, Group, Value

# Text columns with a stored, folded twin `<name>_folded`.
FOLDED = frozenset({"first_name", "last_name", "title", "company_name", "city", "state"})
# Stored in a form that folding would not change: E.164, a host name, digits.
ALREADY_FOLDED = frozenset({"phone", "company_domain", "naics"})
# Columns that hold a moment, tested by their day in UTC.
MOMENTS = frozenset({"created_at", "last_seen_at"})


class FoldText(Func):
    """`fold_text(…)`: the text without case and accents."""

    function = "fold_text"
    output_field = TextField()


def to_q(group: Group, *, as_of: datetime.date) -> Q:
    """The condition on Lead that the filter means on the day `as_of`; an empty filter is `Q()`.

    It says nothing about workspaces or deleted leads: the queryset does. Values of `owner` are
    members' ids, those of `job_id` jobs'; what is gone matches nobody.
    """
    if not group.items:
        return Q()
    parts = [
        to_q(item, as_of=as_of) if isinstance(item, Group) else _condition(item, as_of)
        for item in group.items
    ]
    combined = parts[0]
    for part in parts[1:]:
        combined = combined & part if group.mode == "all" else combined | part
    return ~combined if group.mode == "none" else combined


def _condition(condition: Condition, as_of: datetime.date) -> Q:
    field = FIELDS[condition.field]
    if condition.op == "is_set":
        return _is_set(field)
    if condition.op == "is_not_set":
        return ~_is_set(field)
    return _BY_TYPE[field.type](field, condition.op, condition.value, as_of)


def _is_set(field: Field) -> Q:
    if field.type == "boolean":
        return Q(pk__isnull=False)
    if field.type == "list":
        return ~Q(**{field.name: []})
    if field.type in ("number", "date") or field.is_id:
        return Q(**{f"{field.name}__isnull": False})
    if field.type == "choice" and field.choices is not None:
        return ~Q(**{field.name: ""})
    return ~_text_lookup(field.name, "exact", "")


_TEXT_OPERATORS = {
    "eq": "exact",
    "ne": "exact",
    "in": "in",
    "not_in": "in",
    "contains": "contains",
    "not_contains": "contains",
    "starts_with": "startswith",
}
_EXPRESSIONS: Mapping[str, type[Lookup]] = {
    "exact": Exact,
    "in": In,
    "contains": Contains,
    "startswith": StartsWith,
}


def _text_lookup(name: str, lookup: str, folded: str | list[str]) -> Q:
    if name in FOLDED:
        return Q(**{f"{name}_folded__{lookup}": folded})
    if name in ALREADY_FOLDED:
        return Q(**{f"{name}__{lookup}": folded})
    return Q(_EXPRESSIONS[lookup](FoldText(F(name)), folded))


def _text(field: Field, op: str, value: Value, as_of: datetime.date) -> Q:
    many = [fold(str(one)) for one in value] if isinstance(value, tuple) else fold(str(value))
    found = _text_lookup(field.name, _TEXT_OPERATORS[op], many)
    return ~found if op in ("ne", "not_in", "not_contains") else found


def _choice(field: Field, op: str, value: Value, as_of: datetime.date) -> Q:
    if field.choices is None and not field.is_id:
        return _text(field, op, value, as_of)
    found = Q(**{f"{field.name}__in": value})
    return found if op == "in" else ~found


def _boolean(field: Field, op: str, value: Value, as_of: datetime.date) -> Q:
    return Q(**{field.name: value})


def _list(field: Field, op: str, value: Value, as_of: datetime.date) -> Q:
    wanted = list(cast(tuple[str, ...], value))
    if op == "has_all":
        return Q(**{f"{field.name}__contains": wanted})
    found = Q(**{f"{field.name}__overlap": wanted})
    return found if op == "has_any" else ~found


def _number(field: Field, op: str, value: Value, as_of: datetime.date) -> Q:
    if op == "between":
        low, high = cast(tuple[int, int], value)
        return Q(**{f"{field.name}__gte": low, f"{field.name}__lte": high})
    return Q(**{field.name if op == "eq" else f"{field.name}__{op}": value})


def _date(field: Field, op: str, value: Value, as_of: datetime.date) -> Q:
    """From the first day (included) to the last (excluded), so that moments fit too."""
    first, end = _days(op, value, as_of)
    wanted: dict[str, datetime.date] = {}
    if first is not None:
        wanted[f"{field.name}__gte"] = _edge(field, first)
    if end is not None:
        wanted[f"{field.name}__lt"] = _edge(field, end)
    return Q(**wanted)


def _days(
    op: str, value: Value, as_of: datetime.date
) -> tuple[datetime.date | None, datetime.date | None]:
    day = datetime.timedelta(days=1)
    if op == "within_days":
        return as_of - cast(int, value) * day, None
    first, last = value if isinstance(value, tuple) else (value, value)
    first, last = cast(datetime.date, first), cast(datetime.date, last)
    bounds: dict[str, tuple[datetime.date | None, datetime.date | None]] = {
        "eq": (first, last + day),
        "between": (first, last + day),
        "gt": (last + day, None),
        "gte": (first, None),
        "lt": (None, first),
        "lte": (None, last + day),
    }
    return bounds[op]


def _edge(field: Field, day: datetime.date) -> datetime.date:
    if field.name in MOMENTS:
        return datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    return day


_BY_TYPE: Mapping[FieldType, Callable[[Field, str, Value, datetime.date], Q]] = {
    "text": _text,
    "choice": _choice,
    "boolean": _boolean,
    "number": _number,
    "date": _date,
    "list": _list,
}
