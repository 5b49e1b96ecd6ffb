"""Business profiles for staff."""

from django.contrib import admin

from accounts.audit.admin import ReadOnlyAdmin

from .models import BusinessProfile


@admin.register(BusinessProfile)
class BusinessProfileAdmin(ReadOnlyAdmin):
    """What workspaces sell and to whom."""

    list_display = ("name", "workspace", "sells", "is_default", "updated_at")
    list_filter = ("is_default", "tone", "updated_at")
    list_select_related = ("workspace",)
    search_fields = ("name", "sells", "workspace__name")
