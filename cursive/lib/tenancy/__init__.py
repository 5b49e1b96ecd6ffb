"""Keeps workspaces apart: scoped managers in Django, row-level security in PostgreSQL."""

from .context import (
    atomic,
    connection,
    current_workspace_id,
    in_system_context,
    on_commit,
    system_context,
    tenant_context,
)
from .models import TenantModel, scoped_manager, uuid7

__all__ = [
    "TenantModel",
    "atomic",
    "connection",
    "current_workspace_id",
    "in_system_context",
    "on_commit",
    "scoped_manager",
    "system_context",
    "tenant_context",
    "uuid7",
]
