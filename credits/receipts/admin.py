"""Mail about money, for staff to look at."""

from uuid import UUID

from django.contrib import admin

from accounts.audit.admin import ReadOnlyAdmin, text_filter
from accounts.workspaces.admin import link_from_workspace

from .models import PaymentMail

link_from_workspace("Receipts", "admin:credits_paymentmail_changelist", "workspace")


@admin.register(PaymentMail)
class PaymentMailAdmin(ReadOnlyAdmin):
    """What was sent, to whom, and what could not be sent."""

    list_display = ("created_at", "workspace", "subject", "state", "attempts", "sent_at", "error")
    list_select_related = ("workspace",)
    list_filter = (
        text_filter("workspace", "workspace's id", "workspace_id", UUID),
        "state",
        "kind",
        "created_at",
    )
    list_filter_submit = True
    ordering = ("-created_at", "-id")
