"""The books for staff: to look at, to grant credits with a reason, to prove."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from unfold.decorators import action
from unfold.paginator import InfinitePaginator

from accounts.audit.admin import ReadOnlyAdmin, text_filter
from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.models import Workspace
from accounts.workspaces.requests import actor_of
from cursive.lib.errors import DomainError

from .checks import check_names, find_differences
from .forms import GrantForm
from .models import Account, Entry, Hold
from .operations import grant
from .queries import balance_of

WORKSPACE_FILTER = text_filter("workspace", "workspace's id", "workspace_id", UUID)
link_from_workspace("Credits", "admin:credits_account_changelist", "workspace")
link_from_workspace("Ledger", "admin:credits_entry_changelist", "workspace")


class BooksAdmin(ReadOnlyAdmin):
    """Large tables that nobody edits: newest first, no counting."""

    list_select_related = ("workspace",)
    list_filter_submit = True
    paginator = InfinitePaginator
    show_full_result_count = False


@admin.register(Account)
class AccountAdmin(BooksAdmin):
    """What each workspace has. Credits are granted here."""

    list_display = ("workspace", "balance", "held", "frozen", "created_at")
    list_filter = (WORKSPACE_FILTER, "frozen")
    search_fields = ("workspace__name",)
    ordering = ("-created_at", "id")
    actions_list = ("grant_credits", "check_ledger")

    @action(
        description="Grant credits",
        url_path="grant",
        icon="add_card",
        permissions=["grant"],
    )
    def grant_credits(self, request: HttpRequest) -> HttpResponse:
        """A form, the same to confirm, then the grant: once, however often it is sent."""
        workspace = request.GET.get("workspace", "")
        form = GrantForm(request.POST or None, initial={"workspace": workspace})
        ready = request.method == "POST" and form.is_valid()
        if ready and form.cleaned_data["confirmed"]:
            try:
                entry = _grant(request, form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, refusal.message)
            else:
                told = f"{entry.amount:,} credits granted to {form.cleaned_data['workspace']}."
                messages.success(request, told)
                return redirect(_entries_of(entry.workspace_id))
        context = self._context(request, "Grant credits", form=form)
        if ready and form.is_valid():
            balance = balance_of(form.cleaned_data["workspace"].id).available
            context |= {"balance": balance, "after": balance + form.cleaned_data["amount"]}
            return render(request, "credits/ledger/grant_confirm.html", context)
        return render(request, "credits/ledger/grant.html", context)

    @action(
        description="Check the ledger",
        url_path="check",
        icon="fact_check",
        permissions=["view"],
    )
    def check_ledger(self, request: HttpRequest) -> HttpResponse:
        """Prove the books of all workspaces, now, on a button (C-7)."""
        context = self._context(request, "Check the ledger", checks=check_names())
        if request.method == "POST":
            context["differences"] = find_differences()
            context["done"] = True
        return render(request, "credits/ledger/check.html", context)

    def has_grant_permission(self, request: HttpRequest) -> bool:
        """Who may add ledger entries may grant credits."""
        return bool(request.user.has_perm("credits.add_entry"))

    def _context(self, request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
        common = self.admin_site.each_context(request)
        return {**common, "title": title, "opts": self.model._meta, **more}


def _grant(request: HttpRequest, given: dict[str, Any]) -> Entry:
    actor = actor_of(request)
    workspace: Workspace = given["workspace"]
    return grant(
        workspace_id=workspace.id,
        amount=given["amount"],
        action="grant",
        reference=("user", actor.user_id),
        key=f"staff:{given['key']}",
        actor=actor,
        metadata={"reason": given["reason"], "staff": True},
    )


def _entries_of(workspace_id: UUID) -> str:
    return f"{reverse('admin:credits_entry_changelist')}?workspace={workspace_id}"


@admin.register(Entry)
class EntryAdmin(BooksAdmin):
    """Every change of credits, in all workspaces."""

    list_display = (
        "created_at",
        "workspace",
        "kind",
        "action",
        "amount",
        "balance_after",
        "reference",
        "actor_label",
    )
    list_filter = (
        WORKSPACE_FILTER,
        "kind",
        text_filter("did", "action", "action"),
        text_filter("reference", "reference's id", "reference_id"),
        text_filter("key", "idempotency key", "key"),
        "created_at",
    )
    ordering = ("-id",)

    @admin.display(description="Reference")
    def reference(self, entry: Entry) -> str:
        """What caused it."""
        return f"{entry.reference_kind} {entry.reference_id}"


@admin.register(Hold)
class HoldAdmin(BooksAdmin):
    """What running work keeps back."""

    list_display = (
        "created_at",
        "workspace",
        "action",
        "state",
        "amount",
        "captured",
        "released",
        "expires_at",
    )
    list_filter = (WORKSPACE_FILTER, "state", text_filter("did", "action", "action"), "created_at")
    ordering = ("-created_at", "-id")
