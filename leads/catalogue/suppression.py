"""People who asked never to be in the catalogue, by keyed hashes of their addresses and numbers.

The list belongs to a higher or sibling room; that room registers it here when the app starts.
"""

from collections.abc import Callable

from .merging import Suppressed

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
