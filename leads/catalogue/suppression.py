"""People who asked never to be in the catalogue, by keyed hashes of their addresses and numbers.

The list belongs to a higher or sibling room; that room registers it here when the app starts.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from .merging import Suppressed


class Reachable(Protocol):
    """Somebody with normal forms of all their addresses and numbers."""

    @property
    def emails(self) -> Collection[str]:
        """Addresses."""

    @property
    def phones(self) -> Collection[str]:
        """Numbers."""


_providers: list[Callable[[], Suppressed | None]] = []


def register_suppression(provider: Callable[[], Suppressed | None]) -> None:
    """Name the function that loads the list: it returns a predicate, or None for an empty list.

    The predicate gets (e-mail addresses, phone numbers) of one person after the other, as they
    are stored, and yields whether that person is suppressed.
    """
    _providers[:] = [provider]


def suppression_list() -> Suppressed | None:
    """Return the predicate of the registered list; None where there is nothing to leave out."""
    return _providers[0]() if _providers else None


def are_suppressed(people: Collection[Reachable]) -> list[bool]:
    """Of each of some people whether they asked never to be contacted, as the list is now."""
    suppressed = suppression_list()
    if suppressed is None:
        return [False] * len(people)
    return list(suppressed((sorted(one.emails), sorted(one.phones)) for one in people))


def is_suppressed(emails: Iterable[str], phones: Iterable[str]) -> bool:
    """Whether one of these addresses or numbers is on the list."""
    suppressed = suppression_list()
    return suppressed is not None and next(iter(suppressed([(sorted(emails), sorted(phones))])))
