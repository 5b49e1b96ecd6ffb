"""What staff see of API usage: the counts that bills rest on, and the days."""

from django.contrib import admin

from accounts.workspaces.admin import link_from_workspace
from credits.ledger.admin import WORKSPACE_FILTER, BooksAdmin

from .models import DailyUsage, UsageCount

link_from_workspace("API usage", "admin:credits_dailyusage_changelist", "workspace")


@admin.register(UsageCount)
class UsageCountAdmin(BooksAdmin):
    """Calls of each period, by the process that counted them; newest period first."""

    list_display = ("period_start", "workspace", "calls", "source", "updated_at")
    list_filter = (WORKSPACE_FILTER, "period_start")
    ordering = ("-period_start", "-id")


@admin.register(DailyUsage)
class DailyUsageAdmin(BooksAdmin):
    """Calls of each day by endpoint, newest first."""

    list_display = (
        "day",
        "workspace",
        "endpoint",
        "calls",
        "errors",
        "refused",
        "p50_ms",
        "p95_ms",
    )
    list_filter = (WORKSPACE_FILTER, "day")
    ordering = ("-day", "-id")
