"""Writing the audit log."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from cursive.lib.actors import Actor
from cursive.lib.tenancy import (
    connection,
    current_workspace_id,
    in_system_context,
    system_context,
)

from .masking import masked
from .models import AuditEntry
from .queries import Pick


def record_audit(
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
    """Write one entry in the current transaction; secrets are masked, long values are cut.

    Without a workspace, for another than the current one, or when its transaction is over
    already, the entry is written by the system's role in a transaction of its own: the restricted
    role could not.
    """
    entry = AuditEntry(
        workspace_id=workspace_id,
        actor_kind=actor.kind,
        actor_label=actor.label[:200],
        user_id=actor.user_id,
        key_id=actor.key_id,
        action=action,
        resource=resource,
        resource_id=resource_id[:64],
        old=masked(old),
        new=masked(new),
        severity=severity,
        ip=actor.request.ip,
        user_agent=actor.request.user_agent[:300],
        method=actor.request.method,
        endpoint=actor.request.endpoint[:120],
        request_id=actor.request.request_id,
    )
    if in_system_context() or _in_transaction_of(workspace_id):
        entry.save(force_insert=True)
    else:
        with system_context():
            entry.save(force_insert=True)


def note_export(*, workspace_id: UUID | None, actor: Actor, pick: Pick) -> None:
    """Write down that somebody takes entries out of the log, and which."""
    record_audit(
        action="export",
        resource="audit_log",
        resource_id=str(workspace_id or ""),
        actor=actor,
        workspace_id=workspace_id,
        old=None,
        new={name: value for name, value in asdict(pick).items() if value},
        severity="warning",
    )


def _in_transaction_of(workspace_id: UUID | None) -> bool:
    # What runs on commit still has the workspace's context, but no transaction that is set to it.
    return (
        workspace_id is not None
        and workspace_id == current_workspace_id()
        and connection().in_atomic_block
    )
