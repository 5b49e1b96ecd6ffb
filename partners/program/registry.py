"""Who is told that a partner was suspended or may sell again, in the transaction of that.

The rooms above register in `apps.ready()`: what they keep for a partner follows.
"""

from uuid import UUID


class PartnerListener:
    """Told of suspensions. Subclass, and register an instance. Runs as the system."""

    def suspended(self, workspace_id: UUID, reason: str) -> None:
        """This partner may not sell from now on; raising undoes the suspension."""

    def reinstated(self, workspace_id: UUID) -> None:
        """This partner, who was suspended, may sell again."""


_listeners: list[PartnerListener] = []


def register_partner_listener(listener: PartnerListener) -> None:
    """Have `listener` told."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_suspended(workspace_id: UUID, reason: str) -> None:
    """Tell all of them of a suspension."""
    for listener in _listeners:
        listener.suspended(workspace_id, reason)


def tell_reinstated(workspace_id: UUID) -> None:
    """Tell all of them that a suspension is over."""
    for listener in _listeners:
        listener.reinstated(workspace_id)
