"""Reading prices and packages. Nothing is cached: a price that staff change counts at once."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from cursive.lib.money import round_credits_up

from .models import PACKAGE_STEP, Package, Plan, Price

MAX_WANTED = 1_000_000


def price_of(action: str, *, partner_cents: int | None = None) -> Decimal:
    """Credits for one unit of `action`, always more than 0.

    Where a partner sets the price (the marketplace), `partner_cents` is that price in US cents.
    Raises KeyError for an action that has no price.
    """
    return _unit_price(_price(action), partner_cents)


def prices_of(action: str, partner_cents: Iterable[int]) -> dict[int, Decimal]:
    """Credits for one unit at each of a partner's prices, as `price_of` says them, in one query."""
    price = _price(action)
    return {cents: _unit_price(price, cents) for cents in set(partner_cents)}


def charge_of(action: str, units: int, *, partner_cents: int | None = None) -> Decimal:
    """Credits for so many units of `action`, at least its minimum; nothing for no units."""
    if units <= 0:
        return Decimal("0.00")
    price = _price(action)
    return _unit_price(price, partner_cents) * max(units, price.minimum_units)


def prices_by_cents(action: str, partner_cents: Iterable[int]) -> dict[int, Decimal]:
    """Credits for one unit at each of these prices of partners, as `price_of` says it; one query.

    Raises KeyError for an action that has no price.
    """
    price = _price(action)
    return {cents: _unit_price(price, cents) for cents in set(partner_cents)}


def _price(action: str) -> Price:
    price = Price.objects.filter(action=action).first()
    if price is None:
        raise KeyError(f"no price for {action!r}")
    return price


def _unit_price(price: Price, partner_cents: int | None) -> Decimal:
    if price.per_cents is None:
        return price.credits
    if partner_cents is None:
        raise ValueError(f"the price of {price.action!r} depends on the partner's")
    return round_credits_up(price.credits * partner_cents / price.per_cents)


def prices() -> list[Price]:
    """All prices, in the order of the price list."""
    return list(Price.objects.all())


def price_labels() -> dict[str, str]:
    """What each priced action is called: code → words."""
    return dict(Price.objects.values_list("action", "label"))


def plans() -> list[Plan]:
    """The plans that are offered, cheapest first."""
    return list(Plan.objects.filter(active=True))


@dataclass(frozen=True, slots=True)
class Offer:
    """A package as it is offered; `saving_percent` is what a credit of it saves against the
    smallest package, in whole percent.
    """

    code: str
    name: str
    credits: int
    price_cents: int
    cents_a_credit: Decimal
    saving_percent: int
    popular: bool


def packages() -> list[Offer]:
    """The packages that are for sale, in the order of the price list."""
    listed = list(Package.objects.filter(active=True))
    smallest = min(listed, key=lambda package: package.credits, default=None)
    return [
        Offer(
            code=package.code,
            name=package.name,
            credits=package.credits,
            price_cents=package.price_cents,
            cents_a_credit=package.cents_a_credit,
            saving_percent=_saving(package, smallest) if smallest else 0,
            popular=package.popular,
        )
        for package in listed
    ]


def _saving(package: Package, smallest: Package) -> int:
    usual = Decimal(smallest.price_cents) / smallest.credits
    saved = (1 - Decimal(package.price_cents) / package.credits / usual) * 100
    return max(0, int(saved.quantize(Decimal(1), rounding=ROUND_HALF_UP)))


@dataclass(frozen=True, slots=True)
class Mix:
    """Packages that together give at least the credits that were asked for."""

    wanted: int
    items: list[tuple[Package, int]]

    @property
    def credits(self) -> int:
        """What they give."""
        return sum(package.credits * count for package, count in self.items)

    @property
    def cents(self) -> int:
        """What they cost, in US cents."""
        return sum(package.price_cents * count for package, count in self.items)


def cheapest_mix(wanted: int) -> Mix | None:
    """The cheapest packages for at least `wanted` credits, 1 to MAX_WANTED; of two mixes that
    cost the same, the one of larger packages. None where nothing is for sale.
    """
    if not 1 <= wanted <= MAX_WANTED:
        raise ValueError(f"1 to {MAX_WANTED:,} credits")
    # The same sums decide again and again, so ties must fall the same way in every process.
    listed = sorted(
        Package.objects.filter(active=True),
        key=lambda package: (-package.credits, package.price_cents, package.code),
    )
    if not listed:
        return None
    choices = _best_choices(tuple((package.credits, package.price_cents) for package in listed))
    counts = [0] * len(listed)
    missing = math.ceil(wanted / PACKAGE_STEP)
    while missing > 0:
        chosen = choices[missing]
        counts[chosen] += 1
        missing -= listed[chosen].credits // PACKAGE_STEP
    return Mix(wanted, [(package, n) for package, n in zip(listed, counts, strict=True) if n])


@lru_cache(maxsize=4)
def _best_choices(offers: Sequence[tuple[int, int]]) -> bytes:
    """For each number of steps: which offer, (credits, cents), begins the cheapest cover of it.

    Exact: the cheapest cover of n is the cheapest of one offer and the cheapest cover of what is
    then missing. At most 100,000 steps, worked out once for each list of offers.
    """
    steps = [(credits // PACKAGE_STEP, cents) for credits, cents in offers]
    most = MAX_WANTED // PACKAGE_STEP
    cost = [0] * (most + 1)
    choice = bytearray(most + 1)
    for missing in range(1, most + 1):
        best = -1
        for index, (credits, cents) in enumerate(steps):
            total = cents + (cost[missing - credits] if credits < missing else 0)
            if best < 0 or total < best:
                best, choice[missing] = total, index
        cost[missing] = best
    return bytes(choice)
