"""The door to the audit log for operations on every floor (A-7).

The ground floor can't import the app that keeps the log; `accounts.audit` registers itself here.
"""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from .actors import Actor


class Recorder(Protocol):
    """What `accounts.audit` provides."""

    def __call__(
        self,
        *,
        action: str,
        resource: str,
        resource_id: str,
        actor: Actor,
        workspace_id: UUID | None,
        old: Mapping[str, Any] | None,
        new: Mapping[str, Any] | None,
        severity: str,
    ) -> None:
        """Write one entry in the current transaction."""


_recorders: list[Recorder] = []


def register_recorder(recorder: Recorder) -> None:
    """Make `recorder` the one that writes entries; the app that keeps the log calls it."""
    _recorders[:] = [recorder]


def record(
    *,
    action: str,
    resource: str,
    resource_id: object,
    actor: Actor,
    workspace_id: UUID | None = None,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    severity: str = "info",
) -> None:
    """Write one audit entry in the current transaction.

    `action` is a verb (create, update, delete, view, export, import, login, purchase …),
    `resource` the kind of thing, `old` and `new` its changed values (secrets are masked).
    """
    _recorders[0](
        action=action,
        resource=resource,
        resource_id=str(resource_id),
        actor=actor,
        workspace_id=workspace_id,
        old=old,
        new=new,
        severity=severity,
    )
