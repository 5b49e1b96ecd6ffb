"""Reading carts: what lies in them, what of it can be bought, and for how much (M-3)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from credits.ledger.queries import balance_of
from credits.prices.queries import Offer, packages, prices_by_cents
from cursive.lib.tenancy import system_context
from leads.catalogue.suppression import are_suppressed
from leads.records.known import known_among
from leads.records.models import Lead
from marketplace.listings.models import Listing
from marketplace.listings.operations import people_of
from marketplace.listings.people import candidate_in
from marketplace.listings.sellers import suspended_among

from .models import CartItem, Order
from .operations import ACTION, request_digest
from .orders import bought_before
from .standing import PASSING, Reason, in_words, why_not


@dataclass(frozen=True, slots=True)
class CartRow:
    """One listing of a cart. `reason` says why it can't be bought now; credits are of now.

    `order` is the workspace's own that it was bought in before.
    """

    item: CartItem
    listing: Listing | None
    reason: Reason | None
    credits: Decimal | None
    order: Order | None = None

    @property
    def is_bought(self) -> bool:
        """Whether a purchase now brings it."""
        return self.reason is None

    @property
    def is_cheaper(self) -> bool:
        """Whether it costs less than when it was put in."""
        return self.listing is not None and self.listing.price_cents < self.item.price_cents

    @property
    def is_dearer(self) -> bool:
        """Whether it costs more than what was seen, and can be had at that."""
        return self.reason == Reason.REPRICED

    @property
    def may_pass(self) -> bool:
        """Whether what keeps it from being bought may be over soon."""
        return self.reason in PASSING


@dataclass(frozen=True, slots=True)
class Cart:
    """Everything in one person's cart. `shown` is what a purchase of it is compared with."""

    rows: list[CartRow]
    available: Decimal
    shown: str
    removed: int

    @property
    def bought(self) -> list[CartRow]:
        """What a purchase now brings."""
        return [row for row in self.rows if row.is_bought]

    @property
    def credits(self) -> Decimal:
        """What a purchase now costs."""
        return sum((row.credits for row in self.bought if row.credits), Decimal("0.00"))

    @property
    def cents(self) -> int:
        """The same in the sellers' prices, in US cents."""
        return sum(row.listing.price_cents for row in self.bought if row.listing)

    @property
    def missing(self) -> Decimal:
        """What the balance lacks for it."""
        return max(self.credits - self.available, Decimal("0.00"))

    @property
    def left(self) -> Decimal:
        """The balance after a purchase."""
        return self.available - self.credits

    @property
    def is_covered(self) -> bool:
        """Whether the balance pays for it."""
        return not self.missing

    @property
    def left_out(self) -> str:
        """What is not bought, in words."""
        return in_words(Counter(row.reason.value for row in self.rows if row.reason))

    @property
    def dearer(self) -> list[CartRow]:
        """What costs more than what was seen."""
        return [row for row in self.rows if row.is_dearer]

    @property
    def lost(self) -> list[CartRow]:
        """What can't be bought, and won't be."""
        return [row for row in self.rows if row.reason and not row.may_pass]

    @property
    def owned(self) -> int:
        """How many of its people the workspace owns already."""
        return sum(row.reason == Reason.OWNED for row in self.rows)


def cart_of(workspace_id: UUID, user_id: UUID) -> Cart:
    """A person's cart, judged as a purchase would judge it now; in the order it was filled."""
    mine = CartItem.objects.of_user(workspace_id, user_id)
    items = list(mine.inside().order_by("added_at", "id"))
    listings = Listing.objects.in_bulk([item.listing_id for item in items])
    bought = bought_before(workspace_id, [item.listing_id for item in items])
    reasons = _reasons(workspace_id, items, listings, bought)
    cents = {each.price_cents for each in listings.values()}
    prices = prices_by_cents(ACTION, cents) if cents else {}
    return Cart(
        rows=[
            CartRow(
                item=item,
                listing=(listing := listings.get(item.listing_id)),
                reason=reasons.get(item.listing_id),
                credits=prices[listing.price_cents] if listing else None,
                order=bought.get(item.listing_id),
            )
            for item in items
        ],
        available=balance_of(workspace_id).available,
        shown=request_digest({item.listing_id: item.price_cents for item in items}),
        removed=mine.removed().count(),
    )


def _reasons(
    workspace_id: UUID,
    items: Sequence[CartItem],
    listings: dict[int, Listing],
    bought: Mapping[int, Order],
) -> dict[int, Reason]:
    """Why listings can't be bought now. Who they are only the system may read, of all sellers."""
    now = timezone.now()
    suspended = suspended_among(each.seller_id for each in listings.values())
    found: dict[int, Reason] = {}
    for item in items:
        listing = listings.get(item.listing_id)
        reason = why_not(
            listing,
            buyer_id=workspace_id,
            seen_cents=item.price_cents,
            now=now,
            suspended=suspended,
            is_bought=item.listing_id in bought,
        )
        if reason is not None:
            found[item.listing_id] = reason
    # Also of those that are dearer by now: whoever agrees to the price should know before.
    asked = [
        item.listing_id
        for item in items
        if item.listing_id not in found or found[item.listing_id] in PASSING
    ]
    with system_context():
        people = people_of(asked)
        candidates = {each: candidate_in(people[each].record) for each in asked if each in people}
        hidden = are_suppressed(candidates.values())
        known = known_among(workspace_id, candidates.values())
        hashes = Lead.objects.filter(
            workspace_id=workspace_id,
            dedup_hash__in=[one.dedup_hash for one in candidates.values()],
        ).living()
        for digest in hashes.values_list("dedup_hash", flat=True):
            known.before.add_hash(digest)
    for (listing_id, candidate), is_hidden in zip(candidates.items(), hidden, strict=True):
        if is_hidden:
            found[listing_id] = Reason.SUPPRESSED
        elif known.before.has(candidate):
            found[listing_id] = Reason.OWNED
        elif listing_id not in found:
            if known.by_this_job.has(candidate):
                found[listing_id] = Reason.DOUBLE
            known.by_this_job.add(candidate)
    return found


@dataclass(frozen=True, slots=True)
class CartSum:
    """What the bar above a search says of a cart: listings, and their prices as they were seen."""

    count: int
    credits: Decimal
    cents: int


def cart_sum(workspace_id: UUID, user_id: UUID) -> CartSum:
    """How much lies in a cart, at the prices of when it was put in; two queries."""
    mine = CartItem.objects.of_user(workspace_id, user_id).inside()
    cents = Counter(mine.values_list("price_cents", flat=True))
    if not cents:
        return CartSum(0, Decimal("0.00"), 0)
    prices = prices_by_cents(ACTION, cents)
    credits = sum((prices[each] * times for each, times in cents.items()), Decimal("0.00"))
    return CartSum(cents.total(), credits, sum(each * n for each, n in cents.items()))


@dataclass(frozen=True, slots=True)
class Choice:
    """Packages that cover what is missing, cheapest first; where none does, the largest alone."""

    offers: list[Offer]
    covers: bool

    @property
    def proposed(self) -> str:
        """The code of the one that is proposed; nothing where nothing is for sale."""
        return self.offers[0].code if self.offers else ""


def packages_for(missing: Decimal) -> Choice:
    """Which packages to offer to whom so many credits are missing."""
    listed = packages()
    enough = sorted(
        (offer for offer in listed if offer.credits >= missing),
        key=lambda offer: (offer.price_cents, offer.credits),
    )
    if enough:
        return Choice(enough, covers=True)
    largest = sorted(listed, key=lambda offer: -offer.credits)[:1]
    return Choice(largest, covers=False)
