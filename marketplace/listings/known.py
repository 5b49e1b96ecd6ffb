"""Whether somebody is offered already, by whichever partner: the rule of sameness is that of leads
(ADR 0016), and the answer tells no partner more than whose they are."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cursive.lib import tenancy
from leads.records.known import Identity, People

from .models import SUSPENDED

OWN, OTHERS, MARKET = "own", "others", "market"
# Normal forms have no control characters, and one text is made much faster than an array.
_SEPARATOR = "\x1f"
_KEYS = "string_to_array(%(keys)s, chr(31))"
_SELECT = """
    SELECT DISTINCT {columns},
        CASE WHEN l.seller_id = %(seller)s THEN 'own'
             WHEN l.status IN ('listed', 'sold_out') OR l.sold > 0 THEN 'market'
             ELSE 'others' END
    FROM {people} JOIN marketplace_listing l ON l.id = p.listing_id
    WHERE l.submission_id <> %(but)s
        AND (l.status IN ('draft', 'listed', 'sold_out') OR l.sold > 0
             OR (l.status = 'withdrawn' AND starts_with(l.status_reason, %(suspended)s)))
        AND {where}
"""
_WHO = (
    "coalesce(p.record ->> 'first_name', ''), coalesce(p.record ->> 'last_name', ''),"
    " p.email_key <> ''"
)
_BY_EMAIL = _SELECT.format(
    people="marketplace_listingperson p",
    columns="p.email_key",
    where=f"p.email_key <> '' AND p.email_key = ANY({_KEYS})",
)
_BY_PHONE = _SELECT.format(
    people="marketplace_listingperson p",
    columns=f"p.phone_key, {_WHO}",
    where=f"p.phone_key <> '' AND p.phone_key = ANY({_KEYS})",
)
_BY_OTHERS = _SELECT.format(
    people="marketplace_listingperson p CROSS JOIN unnest(p.other_keys) AS k(key)",
    columns=f"k.key, {_WHO}",
    where=f"p.other_keys <> '{{}}' AND p.other_keys && {_KEYS} AND k.key = ANY({_KEYS})",
)


@dataclass(slots=True)
class Offered:
    """People who are offered: by the partner who asks (`own`), on sale or sold by somebody else
    (`market`), or in another partner's submission (`others`)."""

    own: People = field(default_factory=People)
    market: People = field(default_factory=People)
    others: People = field(default_factory=People)

    def as_whose(self, person: Identity) -> str:
        """OWN, MARKET or OTHERS; '' where nobody offers this person."""
        for whose in (OWN, MARKET, OTHERS):
            people: People = getattr(self, whose)
            if people.has(person):
                return whose
        return ""


def offered_among(people: Collection[Identity], *, seller_id: UUID, but: UUID) -> Offered:
    """Who of `people` is offered, apart from the submission `but`: three indexed look-ups over
    all partners, as the system; what isn't committed isn't seen.

    Rejected listings don't count, and withdrawn ones only where somebody bought them, or where
    their seller is suspended and may come back.
    """
    found = Offered()
    asked = {"seller": seller_id, "but": but, "suspended": SUSPENDED}
    for email, whose in _rows(_BY_EMAIL, asked, (mail for one in people for mail in one.emails)):
        getattr(found, whose).add_email(email)
    numbers = (number for one in people for number in one.phones)
    for phone, first, last, has_email, whose in _rows(_BY_PHONE, asked, numbers):
        getattr(found, whose).add_phone(phone, first, last, has_email=has_email)
    either = (key for one in people for key in one.emails | one.phones)
    for key, first, last, has_email, whose in _rows(_BY_OTHERS, asked, either):
        if "@" in key:
            getattr(found, whose).add_email(key)
        else:
            getattr(found, whose).add_phone(key, first, last, has_email=has_email)
    return found


def _rows(sql: str, asked: dict[str, Any], keys: Iterable[str]) -> list[tuple[Any, ...]]:
    joined = _SEPARATOR.join(set(keys))
    if not joined:
        return []
    with tenancy.system_context(), tenancy.connection().cursor() as cursor:
        cursor.execute(sql, {**asked, "keys": joined})
        return cursor.fetchall()


def lock_offering() -> None:
    """Wait until no other transaction offers people; lasts to the commit.

    Whoever writes drafts or publishes asks who is offered under this lock, so that of two
    partners with one person the second is told.
    """
    with tenancy.connection().cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('offering', 0))")
