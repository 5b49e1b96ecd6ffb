"""Charges for calls past the limit, for staff: what failed says why, and is tried again."""

from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from accounts.audit.admin import ReadOnlyAdmin, text_filter
from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.requests import actor_of
from cursive.lib.errors import DomainError

from .models import OverageCharge
from .operations import retry_charge

LABELS = {"failed": "danger", "due": "warning", "billed": "success", "running": "info"}
MOST_AT_ONCE = 10
link_from_workspace("Overage", "admin:credits_overagecharge_changelist", "workspace")


@admin.register(OverageCharge)
class OverageChargeAdmin(ReadOnlyAdmin):
    """Every period's calls past the limit, newest first."""

    list_display = (
        "period",
        "workspace",
        "state_label",
        "calls",
        "over",
        "cents",
        "attempts",
        "error",
        "invoice_id",
    )
    list_select_related = ("workspace", "period")
    list_filter = (
        "state",
        text_filter("workspace", "workspace's id", "workspace_id", UUID),
        text_filter("invoice", "invoice's id", "invoice_id"),
        "counted_at",
    )
    list_filter_submit = True
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ("try_again",)

    @display(description="State", label=LABELS, ordering="state")
    def state_label(self, charge: OverageCharge) -> tuple[str, str]:
        """The state, in its colour."""
        return charge.state, charge.get_state_display()

    @admin.action(description="Try again")
    def try_again(self, request: HttpRequest, queryset: QuerySet[OverageCharge]) -> None:
        """Invoice the chosen failed charges now."""
        for charge in queryset.filter(state=OverageCharge.State.FAILED)[:MOST_AT_ONCE]:
            try:
                done = retry_charge(charge_id=charge.id, actor=actor_of(request))
            except DomainError as refusal:
                messages.error(request, refusal.message)
                continue
            if done:
                messages.success(request, f"Invoiced: {charge}.")
            else:
                messages.error(request, f"Failed again: {charge}.")
