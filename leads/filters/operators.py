"""How fields are tested: the operators, and which of them each type of field takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

FieldType = Literal["text", "choice", "boolean", "number", "date", "list"]
Shape = Literal["none", "one", "many", "pair", "days"]


@dataclass(frozen=True, slots=True)
class Operator:
    """How a field is tested.

    `shape` is the value's: none; one scalar; many scalars; a (low, high) pair; a number of days.
    A negated operator is true for records where the field is unset.
    """

    name: str
    label: str
    shape: Shape
    help: str
    negated: bool = False


_OPERATORS = (
    Operator("eq", "is", "one", "Equal to the value."),
    Operator("ne", "is not", "one", "Different from the value, or unset.", negated=True),
    Operator("in", "is any of", "many", "Equal to one of the values."),
    Operator(
        "not_in", "is none of", "many", "Equal to none of the values, or unset.", negated=True
    ),
    Operator("contains", "contains", "one", "Has the value somewhere inside."),
    Operator(
        "not_contains",
        "does not contain",
        "one",
        "Has the value nowhere inside, or is unset.",
        negated=True,
    ),
    Operator("starts_with", "starts with", "one", "Begins with the value."),
    Operator("gt", "is more than", "one", "Above the value; for dates, after the day."),
    Operator("gte", "is at least", "one", "The value or above; for dates, on or after the day."),
    Operator("lt", "is less than", "one", "Below the value; for dates, before the day."),
    Operator("lte", "is at most", "one", "The value or below; for dates, on or before the day."),
    Operator("between", "is between", "pair", "From the first value to the second, both included."),
    Operator(
        "within_days", "is within the last days", "days", "Not older than this number of days."
    ),
    Operator("has_any", "has any of", "many", "Has at least one of the values."),
    Operator("has_all", "has all of", "many", "Has every one of the values."),
    Operator("has_none", "has none of", "many", "Has not one of the values.", negated=True),
    Operator("is_set", "is known", "none", "Has a value."),
    Operator("is_not_set", "is unknown", "none", "Has no value.", negated=True),
)
OPERATORS: Mapping[str, Operator] = MappingProxyType({entry.name: entry for entry in _OPERATORS})

_ORDERED = ("eq", "gt", "gte", "lt", "lte", "between")
PRESENCE = ("is_set", "is_not_set")
OPERATORS_OF_TYPE: Mapping[FieldType, tuple[str, ...]] = MappingProxyType(
    {
        "text": (
            *("eq", "ne", "in", "not_in", "contains", "not_contains", "starts_with"),
            *PRESENCE,
        ),
        "choice": ("in", "not_in", *PRESENCE),
        "boolean": ("eq", *PRESENCE),
        "number": (*_ORDERED, *PRESENCE),
        "date": (*_ORDERED, "within_days", *PRESENCE),
        "list": ("has_any", "has_all", "has_none", *PRESENCE),
    }
)
