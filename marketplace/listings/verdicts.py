"""What checking said of the addresses of a partner's leads: each address once, whatever became of
the leads, for 90 days (P-6)."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.utils import timezone
from django.utils.crypto import salted_hmac

from cursive.lib import tenancy

from .models import AddressVerdict

KEPT = timedelta(days=90)
VALID, INVALID = "valid", "invalid"
_WHOSE = """
    SELECT p.listing_id, p.workspace_id, p.email_key FROM marketplace_listingperson p
    WHERE p.listing_id = ANY(%s) AND p.email_key <> ''
"""
# In one order, as two batches may be about the same addresses.
_NOTE = """
    INSERT INTO marketplace_addressverdict AS v (id, workspace_id, is_valid, checked_at)
    SELECT t.id, t.seller_id, t.is_valid, %(at)s
    FROM unnest(%(ids)s::uuid[], %(sellers)s::uuid[], %(valid)s::boolean[])
        t (id, seller_id, is_valid)
    ORDER BY t.id
    ON CONFLICT (id) DO UPDATE SET is_valid = EXCLUDED.is_valid, checked_at = EXCLUDED.checked_at
    WHERE v.checked_at <= EXCLUDED.checked_at
"""
_COUNT = """
    SELECT workspace_id, count(*) FILTER (WHERE is_valid), count(*) FILTER (WHERE NOT is_valid)
    FROM marketplace_addressverdict
    WHERE workspace_id = ANY(%(sellers)s::uuid[]) AND checked_at >= %(since)s
    GROUP BY workspace_id
"""


def note_verdicts(checks: Mapping[int, str], at: datetime) -> None:
    """Note what was said of listings' addresses (listing → status of L-15) at a moment.

    Only 'valid' and 'invalid' say something; the newest of an address replaces the one before. In
    the caller's transaction.
    """
    definite = {id: status for id, status in checks.items() if status in (VALID, INVALID)}
    if not definite:
        return
    with tenancy.connection().cursor() as cursor:
        cursor.execute(_WHOSE, [list(definite)])
        found = {
            verdict_id(seller_id, address): (seller_id, definite[listing_id] == VALID)
            for listing_id, seller_id, address in cursor.fetchall()
        }
        cursor.execute(
            _NOTE,
            {
                "ids": list(found),
                "sellers": [seller_id for seller_id, _ in found.values()],
                "valid": [is_valid for _, is_valid in found.values()],
                "at": at,
            },
        )


def count_verdicts(sellers: Sequence[UUID], since: datetime) -> dict[UUID, tuple[int, int]]:
    """(valid, invalid) of the addresses of each partner's that were checked since then; one
    query, over an index alone."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(_COUNT, {"sellers": list(sellers), "since": since})
        found = {seller: (valid, invalid) for seller, valid, invalid in cursor.fetchall()}
    return {seller: found.get(seller, (0, 0)) for seller in sellers}


def forget_old_verdicts() -> int:
    """Delete what counts no more, of all partners, as the system; how many."""
    old = AddressVerdict.objects.filter(checked_at__lt=timezone.now() - KEPT)
    return old.delete()[0]


def verdict_id(seller_id: UUID, address: str) -> UUID:
    """What an address in its normal form is known by among a partner's: a keyed hash, so that who
    has the table and not the key can't even try addresses.

    What follows a plus in it is the owner's to choose, and no other mailbox.
    """
    local, _, domain = address.rpartition("@")
    mailbox = f"{local.partition('+')[0] or local}@{domain}"
    said = hmac.digest(_key(), f"{seller_id}|{mailbox}".encode(), hashlib.sha256)
    return UUID(bytes=said[:16])


@cache
def _key() -> bytes:
    return salted_hmac("marketplace.verdicts", "", algorithm="sha256").digest()
