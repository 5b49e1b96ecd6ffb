"""What a search answers: counts, facets, a masked preview, and what pulling would cost (L-3)."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any, TypeVar
from uuid import UUID

from credits.ledger.queries import balance_of
from credits.prices.queries import price_of
from cursive.lib.errors import InvalidInput, Unavailable
from leads.catalogue.facets import FACET_FIELDS
from leads.catalogue.local import local_source
from leads.catalogue.source import CatalogueEmpty, Count, FacetValue, Order, Superseded
from leads.filters.registry import FIELDS
from leads.filters.tree import Group
from leads.records.acquisition import owned_people
from leads.records.pulls import ACTION, MAX_LIMIT
from leads.sidebar.forms import SearchForm
from leads.sidebar.queries import chips_of

PREVIEW = 20
MOST_FACETS = len(FACET_FIELDS)
# To find what narrows a search to nothing, at most so many of its parts are left out in turn.
TRIED = 6

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a workspace could pull of a count, and for how much. Credits, two places."""

    net_new: int
    price_each: Decimal
    available: Decimal

    @property
    def most(self) -> int:
        """How many one pull could deliver, were there credits enough."""
        return min(self.net_new, MAX_LIMIT)

    @property
    def price_of_all(self) -> Decimal:
        """The price of everybody who is new."""
        return self.price_each * self.net_new

    @property
    def affordable(self) -> int:
        """How many the balance pays for, in one pull."""
        if self.price_each <= 0:
            return self.most
        paid = (max(self.available, Decimal(0)) / self.price_each).to_integral(ROUND_DOWN)
        return min(self.most, int(paid))

    def bill(self, leads: int) -> "Bill":
        """What asking for so many costs: no more than there are is ever charged."""
        charged = min(leads, self.most)
        price = self.price_each * charged
        return Bill(leads, charged, price, self.available - price)


@dataclass(frozen=True, slots=True)
class Bill:
    """The price of so many leads, and the balance after; `left` below 0 is too little."""

    asked: int
    charged: int
    price: Decimal
    left: Decimal

    @property
    def is_covered(self) -> bool:
        """Whether the balance pays for it."""
        return self.left >= 0

    @property
    def missing(self) -> Decimal:
        """What the balance lacks."""
        return max(-self.left, Decimal(0))


@dataclass(slots=True)
class Results:
    """The answer to a search. `problem` is a sentence where there is none; then nothing counts."""

    count: Count | None = None
    offer: Offer | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    facets: Mapping[str, Sequence[FacetValue]] = field(default_factory=dict)
    problem: str = ""
    is_empty_catalogue: bool = False

    @property
    def owned(self) -> int:
        """How many of them the workspace owns."""
        return self.count.total - self.count.net_new if self.count else 0


@dataclass(frozen=True, slots=True)
class Narrowest:
    """The part of a search that, left out, brings most people back."""

    text: str
    query: str
    total: int


def offer_for(workspace_id: UUID, net_new: int) -> Offer:
    """What the workspace could pull now."""
    return Offer(net_new, price_of(ACTION), balance_of(workspace_id).available)


def search(
    workspace_id: UUID,
    filter: Group,
    *,
    order: Order,
    facets: Sequence[str],
    client: str = "",
) -> Results:
    """Count, facets, preview and offer of one search.

    `client` names the tab that asks: a newer search of the same tab ends this one, which then
    raises Superseded. What the catalogue can't answer becomes the result's `problem`.
    """
    owned = owned_people(workspace_id)
    turn = Turn(f"{workspace_id}:{client}" if client else "")
    source = local_source()
    try:
        key = turn.key
        count = turn.ask(lambda: source.count(filter, owned=owned, cancel_key=key))
        rows = turn.ask(
            lambda: (
                source.preview(filter, limit=PREVIEW, order=order, owned=owned, cancel_key=key)
                if count.total
                else []
            )
        )
        found = turn.ask(lambda: source.facets(filter, facets, cancel_key=key) if facets else {})
    except CatalogueEmpty as error:
        return Results(problem=error.message, is_empty_catalogue=True)
    except Unavailable as error:
        return Results(problem=error.message)
    finally:
        turn.end()
    for row in rows:
        row["owned"] = row["id"] in owned
    return Results(count, offer_for(workspace_id, count.net_new), rows, found)


# Where people name the state beside the city, and not the country.
STATES_NAMED = frozenset({"US", "CA", "AU"})


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A preview's row in words: what the table shows."""
    industry, band, country = (
        (FIELDS[name].choices or {}).get(row[name] or "", row[name] or "")
        for name in ("industry", "employee_band", "country")
    )
    region = row["state"] if row["country"] in STATES_NAMED else row["country"]
    return {
        **row,
        "name": _joined(" ", row["first_name"], row["last_name"]) or "Name unknown",
        "company_facts": _joined(" · ", industry, band),
        "place": _joined(", ", row["city"], region or row["country"]),
        "place_full": _joined(", ", row["city"], row["state"], country),
    }


def _joined(between: str, *parts: str | None) -> str:
    return between.join(part for part in parts if part)


def narrowest(form: SearchForm) -> Narrowest | None:
    """Which part of a search that finds nobody is best left out; None where none helps."""
    best: Narrowest | None = None
    for chip in chips_of(form)[:TRIED]:
        total = local_source().count(chip.left).total
        if total and (best is None or total > best.total):
            best = Narrowest(chip.text, chip.remove, total)
    return best


def read_facets(raw: object) -> list[str]:
    """The fields that an API call wants counted. Raises InvalidInput naming the path."""
    if raw is None:
        return []
    if not isinstance(raw, list) or len(raw) > MOST_FACETS:
        sentence = f"Use a list of at most {MOST_FACETS} field names."
        raise InvalidInput(sentence, fields={"facets": sentence})
    for at, name in enumerate(raw):
        if not isinstance(name, str) or name not in FACET_FIELDS:
            sentence = f"There are no counts for this. Use {', '.join(FACET_FIELDS)}."
            raise InvalidInput(sentence, fields={f"facets[{at}]": sentence})
    return list(dict.fromkeys(raw))


_latest: "OrderedDict[str, Turn]" = OrderedDict()
_lock = threading.Lock()
_REMEMBERED = 4_096


class Turn:
    """One search of one tab, made of several questions; a newer search takes its place.

    The source ends an older question with the same key. This adds what it can't know: that a
    question comes from an older search though it is asked later.
    """

    def __init__(self, key: str) -> None:
        self.key = key or None
        if self.key:
            with _lock:
                _latest[self.key] = self
                _latest.move_to_end(self.key)
                while len(_latest) > _REMEMBERED:
                    _latest.popitem(last=False)

    @property
    def is_over(self) -> bool:
        """Whether a newer search of the tab has begun."""
        return self.key is not None and _latest.get(self.key, self) is not self

    def ask(self, question: Callable[[], T]) -> T:
        """The answer. Raises Superseded when the turn is over."""
        self._check()
        try:
            return question()
        except Superseded:
            # An older search that asked just before it noticed may have ended ours.
            self._check()
            return question()

    def end(self) -> None:
        """Forget the turn, unless another has taken its place."""
        with _lock:
            if self.key and _latest.get(self.key) is self:
                del _latest[self.key]

    def _check(self) -> None:
        if self.is_over:
            raise Superseded("A newer search has taken the place of this one.")
