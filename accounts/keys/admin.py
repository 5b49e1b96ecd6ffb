"""API keys for staff: everything but the key."""

from dataclasses import replace

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.audit.admin import ReadOnlyAdmin
from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.requests import actor_of

from .models import ApiKey
from .operations import revoke_key

link_from_workspace("API keys", "admin:accounts_apikey_changelist")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys of all workspaces. The hash isn't shown either."""

    fields = (
        "workspace",
        "name",
        "prefix",
        "scopes",
        "ip_allow",
        "created_by",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_display = ("name", "prefix", "workspace", "scopes", "last_used_at", "state")
    list_filter = (
        "workspace",
        ("revoked_at", admin.EmptyFieldListFilter),
        "created_at",
        "last_used_at",
    )
    list_select_related = ("workspace",)
    search_fields = ("name", "prefix", "workspace__name")
    actions = ("revoke",)

    @admin.action(description="Revoke the chosen keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """End the keys at once, as the system for the member of staff."""
        actor = replace(actor_of(request), kind="system")
        for key in queryset:
            revoke_key(workspace_id=key.workspace_id, actor=actor, key_id=key.id)
        self.message_user(request, "The keys are revoked.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change keys by their rights; nobody edits them."""
        return bool(request.user.has_perm("accounts.change_apikey"))
