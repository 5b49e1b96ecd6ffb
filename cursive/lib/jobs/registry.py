"""Kinds of job. An app registers its handlers in `apps.ready()`."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from .models import Job


@dataclass(slots=True)
class Step:
    """What one step did: how many items, where to go on, whether that was all.

    `later`: there is nothing to do for so long; the worker is free until then.
    """

    processed: int = 0
    failed: int = 0
    cursor: dict[str, Any] = field(default_factory=dict)
    done: bool = False
    total: int | None = None
    note: str = ""
    errors: list[str] = field(default_factory=list)
    later: timedelta | None = None


class JobHandler:
    """How jobs of one kind are worked. Subclass, and register an instance.

    A step is one transaction: what it writes and the cursor that it returns are committed
    together, so a worker that dies anywhere loses at most one step and repeats none. A step
    takes a few seconds at most, since it locks the job's row: cancelling waits for it. What takes
    longer belongs in `prepare`, which may take any time: the lease is kept meanwhile.
    """

    kind: str
    label: str
    #: Nobody started it and nobody waits for it: the workspace's list of jobs leaves it out.
    is_quiet = False

    def prepare(self, job: Job) -> Any:
        """Read what the next step needs, outside the step's transaction. May be done twice.

        Where it takes long, it asks `lease.raise_if_ended()` now and then, or runs inside
        `lease.interrupting()`, so that a cancellation isn't kept waiting.
        """
        return None

    def step(self, job: Job, prepared: Any) -> Step:
        """Do the next batch from `job.cursor` on. Raise a DomainError to fail the job for good."""
        raise TypeError(f"{type(self).__name__} doesn't say how to do a step")

    def finish(self, job: Job) -> None:
        """Settle accounts, in the transaction that ends the job (see `job.status`)."""

    def reopen(self, job: Job) -> None:
        """Undo what `finish` did for a failed job that is tried again: hold credits anew, say."""

    def is_ours(self, job: Job) -> bool:
        """Whether it does our work, not its workspace's: who is in there can neither end it
        nor try it again."""
        return False

    def links(self, job: Job) -> list[tuple[str, str]]:
        """Where the job's result can be seen: (label, URL) pairs, for a completed job."""
        return []

    def facts(self, job: Job) -> list[tuple[str, str]]:
        """What came of it: (label, value) pairs in words, for a job that is over."""
        return []


_handlers: dict[str, JobHandler] = {}


def register_kind(handler: JobHandler) -> None:
    """Make `handler` the one for its kind."""
    _handlers[handler.kind] = handler


def handler_for(kind: str) -> JobHandler:
    """The handler of a kind. Raises KeyError for a kind that no app registered."""
    return _handlers[kind]


def quiet_kinds() -> list[str]:
    """The kinds that a workspace's list of jobs leaves out."""
    return sorted(kind for kind, handler in _handlers.items() if handler.is_quiet)


def kind_choices(*, quiet: bool = True) -> list[tuple[str, str]]:
    """All kinds with their labels, for filters; without the quiet ones where told so."""
    return sorted(
        (kind, handler.label)
        for kind, handler in _handlers.items()
        if quiet or not handler.is_quiet
    )
