"""What enriching a list costs: each person found who isn't owned yet, and a least charge."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from credits.ledger.queries import balance_of
from credits.prices.queries import charge_of, price_of
from leads.catalogue.tombstones import current_aliases
from leads.records.acquisition import owned_people

from .models import Enrichment

ACTION = "batch_enrichment"
NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Tariff:
    """Credits for one person, and the least that is charged where there is anybody to charge."""

    each: Decimal
    least: Decimal

    def charge(self, people: int) -> Decimal:
        """The charge for so many people; nothing for nobody."""
        return max(self.each * people, self.least) if people else NOTHING

    @property
    def least_people(self) -> int:
        """As how many people the least charge is."""
        return int(self.least / self.each)

    def as_dict(self) -> dict[str, str]:
        """A form that JSON can hold; `from_dict` reads it."""
        return {"price": str(self.each), "least": str(self.least)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Tariff":
        """What `as_dict` wrote."""
        return cls(Decimal(stored["price"]), Decimal(stored["least"]))


def tariff() -> Tariff:
    """The prices of today."""
    return Tariff(price_of(ACTION), charge_of(ACTION, 1))


@dataclass(frozen=True, slots=True)
class Quote:
    """What delivering a matched list costs now. Of `people` found, `owned` are free."""

    people: int
    owned: int
    tariff: Tariff
    available: Decimal

    @property
    def new(self) -> int:
        """How many are charged."""
        return self.people - self.owned

    @property
    def price(self) -> Decimal:
        """Credits."""
        return self.tariff.charge(self.new)

    @property
    def is_least(self) -> bool:
        """Whether the least charge is more than the people alone."""
        return self.price > self.tariff.each * self.new

    @property
    def is_covered(self) -> bool:
        """Whether the balance has it."""
        return self.available >= self.price

    @property
    def missing(self) -> Decimal:
        """What the balance lacks."""
        return max(self.price - self.available, NOTHING)

    @property
    def left(self) -> Decimal:
        """The balance after paying."""
        return self.available - self.price


def quote_of(workspace_id: UUID, enrichment: Enrichment) -> Quote:
    """Price a matched list at today's prices, for what the workspace owns today."""
    found = current_aliases().as_one(enrichment.found_ids())
    owned = found.intersection_cardinality(owned_people(workspace_id))
    return Quote(len(found), owned, tariff(), balance_of(workspace_id).available)
