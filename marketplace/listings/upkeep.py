"""What is done to many of a partner's listings at once, whatever their number: one statement each.

Listings are locked in the order of their ids, as everywhere.
"""

from collections.abc import Sequence
from uuid import UUID

from cursive.lib import tenancy

from .models import SUSPENDED

_SUSPEND = """
    WITH mine AS (
        SELECT id FROM marketplace_listing
        WHERE seller_id = %(seller)s AND id = ANY(%(ids)s) AND status = 'listed'
        ORDER BY id FOR UPDATE
    )
    UPDATE marketplace_listing l SET status = 'withdrawn', status_reason = %(reason)s
    FROM mine WHERE l.id = mine.id
"""
_RELIST = """
    WITH mine AS (
        SELECT id FROM marketplace_listing
        WHERE seller_id = %(seller)s AND id = ANY(%(ids)s) AND status = 'withdrawn'
            AND starts_with(status_reason, %(suspended)s) AND sold < max_sales
            AND verification_status <> 'invalid'
        ORDER BY id FOR UPDATE
    )
    UPDATE marketplace_listing l SET status = 'listed', status_reason = ''
    FROM mine WHERE l.id = mine.id
"""
# The people first: they point at their listings. Nobody locks drafts but their seller.
_REMOVE_PEOPLE = """
    WITH gone AS (
        SELECT id FROM marketplace_listing
        WHERE seller_id = %(seller)s AND submission_id = %(submission)s AND id <= %(until)s
            AND status = ANY(%(statuses)s)
        ORDER BY id LIMIT %(limit)s FOR UPDATE
    )
    DELETE FROM marketplace_listingperson p USING gone
    WHERE p.workspace_id = %(seller)s AND p.listing_id = gone.id RETURNING p.listing_id
"""
_REMOVE = "DELETE FROM marketplace_listing WHERE id = ANY(%s)"


def suspend_listings(*, seller_id: UUID, listing_ids: Sequence[int], reason: str) -> int:
    """Take what is on sale off it, because its partner is suspended; how many. `relist_listings`
    takes it back."""
    said = f"{SUSPENDED}: {reason}"[:200] if reason else f"{SUSPENDED}."
    with tenancy.connection().cursor() as cursor:
        cursor.execute(_SUSPEND, {"seller": seller_id, "ids": list(listing_ids), "reason": said})
        return cursor.rowcount


def remove_listings(
    *,
    seller_id: UUID,
    submission_id: UUID,
    statuses: Sequence[str],
    until_id: int,
    limit: int,
) -> int:
    """Delete up to `limit` of a submission's listings that were never on sale (`statuses`: draft,
    rejected), of ids up to `until_id`, with their people; how many."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            _REMOVE_PEOPLE,
            {
                "seller": seller_id,
                "submission": submission_id,
                "statuses": list(statuses),
                "until": until_id,
                "limit": limit,
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(_REMOVE, [ids])
        return len(ids)


def relist_listings(*, seller_id: UUID, listing_ids: Sequence[int]) -> int:
    """Put back on sale what a suspension took off it, since the day it was listed first; how
    many. Not what was found invalid meanwhile (M-1)."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            _RELIST,
            {"seller": seller_id, "ids": list(listing_ids), "suspended": SUSPENDED},
        )
        return cursor.rowcount
