"""Sign-in for staff: the admin's own login gives way to ours, and secrets stay out of sight."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.admin import EmailAddressAdmin as PlainEmailAddressAdmin
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as PlainGroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.audit.admin import AuditedAdmin
from accounts.workspaces.requests import actor_of

from . import events


def _password_change(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    return redirect("account_change_password")


def _logout(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    if request.method == "POST":
        get_adapter(request).logout(request)
    return redirect("account_login")


# One door for everybody, with its limits, second factor and log.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.password_change = _password_change  # type: ignore[method-assign,assignment]
admin.site.logout = _logout  # type: ignore[method-assign,assignment]

for model in (EmailAddress, Authenticator, Group):
    admin.site.unregister(model)


@admin.register(EmailAddress)
class EmailAddressAdmin(AuditedAdmin, PlainEmailAddressAdmin):
    """Addresses of people; changing one is theirs, confirming one by hand may be ours."""

    readonly_fields = ("user", "email", "primary")
    raw_id_fields = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People add their addresses."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People remove their addresses."""
        return False


@admin.register(Authenticator)
class AuthenticatorAdmin(AuditedAdmin):
    """Second factors. Taking one away helps somebody who has lost it; superusers only."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type", "created_at", "last_used_at")
    search_fields = ("user__email",)
    fields = ("user", "type", "created_at", "last_used_at")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People set up their second factors."""
        return False

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        """Take it away; whose it was, their owners will see it."""
        who, user, type_ = actor_of(request), obj.user, str(obj.type)
        super().delete_model(request, obj)
        events.factor_removed_by_staff(who, user, type_)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers only."""
        return bool(getattr(request.user, "is_superuser", False))


@admin.register(Group)
class GroupAdmin(AuditedAdmin, PlainGroupAdmin):
    """Rights of staff by group."""

    filter_horizontal = ()  # two lists side by side, which are too wide and say nothing by voice
