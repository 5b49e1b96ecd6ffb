"""What staff see of accounts, by room."""

from accounts.access.admin import AuthenticatorAdmin, EmailAddressAdmin, GroupAdmin
from accounts.audit.admin import AuditEntryAdmin
from accounts.invitations.admin import InvitationAdmin
from accounts.keys.admin import ApiKeyAdmin
from accounts.profiles.admin import BusinessProfileAdmin
from accounts.security.admin import SecurityEventAdmin
from accounts.workspaces.admin import MembershipAdmin, UserAdmin, WorkspaceAdmin

__all__ = [
    "ApiKeyAdmin",
    "AuditEntryAdmin",
    "AuthenticatorAdmin",
    "BusinessProfileAdmin",
    "EmailAddressAdmin",
    "GroupAdmin",
    "InvitationAdmin",
    "MembershipAdmin",
    "SecurityEventAdmin",
    "UserAdmin",
    "WorkspaceAdmin",
]
