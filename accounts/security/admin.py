"""Security events for staff: all of them, with filters and CSV (A-8)."""

from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase, StreamingHttpResponse
from unfold.paginator import InfinitePaginator

from accounts.audit.admin import (
    ReadOnlyAdmin,
    newest_batches,
    read_address,
    read_moment,
    text_filter,
)
from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.requests import actor_of
from cursive.lib.audit_port import record

from .export import csv_lines, file_name
from .models import SecurityEvent
from .queries import EXPORT_BATCH

link_from_workspace("Security events", "admin:accounts_securityevent_changelist", "workspace")


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    """What may be an attack, in all workspaces and outside of them."""

    list_display = (
        "created_at",
        "kind_words",
        "risk",
        "workspace_id",
        "actor_label",
        "ip",
        "told",
    )
    list_filter = (
        text_filter("from", "day or time, from", "created_at__gte", read_moment),
        text_filter("to", "day or time, before", "created_at__lt", read_moment),
        "risk",
        text_filter("what", "kind", "kind"),
        text_filter("workspace", "workspace's id", "workspace_id", UUID),
        text_filter("who", "who", "actor_label"),
        text_filter("user", "user's id", "user_id", UUID),
        text_filter("key", "API key's id", "key_id", UUID),
        text_filter("ip_address", "IP address", "ip", read_address),
        text_filter("agent", "user agent holds", "user_agent__contains"),
        text_filter("verb", "method", "method"),
        text_filter("path", "endpoint starts with", "endpoint__startswith"),
        text_filter("request", "request id", "request_id"),
        text_filter("detail", "detail holds", "detail__icontains"),
    )
    list_filter_submit = True
    list_per_page = 100
    # The key is in order of time, and no count of millions of rows is needed to page.
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ("export_csv",)

    @admin.display(description="Kind", ordering="kind")
    def kind_words(self, event: SecurityEvent) -> str:
        """What happened, in words."""
        return event.kind_words

    @admin.display(description="Detail")
    def told(self, event: SecurityEvent) -> str:
        """What was noted of it."""
        return "; ".join(f"{name}: {text}" for name, text in event.details)

    @admin.action(description="Export as CSV")
    def export_csv(
        self, request: HttpRequest, queryset: QuerySet[SecurityEvent]
    ) -> HttpResponseBase:
        """The chosen events, or all that the filters leave, as CSV."""
        record(
            action="export",
            resource="security_events",
            resource_id="",
            actor=actor_of(request),
            severity="warning",
        )
        return StreamingHttpResponse(
            csv_lines(newest_batches(queryset, EXPORT_BATCH), workspace=True),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{file_name()}"'},
        )
