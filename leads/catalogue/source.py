"""What every source of people offers, wherever its data is (L-1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from pyroaring import BitMap

from cursive.lib.errors import Conflict, Unavailable
from leads.filters.tree import Group
from leads.records.person import Person

Order = Literal["score", "fresh"]


class CatalogueEmpty(Unavailable):
    """No catalogue has been loaded yet."""

    code = "catalogue_empty"


class CatalogueBusy(Unavailable):
    """Too many searches at once; trying again in a moment helps."""

    code = "catalogue_busy"


class QueryTimeout(Unavailable):
    """The search took longer than allowed and was ended."""

    code = "query_timeout"


class Superseded(Conflict):
    """A newer search of the same client made this one pointless; nobody waits for its answer."""

    code = "superseded"


class Count(NamedTuple):
    """How many people match, and how many of them the asker doesn't own yet."""

    total: int
    net_new: int


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a field, as it is filtered by and as it is shown, with its people."""

    value: str
    label: str
    count: int


class Record(NamedTuple):
    """One person of the catalogue: a stable id, the place in the order of this version."""

    id: int
    rank: int
    person: Person


@dataclass(frozen=True, slots=True)
class Batch:
    """Some people in order. `cursor` goes on after the last one; None when there are no more.

    A cursor holds for one version. After another was published, reading begins again at the top,
    where what was delivered is skipped because it is owned by then: pass a fresh `owned`.
    """

    records: Sequence[Record]
    cursor: str | None
    version: str


MatchKind = Literal[
    "email", "phone", "linkedin", "name_domain", "name_company", "ambiguous", "none"
]


class Match(NamedTuple):
    """Who a row of a list is, and by which key; `id` is 0 where nobody, or several could be."""

    id: int
    kind: MatchKind


NOBODY = Match(0, "none")
AMBIGUOUS = Match(0, "ambiguous")


class CatalogueSource(Protocol):
    """A searchable catalogue. Filters are trees of scope `catalogue`.

    Every method may raise CatalogueEmpty, CatalogueBusy, QueryTimeout or Superseded. A newer call
    with the same `cancel_key` ends an older one that still runs in this process.
    """

    def version(self) -> str:
        """What the answers are from; another version may give others."""

    def count(
        self, filter: Group, *, owned: BitMap | None = None, cancel_key: str | None = None
    ) -> Count:
        """Count exactly. Without `owned`, everybody is new."""

    def facets(
        self, filter: Group, fields: Sequence[str], *, cancel_key: str | None = None
    ) -> Mapping[str, list[FacetValue]]:
        """Count people by the values of each field, most frequent first.

        A field's own conditions at the top of the filter don't narrow its own facet, so that
        one more value can be chosen and its count is known before.
        """

    def preview(
        self,
        filter: Group,
        *,
        limit: int = 20,
        order: Order = "score",
        owned: BitMap | None = None,
        cancel_key: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return people as dicts of a record's fields and `id`, addresses and numbers masked.

        Those of `owned` come after all others, who are what a pull would bring.
        """

    def take(
        self,
        filter: Group,
        *,
        limit: int,
        order: Order = "score",
        owned: BitMap | None = None,
        after_cursor: str | None = None,
    ) -> Batch:
        """Return up to `limit` people, unmasked, none of `owned`, the first in the order."""

    def suggest(self, field: str, prefix: str, *, limit: int = 10) -> list[FacetValue]:
        """Return values of a field for what was typed so far, most frequent first."""

    def record(self, id: int) -> Record | None:
        """Return one person, unmasked; None when there is none, or no longer."""

    def match(self, people: Sequence[Person]) -> list[Match]:
        """Say who each of `people`, rows of somebody's list, is in the catalogue; in their order.

        By e-mail address, phone number, LinkedIn address, name with company domain, name with
        company name: the strongest that anybody has decides. Addresses and numbers must be whole.
        Whoever has it in a record that was merged into another is the one who is kept.
        """

    def records(self, ids: Sequence[int]) -> dict[int, Record]:
        """Return people by id, unmasked; those who are no longer there are missing.

        For one who was merged into another, the record of the one who is kept, with its own id.
        """
