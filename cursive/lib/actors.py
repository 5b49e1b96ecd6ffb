"""Who does something: a user, an API key or the system, and by which request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RequestMeta:
    """Where a request came from, for the audit log (A-7). Empty for background work."""

    ip: str | None = None
    user_agent: str = ""
    method: str = ""
    endpoint: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. Every operation takes one and writes it into the audit log and the ledger."""

    kind: Literal["user", "key", "system"]
    label: str
    user_id: UUID | None = None
    key_id: UUID | None = None
    role: str = ""
    scopes: frozenset[str] = frozenset()
    request: RequestMeta = field(default_factory=RequestMeta)

    @classmethod
    def system(cls, label: str) -> "Actor":
        """The system itself, named for what it does: 'sweeper', 'loader'."""
        return cls(kind="system", label=label)


_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current_actor() -> Actor | None:
    """Whose request is being answered, or None outside of every request.

    For what nobody tells an actor, such as the limits. Operations take theirs as an argument.
    """
    return _current.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Have `current_actor` answer with `actor` inside; the request middleware sets it."""
    token = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(token)
