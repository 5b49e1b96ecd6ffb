"""The tables of this app, by room."""

from accounts.audit.models import AuditEntry
from accounts.keys.models import ApiKey
from accounts.workspaces.models import Membership, User, Workspace

__all__ = ["ApiKey", "AuditEntry", "Membership", "User", "Workspace"]
