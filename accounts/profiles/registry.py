"""Who acts on a new ideal customer. Floors above register in `apps.ready()`."""

from typing import Protocol
from uuid import UUID

from cursive.lib.actors import Actor


class IcpListener(Protocol):
    """Called in the transaction of the change."""

    def __call__(self, *, workspace_id: UUID, actor: Actor) -> object:
        """The workspace's default profile describes another ideal customer from now on."""


_listeners: list[IcpListener] = []


def register_icp_listener(listener: IcpListener) -> None:
    """Have `listener` called when a workspace's ideal customer changes."""
    if listener not in _listeners:
        _listeners.append(listener)


def icp_changed(*, workspace_id: UUID, actor: Actor) -> None:
    """Tell the listeners."""
    for listener in _listeners:
        listener(workspace_id=workspace_id, actor=actor)
