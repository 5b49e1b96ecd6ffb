"""Whether what a partner has listed may be sold now. A suspension is one row here, and counts from
its commit on, however many listings there are (M-1, P-1).

A sale asks while it holds each seller, and a suspension waits for the sales that do. Both come
after the locks on listings. Sellers share some locks, so that an order of a thousand sellers takes
few of those that the database has.
"""

from collections.abc import Iterable
from uuid import UUID

from cursive.lib import tenancy

from .models import SuspendedSeller

LOCKS = 64
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('suspensions', %s))"
_HOLD = """
    SELECT pg_advisory_xact_lock_shared(hashtextextended('suspensions', lock))
    FROM (SELECT unnest(%s::bigint[]) AS lock ORDER BY 1) t
"""


def suspend_seller(seller_id: UUID) -> None:
    """Let nothing of a partner's be sold any more, once sales that are under way are done. To be
    the last lock of the caller's transaction."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(_LOCK, [_lock_of(seller_id)])
    SuspendedSeller.objects.get_or_create(seller_id=seller_id)


def reinstate_seller(seller_id: UUID) -> None:
    """Let what a partner has listed be sold again."""
    SuspendedSeller.objects.filter(seller_id=seller_id).delete()


def suspended_among(seller_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of these partners who are suspended now."""
    found = SuspendedSeller.objects.filter(seller_id__in=set(seller_ids))
    return frozenset(found.values_list("seller_id", flat=True))


def hold_sellers(seller_ids: Iterable[UUID]) -> frozenset[UUID]:
    """The same, and none of the others is suspended before the caller's transaction ends."""
    wanted = set(seller_ids)
    if not wanted:
        return frozenset()
    with tenancy.connection().cursor() as cursor:
        cursor.execute(_HOLD, [list({_lock_of(each) for each in wanted})])
    return suspended_among(wanted)


def _lock_of(seller_id: UUID) -> int:
    return seller_id.int % LOCKS
