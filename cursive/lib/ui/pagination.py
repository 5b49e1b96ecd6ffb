"""Pages of lists: numbered ones (X-4) and, where a table is large, ones by cursor.

Numbered: `numbered_page(queryset, request.GET)`. By cursor:
`keyset_page(queryset, order=("-created_at", "-id"), cursor=request.GET.get("cursor"))`.
Both raise `InvalidInput` for what can't be a page, and both are what `{% pagination %}` takes.
"""

import datetime
import decimal
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy

from cursive.lib.errors import InvalidInput

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
# Past this an offset is of no use to anybody, and soon doesn't fit the database's integers.
MAX_PAGE = 100_000
MAX_CURSOR_LENGTH = 2_000
SALT = "cursive.lib.ui.pagination"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which numbered page is asked for."""

    page: int
    page_size: int

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.page - 1) * self.page_size


@dataclass(frozen=True, slots=True)
class NumberedPage(Generic[T]):
    """One numbered page. `answer()` is the X-4 document without its data serialised."""

    items: Sequence[T]
    page: int
    page_size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, math.ceil(self.total / self.page_size))

    @property
    def has_previous(self) -> bool:
        """Whether a page comes before."""
        return self.page > 1

    @property
    def has_next(self) -> bool:
        """Whether a page comes after."""
        return self.page < self.pages

    @property
    def first(self) -> int:
        """The number of the first row on it, counted from 1; 0 on an empty page."""
        return (self.page - 1) * self.page_size + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The number of the last row on it."""
        return self.first + len(self.items) - 1 if self.items else 0

    def numbers(self) -> list[int | None]:
        """Page numbers to offer, `None` where some are left out: 1 … 4 5 6 … 20."""
        near = {1, self.pages, *range(self.page - 1, self.page + 2)}
        shown = sorted(number for number in near if 1 <= number <= self.pages)
        numbers: list[int | None] = []
        for number in shown:
            if numbers and numbers[-1] is not None and number - numbers[-1] == 2:
                numbers.append(number - 1)
            elif numbers and numbers[-1] is not None and number - numbers[-1] > 2:
                numbers.append(None)
            numbers.append(number)
        return numbers

    def answer(self, data: Sequence[Any]) -> dict[str, Any]:
        """The list document of X-4 with `data` as its rows."""
        return {"page": self.page, "pageSize": self.page_size, "total": self.total, "data": data}


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[T]):
    """One page by cursor. A cursor is None where nothing comes before or after."""

    items: Sequence[T]
    next_cursor: str | None
    previous_cursor: str | None
    page_size: int

    @property
    def has_previous(self) -> bool:
        """Whether rows come before."""
        return self.previous_cursor is not None

    @property
    def has_next(self) -> bool:
        """Whether rows come after."""
        return self.next_cursor is not None


def parse_page(
    params: Mapping[str, str],
    *,
    default_size: int = DEFAULT_PAGE_SIZE,
    max_size: int = MAX_PAGE_SIZE,
) -> PageRequest:
    """`page` and `pageSize` of a query string. More than `max_size` rows become `max_size`."""
    page = _whole_number(params, "page", 1)
    if page > MAX_PAGE:
        raise InvalidInput(
            f"page is at most {MAX_PAGE:,}; use the cursor to go further.",
            fields={"page": f"At most {MAX_PAGE:,}."},
        )
    return PageRequest(page, min(_whole_number(params, "pageSize", default_size), max_size))


def _whole_number(params: Mapping[str, str], name: str, default: int) -> int:
    raw = params.get(name)
    if raw is None or raw == "":
        return default
    # isdecimal alone takes digits of every script, and int() of a long text is slow or refused.
    if not (raw.isascii() and raw.isdecimal() and len(raw) <= 9) or int(raw) < 1:
        raise InvalidInput(
            f"{name} must be a whole number from 1.", fields={name: "A whole number from 1."}
        )
    return int(raw)


def numbered_page(
    rows: "QuerySet[Any, T] | Sequence[T]",
    params: Mapping[str, str],
    *,
    total: int | None = None,
    default_size: int = DEFAULT_PAGE_SIZE,
    max_size: int = MAX_PAGE_SIZE,
) -> NumberedPage[T]:
    """The page of `rows` that `params` asks for; `total` saves the count where it is known."""
    wanted = parse_page(params, default_size=default_size, max_size=max_size)
    if total is None:
        total = rows.count() if isinstance(rows, QuerySet) else len(rows)
    items = list(rows[wanted.offset : wanted.offset + wanted.page_size])
    return NumberedPage(items, wanted.page, wanted.page_size, total)


def keyset_page(
    queryset: "QuerySet[Any, T]",
    *,
    order: Sequence[str],
    cursor: str | None = None,
    page_size: int = DEFAULT_PAGE_SIZE,
) -> KeysetPage[T]:
    """The page of `queryset` behind `cursor`, in `order` ("-created_at", "-id").

    The last column of `order` must be unique. Columns that can be NULL sort last in both
    directions, so give such an index NULLS LAST. Annotations count as never NULL.
    """
    columns = [_Column.of(queryset, name) for name in order]
    backwards, values = read_cursor(cursor, order) if cursor else (False, None)
    if backwards:
        columns = [column.reversed() for column in columns]
    if values is not None:
        queryset = queryset.filter(_behind(columns, values))
    ordered = queryset.order_by(*(column.order_by() for column in columns))
    rows = list(ordered[: page_size + 1])
    more = len(rows) > page_size
    rows = rows[:page_size]
    if backwards:
        rows.reverse()
    names = [name.lstrip("-") for name in order]
    has_next = backwards or more
    has_previous = more if backwards else values is not None
    return KeysetPage(
        items=rows,
        next_cursor=write_cursor(rows[-1], names, order, False) if rows and has_next else None,
        previous_cursor=write_cursor(rows[0], names, order, True)
        if rows and has_previous
        else None,
        page_size=page_size,
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of an order, in the direction that is read."""

    name: str
    descending: bool
    nullable: bool
    nulls_first: bool = False

    @classmethod
    def of(cls, queryset: "QuerySet[Any, Any]", spec: str) -> "_Column":
        name = spec.lstrip("-")
        try:
            nullable = bool(getattr(queryset.model._meta.get_field(name), "null", False))
        except FieldDoesNotExist:
            nullable = False
        return cls(name, spec.startswith("-"), nullable)

    def reversed(self) -> "_Column":
        return _Column(self.name, not self.descending, self.nullable, not self.nulls_first)

    def order_by(self) -> OrderBy:
        nulls = {"nulls_first": True} if self.nulls_first else {"nulls_last": True}
        return OrderBy(F(self.name), descending=self.descending, **(nulls if self.nullable else {}))

    def after(self, value: Any) -> Q | None:
        """Rows whose value comes behind `value`; None where there can be none."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if self.nulls_first else None
        behind = Q(**{f"{self.name}__{'lt' if self.descending else 'gt'}": value})
        if self.nullable and not self.nulls_first:
            behind |= Q(**{f"{self.name}__isnull": True})
        return behind

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})


def _behind(columns: list[_Column], values: list[Any]) -> Q:
    """(a > x) or (a = x and b > y) …, and a ≥ x alone in front, so that an index can be used."""
    branches = []
    equal = Q()
    for column, value in zip(columns, values, strict=True):
        after = column.after(value)
        if after is not None:
            branches.append(equal & after)
        equal &= column.same(value)
    if not branches:
        return Q(pk__in=[])
    condition = reduce(or_, branches)
    first, value = columns[0], values[0]
    if not first.nullable:
        condition &= Q(**{f"{first.name}__{'lte' if first.descending else 'gte'}": value})
    return condition


READERS: dict[str, Callable[[str], Any]] = {
    "t": datetime.datetime.fromisoformat,
    "d": datetime.date.fromisoformat,
    "n": decimal.Decimal,
    "u": uuid.UUID,
}


def write_cursor(row: Any, names: Sequence[str], order: Sequence[str], backwards: bool) -> str:
    """What leads to the rows behind `row` (or, backwards, before it): its values of `names`."""
    values = [
        _to_wire(row[name] if isinstance(row, dict) else getattr(row, name)) for name in names
    ]
    return signing.dumps([list(order), backwards, values], salt=SALT, compress=True)


def _to_wire(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case datetime.datetime():
            return ["t", value.isoformat()]
        case datetime.date():
            return ["d", value.isoformat()]
        case decimal.Decimal():
            return ["n", str(value)]
        case uuid.UUID():
            return ["u", str(value)]
    raise TypeError(f"can't put a {type(value).__name__} into a cursor")


def read_cursor(cursor: str, order: Sequence[str]) -> tuple[bool, list[Any]]:
    """Direction and values of a cursor of our own making for the same order.

    Raises InvalidInput for any other.
    """
    try:
        if len(cursor) > MAX_CURSOR_LENGTH:
            raise ValueError("too long")
        made_for, backwards, wire = signing.loads(cursor, salt=SALT)
        if made_for != list(order) or len(wire) != len(order):
            raise ValueError("made for another list")
        values = [READERS[v[0]](v[1]) if isinstance(v, list) else v for v in wire]
    except (signing.BadSignature, ValueError, TypeError, KeyError, IndexError) as error:
        raise InvalidInput(
            "This link to a page of the list isn't valid any more. Start at the first page.",
            fields={"cursor": "Not a cursor of this list."},
        ) from error
    return bool(backwards), values
