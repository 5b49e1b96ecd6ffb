"""The neutral filter tree: what `document.parse` returns and every dialect compiles.

What holds in every dialect:
- Truth is two-valued. A condition on an unset value is false, except for the negated operators and
  `is_not_set`, where it is true. `none` is 'not any of them'. An empty root means everybody.
- Text and the open choice `state` compare folded (leads.filters.text); a text is unset when its
  folded form is empty. Other choices compare as codes, list values exactly.
- An unknown boolean counts as false, and a boolean is always set. An empty list is unset.
- `between` includes both ends. `within_days: n` means on or after the day n days before `as_of`.
  A date field that holds a moment is tested by its day in UTC.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Scalar = str | int | bool | datetime.date | Decimal
Value = Scalar | tuple[Scalar, ...] | None
Mode = Literal["all", "any", "none"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of one field.

    `value` is canonical: None for is_set and is_not_set; a pair (low, high) for between; a tuple,
    sorted and without repetitions, for operators that take many; else one scalar. Choices are
    codes, dates are `date`, text is as typed and trimmed (compare it through `text.fold`).
    """

    field: str
    op: str
    value: Value


@dataclass(frozen=True, slots=True)
class Group:
    """Several tests, all, any or none of which hold. Only the root may be empty: everybody."""

    mode: Mode
    items: tuple["Condition | Group", ...]


EVERYBODY = Group("all", ())


def conditions(group: Group) -> Iterator[Condition]:
    """Every condition of the tree, in reading order."""
    for item in group.items:
        if isinstance(item, Group):
            yield from conditions(item)
        else:
            yield item


def fields_used(group: Group) -> frozenset[str]:
    """The names of all fields that the filter tests."""
    return frozenset(condition.field for condition in conditions(group))


def depth(group: Group) -> int:
    """How deep groups nest; 1 for a root without groups inside."""
    return 1 + max((depth(item) for item in group.items if isinstance(item, Group)), default=0)


def narrow(group: Group, *more: "Condition | Group") -> Group:
    """The people of `group` for whom all of `more` hold too."""
    if not more:
        return group
    if group.mode == "all" or not group.items:
        return Group("all", (*group.items, *more))
    return Group("all", (group, *more))
