"""Who handles which of Stripe's events. Rooms register their handlers in `apps.ready()`."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from cursive.lib.errors import DomainError

# What we write into the metadata of objects that we make at Stripe.
WORKSPACE_KEY = "workspace_id"


class UnknownWorkspace(DomainError):
    """An event is about a workspace that isn't there. It fails at once: waiting mends nothing."""

    code = "unknown_workspace"
    status = 404


@dataclass(frozen=True, slots=True)
class Prepared:
    """What an event is about: whose it is, and what Stripe says of it now."""

    workspace_id: UUID
    facts: Any = None


class EventHandler:
    """What follows from events of some types. Subclass, and register an instance.

    Events come late, twice, at once and in any order. So `prepare` asks Stripe for the object
    as it is now, and `apply` makes each effect unique on the id of an object of Stripe's.
    """

    types: ClassVar[tuple[str, ...]]

    def prepare(self, event: Mapping[str, Any]) -> Prepared | None:
        """Ask Stripe for what `event`, as Stripe sent it, is about; None where it isn't ours.

        Runs outside every transaction and workspace; may be done twice. Whatever it raises makes
        the event be tried again later, but for `UnknownWorkspace`, which fails it at once.
        """
        raise TypeError(f"{type(self).__name__} doesn't say how to prepare")

    def apply(self, prepared: Prepared) -> None:
        """Change what follows, in the workspace's context and the transaction that ends the event.

        All handlers of an event are applied in one transaction, so they belong to one workspace.
        """
        raise TypeError(f"{type(self).__name__} doesn't say what to do")


_handlers: defaultdict[str, list[EventHandler]] = defaultdict(list)


def register_handler(handler: EventHandler) -> None:
    """Have `handler` asked about every event of its types."""
    for kind in handler.types:
        if handler not in _handlers[kind]:
            _handlers[kind].append(handler)


def handlers_of(kind: str) -> list[EventHandler]:
    """The handlers of an event's type; none for a type that we ignore."""
    return list(_handlers.get(kind, []))
