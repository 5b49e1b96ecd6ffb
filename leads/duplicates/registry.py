"""Who else hangs things on leads: told of merges, in the transaction of the merge.

A room above (sequences, say) registers here in `apps.ready()`.
"""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID


class MergeHook(Protocol):
    """What a room does when leads become one."""

    name: str

    def merge(self, *, workspace_id: UUID, survivor: UUID, merged: Sequence[UUID]) -> Any:
        """Move what hangs on `merged` to `survivor`; what `undo` will need, as JSON."""

    def undo(
        self, *, workspace_id: UUID, survivor: UUID, merged: Sequence[UUID], kept: Any
    ) -> None:
        """Put it back."""


_hooks: dict[str, MergeHook] = {}


def register_merge_hook(hook: MergeHook) -> None:
    """From now on `hook` is told of merges."""
    _hooks[hook.name] = hook


def merge_hooks() -> list[MergeHook]:
    """All that are registered."""
    return list(_hooks.values())
