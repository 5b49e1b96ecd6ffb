"""Asks the list: of one address, and of streams of people."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from itertools import islice

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from cursive.lib import tenancy
from leads.catalogue.merging import Contacts, Suppressed
from leads.records.identity import suppression_hash

from .models import SuppressedContact

#: People who are asked about with one query.
BATCH = 2_000


def suppressed_people() -> Suppressed | None:
    """Return what says of people whether they are on the list; None while it is empty.

    It reads the list as it goes, so that who is added while a load or an import runs is left out
    of what comes after. Raises ImproperlyConfigured where the list was made with another key:
    it would match nobody, and let everybody in.
    """
    mark = SuppressedContact.objects.order_by("-id").values_list("key_mark", flat=True).first()
    if mark is None:
        return None
    if mark != key_mark():
        raise ImproperlyConfigured(
            "SUPPRESSION_KEY isn't the key that the suppression list was made with. Set that one."
        )
    return _judged


def key_mark() -> str:
    """Return eight digits that tell keys apart, and say nothing of the key."""
    digest = hmac.digest(settings.SUPPRESSION_KEY.encode(), b"which key", hashlib.sha256)
    return digest.hex()[:8]


def hash_of(contact: str) -> str:
    """Return the hash under which an address or number would stand on the list, or ""."""
    return suppression_hash(contact, settings.SUPPRESSION_KEY)


def _judged(people: Iterable[Contacts]) -> Iterator[bool]:
    """Of each person whether one of the addresses or numbers is on the list, lazily."""
    rest = iter(people)
    while batch := list(islice(rest, BATCH)):
        theirs = [{hash_of(each) for each in (*emails, *phones)} - {""} for emails, phones in batch]
        listed = _listed(list(set().union(*theirs)))
        yield from (not listed.isdisjoint(hashes) for hashes in theirs)


def _listed(hashes: list[str]) -> set[str]:
    if not hashes:
        return set()
    # One parameter, however many: a list of thousands takes Django longer than the database.
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT contact_hash FROM leads_suppressedcontact WHERE contact_hash = ANY(%s)",
            [hashes],
        )
        return {row[0] for row in cursor.fetchall()}
