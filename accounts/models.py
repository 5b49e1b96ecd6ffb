"""The tables of this app, by room."""

from accounts.audit.models import AuditEntry
from accounts.invitations.models import Invitation
from accounts.keys.models import ApiKey
from accounts.profiles.models import BusinessProfile
from accounts.security.models import SecurityEvent
from accounts.workspaces.models import Membership, User, Workspace

__all__ = [
    "ApiKey",
    "AuditEntry",
    "BusinessProfile",
    "Invitation",
    "Membership",
    "SecurityEvent",
    "User",
    "Workspace",
]
