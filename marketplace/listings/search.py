"""Finding what is on sale: how many, by which values, the page, the first N (M-1, M-2).

A workspace isn't shown what it sells itself, nor what somebody else is paying for just now: that
comes back by itself within 15 minutes, or is sold.
"""

import datetime
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.conf import settings

from cursive.lib.errors import InvalidInput
from cursive.lib.tenancy import system_context
from cursive.lib.ui.pagination import (
    DEFAULT_PAGE_SIZE,
    KeysetPage,
    read_cursor,
    write_cursor,
)
from leads.catalogue import layout
from leads.catalogue.facets import count_codes, ordered, plan
from leads.catalogue.running import Runner, Search
from leads.catalogue.source import FacetValue
from leads.filters.document import digest
from leads.filters.text import fold
from leads.filters.tree import Group, fields_used

from .answers import Answers
from .dialect import OnSale
from .following import CHOICES
from .mirror import State, market
from .orders import DEFAULT_ORDER, ORDERS

#: Fields that a facet can be asked of.
FACET_FIELDS = (*CHOICES, "state", "categories")
SUGGESTED = ("title", "company_name", "city", "postal_code", "state", "categories")
SUGGESTIONS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search: how many, the ids of a page, and by field its values' counts."""

    total: int
    page: KeysetPage[int]
    facets: Mapping[str, Sequence[FacetValue]] = field(default_factory=dict)


def search(
    tree: Group,
    *,
    buyer_id: UUID,
    order: str = DEFAULT_ORDER,
    facets: Sequence[str] = (),
    cursor: str | None = None,
    page_size: int = DEFAULT_PAGE_SIZE,
    cancel_key: str | None = None,
) -> Found:
    """Find what a workspace could buy. `tree` is of scope `listings`.

    A newer search with the same `cancel_key` ends this one. Raises InvalidInput for an order, a
    field or a cursor that there isn't, and what the catalogue's searches raise: Unavailable where
    it takes too long, Superseded.
    """
    if order not in ORDERS:
        raise InvalidInput("There is no such order.", fields={"sort": f"One of: {_said(ORDERS)}."})
    if unknown := [name for name in facets if name not in FACET_FIELDS]:
        sentence = f"There are no counts for {', '.join(unknown)[:100]}."
        raise InvalidInput(sentence, fields={"facets": f"Some of: {_said(FACET_FIELDS)}."})
    backwards, values = _read(cursor, order)
    with asking(buyer_id, cancel_key) as ask:
        total = ask.count(tree)
        rows = ask.rows(tree, order, page_size + 1, backwards=backwards, values=values)
        return Found(
            total,
            _page(rows, order, page_size, backwards=backwards, is_first=values is None),
            ask.facets(tree, facets),
        )


def find(tree: Group, *, buyer_id: UUID, order: str = DEFAULT_ORDER, limit: int) -> list[int]:
    """The ids of the first `limit` listings that a workspace could buy. Raises as `search` does."""
    if order not in ORDERS:
        raise InvalidInput("There is no such order.", fields={"sort": f"One of: {_said(ORDERS)}."})
    with asking(buyer_id) as ask:
        rows = ask.rows(tree, order, limit, backwards=False, values=None)
    return [row["id"] for row in rows]


def count(tree: Group, *, buyer_id: UUID) -> int:
    """How many listings match. Raises as `search` does."""
    with asking(buyer_id) as ask:
        return ask.count(tree)


def facets_of(
    tree: Group, fields: Sequence[str], *, buyer_id: UUID
) -> Mapping[str, list[FacetValue]]:
    """Counts by the values of fields. A field's own conditions don't narrow its own counts."""
    with asking(buyer_id) as ask:
        return ask.facets(tree, fields)


def suggest(field: str, typed: str, *, buyer_id: UUID) -> list[FacetValue]:
    """Values on sale that begin like what was typed, or have a word that does; frequent first."""
    if field not in SUGGESTED:
        return []
    with asking(buyer_id) as ask:
        return ask.suggestions(field, fold(typed).strip())


def read_market() -> None:
    """Have this process read what is on sale, which else its first search waits for."""
    with system_context():
        market().follow()


def forget_market() -> None:
    """Have this process read everything anew: rows that it knows of aren't there any more."""
    market().forget()


def _said(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(names)


class Asking:
    """The questions of one search: one state of the market, one time limit, one buyer."""

    def __init__(self, state: State, answers: Answers, buyer_id: UUID, search: Search) -> None:
        self._state = state
        self._answers = answers
        self._search = search
        self._today = _today()
        sellers = state.words.sellers
        self._own = sellers.get(buyer_id, 0)
        # The state's version stands for it where answers are kept.
        self._suspended = sorted(sellers[each] for each in state.suspended & sellers.keys())
        self._kept = state.kept_from(buyer_id, now=time.time())

    def count(self, tree: Group) -> int:
        """How many match."""

        def ask() -> int:
            dialect, where = self._where(tree)
            sql = f"SELECT count(*) FROM f WHERE {where}"
            return int(self._search.fetch(sql, dialect.parameters)[0][0])

        return self._answer("count", tree, ask)

    def rows(
        self,
        tree: Group,
        order: str,
        limit: int,
        *,
        backwards: bool,
        values: tuple[int, int] | None,
    ) -> list[dict[str, int]]:
        """The columns of the order of the first rows, in order."""
        chosen = ORDERS[order]
        names = [column.lstrip("-") for column in chosen.columns]

        def ask() -> list[dict[str, int]]:
            dialect, where = self._where(tree)
            if values is not None:
                where += f" AND {chosen.beyond(values, backwards=backwards)}"
            mark = dialect.number(limit)
            rows = self._search.fetch(
                f"SELECT {', '.join(names)} FROM f WHERE {where}"
                f" ORDER BY {chosen.by(backwards=backwards)} LIMIT {mark}",
                dialect.parameters,
            )
            return [dict(zip(names, row, strict=True)) for row in rows]

        if values is not None or limit > 2 * DEFAULT_PAGE_SIZE:
            return ask()
        return self._answer(f"{order}:{limit}:{backwards}", tree, ask)

    def facets(self, tree: Group, fields: Sequence[str]) -> dict[str, list[FacetValue]]:
        """Counts by field."""
        found: dict[str, list[FacetValue]] = {}
        for narrowed, some in plan(tree, fields).items() if fields else ():
            ask = partial(self._count_values, narrowed, some)
            found |= self._answer(f"facets:{','.join(sorted(some))}", narrowed, ask)
        return {name: found[name] for name in fields}

    def suggestions(self, field: str, start: str) -> list[FacetValue]:
        """Spellings that compare alike are one suggestion, under one of them."""
        if field == "categories":
            return self._categories(start)
        dialect, where = self._where(Group("all", ()))
        mark = dialect.text(start)
        rows = self._search.fetch(
            f"SELECT min(d.value), count(*) AS people, starts_with(d.folded, {mark}) AS begins"
            f" FROM f JOIN (SELECT * FROM {layout.dictionary(field)}"
            f"   WHERE starts_with(folded, {mark}) OR contains(folded, ' ' || {mark})) d"
            f" ON d.code = f.{field} WHERE {where}"
            f" GROUP BY d.folded ORDER BY begins DESC, people DESC, d.folded LIMIT {SUGGESTIONS}",
            dialect.parameters,
        )
        return [FacetValue(value, value, people) for value, people, _ in rows]

    # --- behind them ----------------------------------------------------------------------
    def _categories(self, start: str) -> list[FacetValue]:
        tags = {tag for tags in self._state.words.category_sets.values() for tag in tags}
        found = sorted(tag for tag in tags if f" {start}" in f" {fold(tag)}")
        return [FacetValue(tag, tag, 0) for tag in found[:SUGGESTIONS]]

    def _where(self, tree: Group) -> tuple[OnSale, str]:
        dialect = OnSale(self._state.words, as_of=self._today)
        where = dialect.where(tree)
        if self._own:
            where += f" AND seller <> {dialect.number(self._own)}"
        if self._suspended:
            where += f" AND seller NOT IN ({', '.join(map(dialect.number, self._suspended))})"
        if self._kept:
            dialect.parameters.append(self._kept)
            where += f" AND id NOT IN (SELECT unnest(${len(dialect.parameters)}::BIGINT[]))"
        return dialect, where

    def _count_values(self, tree: Group, fields: list[str]) -> dict[str, list[FacetValue]]:
        dialect, where = self._where(tree)
        coded = [name for name in fields if name != "categories"]
        found = {}
        if coded:
            values = self._state.words.values
            found = count_codes(self._search, values, dialect, where, coded)
        if "categories" in fields:
            rows = self._search.fetch(
                f"SELECT categories, count(*) FROM f WHERE {where} AND categories <> 0"
                " GROUP BY categories",
                dialect.parameters,
            )
            counted: dict[str, int] = {}
            for code, people in rows:
                for tag in self._state.words.category_sets.get(code, ()):
                    counted[tag] = counted.get(tag, 0) + people
            found["categories"] = ordered(FacetValue(t, t, n) for t, n in counted.items())
        return found

    def _answer(self, kind: str, tree: Group, ask: Callable[[], Any]) -> Any:
        """A popular search is asked once for each version of the market (M-2)."""
        day = self._today if "source_date" in fields_used(tree) else None
        key = (kind, self._own, tuple(self._kept), day, digest(tree))
        return self._answers.get(self._state.version, key, ask)


@contextmanager
def asking(buyer_id: UUID, cancel_key: str | None = None) -> Iterator[Asking]:
    """Bring the mirror up to date, then ask it."""
    mirror = market()
    state = mirror.follow()
    with _runner().search(mirror, cancel_key) as running:
        yield Asking(state, mirror.answers, buyer_id, running)


@cache
def _runner() -> Runner:
    return Runner(time_limit=getattr(settings, "MARKETPLACE_TIME_LIMIT", 10.0))


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def _read(cursor: str | None, order: str) -> tuple[bool, tuple[int, int] | None]:
    if not cursor:
        return False, None
    backwards, (first, last) = read_cursor(cursor, ORDERS[order].columns)
    return backwards, (int(first), int(last))


def _page(
    rows: list[dict[str, int]], order: str, size: int, *, backwards: bool, is_first: bool
) -> KeysetPage[int]:
    """The page of rows that were read in its direction, one more than fit where there are more."""
    columns = ORDERS[order].columns
    names = [column.lstrip("-") for column in columns]
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows = rows[::-1]
    has_next, has_previous = backwards or more, more if backwards else not is_first
    return KeysetPage(
        [row["id"] for row in rows],
        write_cursor(rows[-1], names, columns, False) if rows and has_next else None,
        write_cursor(rows[0], names, columns, True) if rows and has_previous else None,
        size,
    )
