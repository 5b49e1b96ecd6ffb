"""Users, workspaces and memberships for staff."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from accounts.audit.admin import AuditedAdmin, ReadOnlyAdmin

from .models import Membership, User, Workspace

# What other apps keep for a workspace: (label, name of their change list, its query parameter).
_links: list[tuple[str, str, str]] = []


def link_from_workspace(
    label: str, changelist: str, parameter: str = "workspace__id__exact"
) -> None:
    """Have a workspace's page link to an admin list of yours, filtered by the workspace."""
    _links.append((label, changelist, parameter))


class _MembershipInline(TabularInline):
    model = Membership
    fields = readonly_fields = ("user", "role", "created_at")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People join by invitation."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Roles change on the workspace's own page."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """With the people's names."""
        return super().get_queryset(request).select_related("user")


class _UserMembershipInline(_MembershipInline):
    fields = readonly_fields = ("workspace", "role", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """With the workspaces' names."""
        return super().get_queryset(request).select_related("workspace")


@admin.register(Workspace)
class WorkspaceAdmin(AuditedAdmin):
    """The tenants. They are made by signing up, and deleted by their owners."""

    list_display = ("name", "people", "country", "created_at", "deleted_at")
    list_filter = ("country", "created_at", ("deleted_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "id")
    date_hierarchy = "created_at"
    fields = (
        "name",
        "time_zone",
        "country",
        "low_credit_threshold",
        "id",
        "created_at",
        "deleted_at",
        "elsewhere",
    )
    readonly_fields = ("id", "created_at", "deleted_at", "elsewhere")
    inlines = (_MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workspace]:
        """With the number of people in each."""
        people = (
            Membership.objects.filter(workspace=OuterRef("pk"))
            .order_by()
            .values("workspace")
            .annotate(number=Count("*"))
            .values("number")
        )
        return super().get_queryset(request).annotate(people=Subquery(people))

    @admin.display(description="People", ordering="people")
    def people(self, workspace: Workspace) -> int:
        """How many people are in it."""
        return getattr(workspace, "people", None) or 0

    @admin.display(description="More of this workspace")
    def elsewhere(self, workspace: Workspace) -> SafeString:
        """Links to what other apps keep for it."""
        found = []
        for label, changelist, parameter in _links:
            try:
                query = urlencode({parameter: workspace.pk})
                found.append((f"{reverse(changelist)}?{query}", label))
            except NoReverseMatch:
                continue
        return format_html_join(" · ", '<a href="{}">{}</a>', found) or SafeString("-")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Workspaces are made by people who sign up."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deleting takes 30 days and is the owner's to ask for."""
        return False


class _UserForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("name", "is_active", "is_staff", "is_superuser", "groups")


@admin.register(User)
class UserAdmin(AuditedAdmin):
    """People. They sign up, confirm their address and choose their password by themselves."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined", "last_login")
    search_fields = ("email", "name", "id")
    ordering = ("-date_joined",)
    fields = (
        "email",
        "name",
        "is_active",
        "is_staff",
        "is_superuser",
        "groups",
        "id",
        "date_joined",
        "last_login",
    )
    readonly_fields = ("email", "id", "date_joined", "last_login")
    filter_horizontal = ("groups",)
    form = _UserForm
    inlines = (_UserMembershipInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Rights are given by superusers only, and nobody takes away their own."""
        user = request.user
        rights = ("is_staff", "is_superuser", "groups")
        if not getattr(user, "is_superuser", False):
            return (*self.readonly_fields, *rights)
        own = ("is_active", *rights) if obj is not None and obj.pk == user.pk else ()
        return (*self.readonly_fields, *own)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only superusers change staff."""
        allowed: bool = super().has_change_permission(request, obj)
        is_super = getattr(request.user, "is_superuser", False)
        return allowed and (is_super or obj is None or not obj.is_staff)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People sign up; the first staff are made by `manage.py createsuperuser`."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are switched off; what they did must keep its author."""
        return False


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who is in which workspace."""

    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role", "created_at")
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "workspace__name")
