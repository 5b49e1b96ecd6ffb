"""Invitations for staff."""

from django.contrib import admin

from accounts.audit.admin import ReadOnlyAdmin

from .models import Invitation


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who was asked into which workspace, and what became of it."""

    list_display = ("email", "workspace", "role", "sent_at", "expires_at", "accepted_at")
    list_filter = (
        "role",
        ("accepted_at", admin.EmptyFieldListFilter),
        ("revoked_at", admin.EmptyFieldListFilter),
        "created_at",
    )
    list_select_related = ("workspace",)
    search_fields = ("email", "workspace__name")
