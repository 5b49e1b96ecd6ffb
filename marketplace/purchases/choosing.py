"""Which listings of a purchase its buyer gets, and the leads that are made of them (M-4, L-13)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from leads.catalogue.suppression import are_suppressed
from leads.records.acquisition import Candidate, acquire_people
from leads.records.models import Lead
from marketplace.listings.models import Listing
from marketplace.listings.operations import lock_listings, people_of
from marketplace.listings.people import candidate_in
from marketplace.listings.sellers import hold_sellers

from .models import Order
from .orders import bought_before
from .standing import Reason, why_not

VALID = "valid"


@dataclass(slots=True)
class Choice:
    """What is bought of what was asked for: listings and who they are, in one order."""

    listings: list[Listing] = field(default_factory=list)
    lead_ids: list[UUID] = field(default_factory=list)
    left_out: dict[int, Reason] = field(default_factory=dict)
    bought: dict[int, Order] = field(default_factory=dict)


def choose(
    *,
    buyer_id: UUID,
    prices: Mapping[int, int | None],
    order_id: UUID,
    not_meant: Collection[int] = (),
) -> Choice:
    """Lock the listings, leave out whom the buyer can't have, and make leads of the others.

    `prices` are what the buyer saw (listing → US cents, None where they agree to any), in the
    order in which they asked; `not_meant` those that they were told they wouldn't get. In the
    sale's transaction, under the lock on their acquisitions.
    """
    locked = {listing.id: listing for listing in lock_listings(list(prices))}
    suspended = hold_sellers(each.seller_id for each in locked.values())
    now = timezone.now()  # after the locks, for which it may have waited long
    choice = Choice(bought=bought_before(buyer_id, list(prices)))
    free: list[Listing] = []
    for listing_id, seen in prices.items():
        listing = locked.get(listing_id)
        reason = why_not(
            listing,
            buyer_id=buyer_id,
            seen_cents=seen,
            now=now,
            suspended=suspended,
            is_bought=listing_id in choice.bought,
        )
        if reason is None and listing_id in not_meant:
            reason = Reason.FREED
        if reason is not None or listing is None:
            choice.left_out[listing_id] = reason or Reason.UNKNOWN
        else:
            free.append(listing)
    people = people_of([listing.id for listing in free])
    candidates = [_candidate(listing, people[listing.id].record) for listing in free]
    kept = _not_suppressed(free, candidates, choice)
    acquired = acquire_people(
        workspace_id=buyer_id,
        candidates=[candidate for _, candidate in kept],
        source=Lead.Source.MARKETPLACE,
        job_id=order_id,
    )
    choice.listings = [kept[place][0] for place in acquired.places]
    choice.lead_ids = acquired.lead_ids
    bought, doubles = set(acquired.places), set(acquired.double_places)
    for place, (listing, _) in enumerate(kept):
        if place not in bought:
            choice.left_out[listing.id] = Reason.DOUBLE if place in doubles else Reason.OWNED
    return choice


def _candidate(listing: Listing, record: Mapping[str, Any]) -> Candidate:
    """Who the listing is, as its buyer saw it: what was found out about the address, the quality
    and the day are the listing's, whatever the seller's record claims."""
    candidate = candidate_in(record)
    person, checked = candidate.person, listing.verified_at
    is_valid = listing.verification_status == VALID and bool(person.email)
    person.email_verified = is_valid
    person.email_verified_at = checked.date() if is_valid and checked else None
    person.phone_verified = None
    person.quality_score, person.source_date = listing.quality, listing.collected_on
    return candidate


def _not_suppressed(
    listings: Sequence[Listing], candidates: Sequence[Candidate], choice: Choice
) -> list[tuple[Listing, Candidate]]:
    """Without the people who asked not to be contacted since they were listed (A-18)."""
    kept = []
    said = are_suppressed(candidates)
    for listing, candidate, is_suppressed in zip(listings, candidates, said, strict=True):
        if is_suppressed:
            choice.left_out[listing.id] = Reason.SUPPRESSED
        else:
            kept.append((listing, candidate))
    return kept
