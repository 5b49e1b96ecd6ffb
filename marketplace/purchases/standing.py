"""Whether a listing can be bought by somebody now, and if not, why: one rule for cart and sale."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import models

from marketplace.listings.models import Listing


class Reason(models.TextChoices):
    """Why a listing is left out of a purchase. The words follow a number of leads."""

    SOLD = "sold", "sold meanwhile"
    WITHDRAWN = "withdrawn", "taken off sale"
    UNKNOWN = "unknown", "not on sale"
    REPRICED = "repriced", "dearer than what you saw"
    RESERVED = "reserved", "reserved by somebody who is paying"
    OWN = "own", "your own"
    SUPPRESSED = "suppressed", "people who asked not to be contacted"
    OWNED = "owned", "yours already"
    DOUBLE = "double", "the same person twice"
    FREED = "freed", "free again since you looked"


# Why somebody isn't sold to this buyer, whatever becomes of the listing.
OF_THE_PERSON = frozenset({Reason.OWNED, Reason.SUPPRESSED, Reason.DOUBLE})
# A later try may get these; whatever else is left out is out for good.
PASSING = frozenset({Reason.REPRICED, Reason.RESERVED, Reason.FREED})


def why_not(
    listing: Listing | None,
    *,
    buyer_id: UUID,
    seen_cents: int | None,
    now: datetime,
    suspended: Collection[UUID],
    is_bought: bool = False,
) -> Reason | None:
    """Why this buyer can't have the listing now; None where they can.

    `is_bought` says that they bought it before, whatever became of it since. `seen_cents` is the
    price that they saw: a lower one is fine, a higher one is asked about first. `suspended` are
    the sellers of whom nothing is sold. Who the person is doesn't count here.
    """
    if is_bought:
        return Reason.OWNED
    if listing is None:
        return Reason.UNKNOWN
    status = Listing.Status(listing.status)
    if status != Listing.Status.LISTED:
        gone = {
            Listing.Status.SOLD_OUT: Reason.SOLD,
            Listing.Status.WITHDRAWN: Reason.WITHDRAWN,
        }
        return gone.get(status, Reason.UNKNOWN)
    if listing.seller_id in suspended:
        return Reason.WITHDRAWN
    if listing.seller_id == buyer_id:
        return Reason.OWN
    if is_reserved_by_others(listing, buyer_id=buyer_id, now=now):
        return Reason.RESERVED
    if seen_cents is not None and listing.price_cents > seen_cents:
        return Reason.REPRICED
    return None


def is_reserved_by_others(listing: Listing, *, buyer_id: UUID, now: datetime) -> bool:
    """Whether another workspace is paying just now for the last place that is left."""
    until = listing.reserved_until
    is_kept = until is not None and until > now and listing.reserved_for != buyer_id
    return is_kept and listing.sold + 1 >= listing.max_sales


def by_reason(left_out: Mapping[int, Reason]) -> dict[str, list[int]]:
    """Listings by why they are left out, in their order: as an order keeps it."""
    found: dict[str, list[int]] = {}
    for listing_id, reason in left_out.items():
        found.setdefault(reason.value, []).append(listing_id)
    return found


def in_words(counts: Mapping[str, int]) -> str:
    """'3 sold meanwhile, 1 yours already': how many were left out for which reason."""
    return ", ".join(
        f"{counts[reason]:,} {reason.label}" for reason in Reason if counts.get(reason)
    )


def counts_of(left_out: Mapping[str, Iterable[int]]) -> dict[str, int]:
    """How many by reason, of what an order keeps."""
    return {reason: len(list(ids)) for reason, ids in left_out.items()}
