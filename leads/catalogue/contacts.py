"""Addresses and numbers of the lead database's people: who has one, and all of them in turn."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .local import LocalSource
from .matching import having
from .merging import CONTACT_FIELDS, Contacts

_SECONDS = 600.0  # nobody looks on
_ROWS = 20_000


class Holder(NamedTuple):
    """Somebody who has an address or number: this one, by its normal form."""

    contact: str
    id: int


def holders(source: LocalSource, *, emails: Sequence[str], phones: Sequence[str]) -> list[Holder]:
    """Return who has one of these, given in their normal forms, in any of their fields.

    Also those whom a merge hides or who have left; nobody where no lead database is loaded.
    """
    snapshot = source.reader.snapshot()
    if snapshot is None:
        return []
    with source.runner.search(snapshot, time_limit=_SECONDS) as search:
        return [Holder(*one) for one in having(search, emails=emails, phones=phones)]


def everybodys_contacts(source: LocalSource) -> Iterator[list[tuple[int, Contacts]]]:
    """Yield all people of the version in force, as (id, contacts), a part at a time."""
    snapshot = source.reader.snapshot()
    if snapshot is None:
        return
    kinds = ", ".join(f"[{', '.join(fields)}]" for fields in CONTACT_FIELDS)
    for after in range(0, snapshot.rows, _ROWS):
        with source.runner.search(snapshot, time_limit=_SECONDS) as search:
            rows = search.fetch(
                f"SELECT id, {kinds} FROM p WHERE rank > $1 AND rank <= $2",
                [after, after + _ROWS],
            )
        yield [
            (id, ([one for one in emails if one], [one for one in phones if one]))
            for id, emails, phones in rows
        ]
