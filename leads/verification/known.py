"""Answers that are kept for a month, for every workspace, and that tell nothing of any (L-16)."""

import datetime
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.utils import timezone
from django.utils.crypto import salted_hmac

from cursive.lib import tenancy
from leads.records.identity import normalise_email

from .models import FRESH, AddressCheck, KnownAddress
from .providers import Provider, Verdict

_ANSWER = """
    UPDATE {table} c SET state = 'answered', status = t.status, reason = t.reason,
        provider = t.provider, lease_until = NULL
    FROM unnest(%(ids)s::uuid[], %(statuses)s::text[], %(reasons)s::text[], %(providers)s::text[])
        t (id, status, reason, provider)
    WHERE c.workspace_id = %(workspace)s AND c.id = t.id AND c.state IN ('waiting', 'asking')
"""


def digest_of(address: str) -> str:
    """The address as a keyed hash: who has the table and not the key can't even try addresses."""
    mailbox = normalise_email(address) or address.lower()
    return salted_hmac("leads.verification", mailbox, algorithm="sha256").hexdigest()


def remember(address: str, verdict: Verdict, provider: Provider) -> None:
    """Keep an answer. 'Unknown' is none, and what we found out ourselves costs nothing."""
    if verdict.status == "unknown" or not provider.is_kept:
        return
    KnownAddress.objects.bulk_create(
        [
            KnownAddress(
                digest=digest_of(address),
                status=verdict.status,
                reason=verdict.reason,
                provider=provider.code,
                checked_at=timezone.now(),
            )
        ],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["status", "reason", "provider", "checked_at"],
    )


def recall(
    addresses: Iterable[str], *, since: datetime.datetime | None = None
) -> dict[str, KnownAddress]:
    """Which of these addresses are known, by address; one query.

    `since` is how old an answer may be, for who wants a new one; without it 30 days count.
    """
    digests = {address: digest_of(address) for address in addresses}
    known = KnownAddress.objects.filter(checked_at__gt=since or timezone.now() - FRESH)
    found = known.in_bulk(list(digests.values()))
    return {address: found[one] for address, one in digests.items() if one in found}


def answer_known(
    model: type[AddressCheck], workspace_id: UUID, found: Mapping[UUID, KnownAddress | None]
) -> None:
    """Answer open checks, rows of `model`, with what is known of their addresses; one statement."""
    known = {check_id: one for check_id, one in found.items() if one is not None}
    if not known:
        return
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            _ANSWER.format(table=model._meta.db_table),
            {
                "workspace": workspace_id,
                "ids": list(known),
                "statuses": [one.status for one in known.values()],
                "reasons": [one.reason for one in known.values()],
                "providers": [one.provider for one in known.values()],
            },
        )


def forget_old() -> int:
    """Delete what is older than a month; how many."""
    return KnownAddress.objects.filter(checked_at__lte=timezone.now() - FRESH).delete()[0]
