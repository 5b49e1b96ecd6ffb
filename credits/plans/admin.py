"""Subscriptions, their periods and invoices, for staff to look at."""

from uuid import UUID

from django.contrib import admin
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from accounts.audit.admin import ReadOnlyAdmin, text_filter
from accounts.workspaces.admin import link_from_workspace

from .models import Invoice, Period, Subscription

WORKSPACE_FILTER = text_filter("workspace", "workspace's id", "workspace_id", UUID)
link_from_workspace("Subscriptions", "admin:credits_subscription_changelist", "workspace")


class MirrorAdmin(ReadOnlyAdmin):
    """What Stripe says; it is changed there."""

    list_select_related: tuple[str, ...] = ("workspace",)
    list_filter_submit = True
    paginator = InfinitePaginator
    show_full_result_count = False


@admin.register(Subscription)
class SubscriptionAdmin(MirrorAdmin):
    """Every subscription, newest first."""

    list_display = (
        "workspace",
        "plan",
        "state",
        "period_start",
        "period_end",
        "cancel_at",
        "past_due_since",
        "double_of",
        "stripe_id",
    )
    list_select_related = ("workspace", "plan")
    list_filter = (
        "status",
        "plan",
        ("double_of", admin.EmptyFieldListFilter),
        WORKSPACE_FILTER,
        text_filter("stripe", "Stripe's id", "stripe_id"),
        text_filter("customer", "customer's id", "customer_id"),
        "started_at",
    )
    ordering = ("-started_at", "-id")

    @display(
        description="State",
        ordering="status",
        label={"active": "success", "past_due": "warning", "unpaid": "danger", "canceled": "info"},
    )
    def state(self, subscription: Subscription) -> tuple[str, str]:
        """The state, in its colour."""
        return subscription.status, subscription.get_status_display()


@admin.register(Period)
class PeriodAdmin(MirrorAdmin):
    """Every period of a subscription, and whether its credits were granted."""

    list_display = ("workspace", "plan", "start", "end", "granted_at", "prorated_at", "invoice_id")
    list_select_related = ("workspace", "plan")
    list_filter = (
        ("granted_at", admin.EmptyFieldListFilter),
        "plan",
        WORKSPACE_FILTER,
        text_filter("subscription", "subscription at Stripe", "subscription__stripe_id"),
        "start",
    )
    ordering = ("-start", "-id")


@admin.register(Invoice)
class InvoiceAdmin(MirrorAdmin):
    """Every invoice for a plan, or for calls past its limit."""

    list_display = ("created_at", "workspace", "description", "cents", "state", "stripe_id")
    list_filter = (
        "state",
        WORKSPACE_FILTER,
        text_filter("stripe", "Stripe's id", "stripe_id"),
        "created_at",
    )
    ordering = ("-created_at", "-id")
