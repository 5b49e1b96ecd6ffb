"""The audit log for staff, and admin classes that write into it (A-7, A-9)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import GenericIPAddressField, Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.http.response import HttpResponseBase, StreamingHttpResponse
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin.text_filters import TextFilter
from unfold.paginator import InfinitePaginator

from accounts.workspaces.requests import actor_of
from cursive.lib.audit_port import record
from cursive.lib.tenancy import system_context

from .export import csv_lines, file_name
from .models import AuditEntry
from .operations import note_export
from .queries import EXPORT_BATCH, Pick


class ReadOnlyAdmin(ModelAdmin):
    """Staff may look, and nothing else."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """As usual, but an address must be one: the database takes no other for a comparison."""
        name = lookup.partition("__")[0]
        fields = {field.name: field for field in self.model._meta.get_fields()}
        if isinstance(fields.get(name), GenericIPAddressField):
            return lookup in (name, f"{name}__exact") and _is_address(value)
        return super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from the product."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows change by operations."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows go by operations."""
        return False


class AuditedAdmin(ModelAdmin):
    """Writes what staff change into the audit log, of the row's workspace where it has one."""

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """Save, and note the fields that changed."""
        super().save_model(request, obj, form, change)
        names = form.changed_data
        _note(
            request,
            obj,
            "update" if change else "create",
            old={name: form.initial.get(name) for name in names} if change else None,
            new={name: form.cleaned_data.get(name) for name in names},
        )

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete, and note what was deleted."""
        _note(request, obj, "delete", old={"name": str(obj)})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete several, each with its note."""
        for obj in queryset:
            self.delete_model(request, obj)


def _note(request: HttpRequest, obj: Model, action: str, **values: Any) -> None:
    record(
        action=action,
        resource=obj._meta.model_name or "",
        resource_id=obj.pk,
        actor=actor_of(request),
        workspace_id=getattr(obj, "workspace_id", None),
        severity="warning",
        **{side: _plain(given) for side, given in values.items()},
    )


def _plain(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Values that JSON can hold: rows become their names."""
    if values is None:
        return None
    return {
        name: [str(one) for one in value]
        if isinstance(value, QuerySet | list)
        else str(value)
        if isinstance(value, Model)
        else value
        for name, value in values.items()
    }


def _uuid(text: str) -> UUID:
    return UUID(text)


def read_moment(text: str) -> datetime:
    """A day's beginning or a time; UTC where it doesn't say otherwise."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def read_address(text: str) -> str:
    """An address as the database writes it; ValueError where it is none."""
    return str(ip_address(text))


def _is_address(text: str) -> bool:
    try:
        return bool(read_address(text))
    except ValueError:
        return False


def text_filter(
    name: str, label: str, lookup: str, read: Callable[[str], Any] = str
) -> type[TextFilter]:
    """A filter to type into; what can't be read finds nothing."""

    class TypedFilter(TextFilter):
        title = label
        parameter_name = name
        template = "accounts/audit/_text_filter.html"

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            """Rows that fit what was typed."""
            typed = (self.value() or "").strip()
            if not typed:
                return queryset
            try:
                return queryset.filter(**{lookup: read(typed.replace("\x00", ""))})
            except (ValueError, ValidationError):
                return queryset.none()

    return TypedFilter


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Everything that anybody did, in all workspaces."""

    list_display = (
        "created_at",
        "workspace_id",
        "actor_label",
        "action",
        "resource",
        "resource_id",
        "severity",
        "ip",
    )
    list_filter = (
        text_filter("from", "day or time, from", "created_at__gte", read_moment),
        text_filter("to", "day or time, before", "created_at__lt", read_moment),
        "severity",
        "actor_kind",
        text_filter("workspace", "workspace's id", "workspace_id", _uuid),
        text_filter("who", "who", "actor_label"),
        text_filter("user", "user's id", "user_id", _uuid),
        text_filter("key", "API key's id", "key_id", _uuid),
        text_filter("did", "action", "action"),
        text_filter("what", "resource", "resource"),
        text_filter("what_id", "resource's id", "resource_id"),
        text_filter("ip_address", "IP address", "ip", read_address),
        text_filter("agent", "user agent holds", "user_agent__contains"),
        text_filter("verb", "method", "method"),
        text_filter("path", "endpoint starts with", "endpoint__startswith"),
        text_filter("request", "request id", "request_id"),
        text_filter("old_value", "old value holds", "old__icontains"),
        text_filter("new_value", "new value holds", "new__icontains"),
    )
    list_filter_submit = True
    list_per_page = 100
    # The key is in order of time, and no count of millions of rows is needed to page.
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ("export_csv",)

    @admin.action(description="Export as CSV")
    def export_csv(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> HttpResponseBase:
        """The chosen entries, or all that the filters leave, as CSV."""
        note_export(workspace_id=None, actor=actor_of(request), pick=Pick())
        return StreamingHttpResponse(
            csv_lines(newest_batches(queryset, EXPORT_BATCH), workspace=True),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{file_name()}"'},
        )


def newest_batches(queryset: QuerySet[Any], size: int) -> Iterator[list[Any]]:
    """Newest first, a batch a query; each enters the system's context anew, being a stream."""
    last: int | None = None
    while True:
        with system_context():
            rest = queryset.order_by("-id")
            if last is not None:
                rest = rest.filter(id__lt=last)
            batch = list(rest[:size])
        yield batch
        if len(batch) < size:
            return
        last = batch[-1].id
