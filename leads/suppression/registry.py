"""Who else offers people, and takes them off when they are put on the suppression list.

A room above (the marketplace, say) registers here in `apps.ready()`.
"""

from collections.abc import Sequence
from typing import Protocol


class Remover(Protocol):
    """Takes people off what it offers, by normal forms of their addresses and numbers."""

    def __call__(self, *, emails: Sequence[str], phones: Sequence[str]) -> int:
        """In the caller's transaction; how many were taken off."""


_removers: dict[str, Remover] = {}


def register_remover(name: str, remover: Remover) -> None:
    """Tell `remover` of everybody who is put on the list; `name` is what it takes off."""
    _removers[name] = remover


def removers() -> dict[str, Remover]:
    """All that are registered, by name."""
    return dict(_removers)
