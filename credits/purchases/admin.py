"""Purchases for staff: to look at; and what waits for their decision: debts, disputes, differences.

A decision is a form with a reason, at an address of its row, and one operation.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from accounts.audit.admin import ReadOnlyAdmin, text_filter
from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.requests import actor_of
from cursive.lib.errors import DomainError
from cursive.lib.ui.formatting import format_cents

from .disputes import credits_at_stake, decide_dispute
from .forms import DecisionForm, OwedForm, ReasonForm
from .models import AutoReload, CreditPurchase, Dispute, Reversal, StripeDifference
from .reconciliation import accept_difference
from .refunds import collect_owed, waive_owed

WORKSPACE_FILTER = text_filter("workspace", "workspace's id", "workspace_id", UUID)
link_from_workspace("Purchases", "admin:credits_creditpurchase_changelist", "workspace")
link_from_workspace("Credits owed", "admin:credits_reversal_changelist", "workspace")
link_from_workspace("Disputes", "admin:credits_dispute_changelist", "workspace")


class MoneyAdmin(ReadOnlyAdmin):
    """Rows about money, newest first; nobody edits them."""

    list_select_related: Any = ("workspace",)
    list_filter_submit = True
    paginator = InfinitePaginator
    show_full_result_count = False

    @admin.display(description="Amount")
    def money(self, row: Any) -> str:
        """The cents as dollars."""
        return format_cents(row.cents)


class DecidedAdmin(MoneyAdmin):
    """Rows that wait for a decision: `decision_form` is asked, `decide` does it."""

    decision_form: type[forms.Form] = ReasonForm
    decision_title = "Decide"
    change_form_outer_before_template = "credits/purchases/admin/_decide.html"

    def is_open(self, row: Any) -> bool:
        """Whether it still waits."""
        raise TypeError(f"{type(self).__name__} doesn't say when it still waits")

    def facts(self, row: Any) -> list[tuple[str, object]]:
        """What staff should know while they decide."""
        raise TypeError(f"{type(self).__name__} doesn't say what staff should know")

    def make_form(self, request: HttpRequest, row: Any) -> forms.Form:
        """The form of a row, with what was sent."""
        return self.decision_form(request.POST or None)

    def decide(self, request: HttpRequest, row: Any, given: dict[str, Any]) -> str:
        """Do it; what is said then. Raises a `DomainError`."""
        raise TypeError(f"{type(self).__name__} doesn't say how to decide")

    @admin.display(description="")
    def decision(self, row: Any) -> SafeString:
        """The link to the form."""
        if not self.is_open(row):
            return SafeString("")
        return format_html(
            '<a class="font-medium text-primary-600 dark:text-primary-500" href="{}">{}</a>',
            self._address(row.pk),
            self.decision_title,
        )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may change the rows may decide."""
        name = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return bool(request.user.has_perm(name))

    def get_urls(self) -> list[URLPattern]:
        """With the address of the form."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_decision"
        page = self.admin_site.admin_view(self.decision_page)
        return [path("<str:object_id>/decision/", page, name=name), *super().get_urls()]

    def decision_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form, and what follows when it is sent."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        form = self.make_form(request, row)
        if request.method == "POST" and form.is_valid():
            try:
                self.message_user(request, self.decide(request, row, form.cleaned_data))
                return redirect(self._list())
            except DomainError as refusal:
                form.add_error(None, refusal.message)
        if not self.is_open(row) and request.method != "POST":
            self.message_user(request, "This is decided already.", messages.WARNING)
            return redirect(self._list())
        context = {
            **self.admin_site.each_context(request),
            "title": self.decision_title,
            "opts": self.opts,
            "row": row,
            "facts": self.facts(row),
            "form": form,
            "back": self._list(),
        }
        return render(request, "credits/purchases/admin/decision.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One row; with a link to the form while it is open."""
        row = self.get_object(request, object_id)
        waits = row is not None and self.is_open(row) and self.has_decide_permission(request)
        context = {
            "decision_url": self._address(object_id) if waits else "",
            "decision_title": self.decision_title,
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def _address(self, object_id: object) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_decision"
        return reverse(name, args=[object_id])

    def _list(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


@admin.register(CreditPurchase)
class CreditPurchaseAdmin(MoneyAdmin):
    """Everything that anybody bought, or nearly."""

    list_display = (
        "created_at",
        "workspace",
        "package_name",
        "credits",
        "money",
        "state_label",
        "source",
        "paid_at",
        "payment_intent_id",
    )
    list_filter = (
        "state",
        "source",
        WORKSPACE_FILTER,
        text_filter("payment", "payment intent", "payment_intent_id"),
        text_filter("session", "checkout session", "session_id"),
        "created_at",
    )
    ordering = ("-created_at", "-id")

    @display(
        description="State",
        ordering="state",
        label={"paid": "success", "pending": "info", "failed": "danger", "refunded": "warning"},
    )
    def state_label(self, purchase: CreditPurchase) -> tuple[str, str]:
        """The state, in its colour."""
        return purchase.state, purchase.get_state_display()


@admin.register(Reversal)
class ReversalAdmin(DecidedAdmin):
    """Credits that went back with their money, and what of them is owed (C-12)."""

    list_display = (
        "created_at",
        "workspace",
        "cause",
        "money",
        "credits",
        "taken",
        "still_owed",
        "state",
        "decision",
    )
    list_filter = ("state", "cause", WORKSPACE_FILTER, "created_at")
    ordering = ("-created_at", "-id")
    decision_form = OwedForm

    @admin.display(description="Owed")
    def still_owed(self, reversal: Reversal) -> str:
        """What is still owed."""
        return f"{reversal.owed:,}"

    def is_open(self, row: Reversal) -> bool:
        """Whether something is owed."""
        return row.state == Reversal.State.OWED

    def facts(self, row: Reversal) -> list[tuple[str, object]]:
        """Whose, how much, and why."""
        return [
            ("Workspace", row.workspace),
            ("Why", f"{row.get_cause_display()} {row.stripe_id} of {format_cents(row.cents)}"),
            ("Credits to go back", row.credits),
            ("Taken so far", row.taken),
            ("Owed", row.owed),
        ]

    def decide(self, request: HttpRequest, row: Reversal, given: dict[str, Any]) -> str:
        """Take it from the balance, or let it go."""
        operation: Callable[..., Reversal] = (
            collect_owed if given["decision"] == "collect" else waive_owed
        )
        after = operation(
            workspace_id=row.workspace_id,
            reversal_id=row.id,
            actor=actor_of(request),
            reason=given["reason"],
        )
        return f"{after.taken - row.taken:,} credits were taken; {after.owed:,} are owed."


@admin.register(Dispute)
class DisputeAdmin(DecidedAdmin):
    """Disputed payments. Their workspaces spend nothing until it is decided (C-12)."""

    list_display = (
        "opened_at",
        "workspace",
        "money",
        "reason",
        "status",
        "decision_label",
        "decided_by",
        "decision_link",
    )
    list_filter = (("decision", admin.AllValuesFieldListFilter), WORKSPACE_FILTER, "opened_at")
    ordering = ("-opened_at", "-id")
    decision_form = DecisionForm
    decision_title = "Decide the dispute"

    @display(
        description="Spending",
        label={"": "danger", "resume": "success", "take_back": "success"},
    )
    def decision_label(self, dispute: Dispute) -> tuple[str, str]:
        """Whether the workspace is frozen by it."""
        return dispute.decision, dispute.get_decision_display() or "Frozen"

    @admin.display(description="")
    def decision_link(self, dispute: Dispute) -> SafeString:
        """The link to the form."""
        return self.decision(dispute)

    def is_open(self, row: Dispute) -> bool:
        """Whether nobody has decided."""
        return not row.decision

    def facts(self, row: Dispute) -> list[tuple[str, object]]:
        """Whose, how much, and how it stands at Stripe."""
        return [
            ("Workspace", row.workspace),
            ("Amount", format_cents(row.cents)),
            ("Dispute", row.stripe_id),
            ("The bank's reason", row.reason),
            ("State at Stripe", row.status),
            ("Credits that can go back", credits_at_stake(row)),
        ]

    def make_form(self, request: HttpRequest, row: Dispute) -> forms.Form:
        """Without the choice to take credits back where there are none."""
        # What is decided is refused for that, whatever was chosen.
        may = not self.is_open(row) or credits_at_stake(row) > 0
        return DecisionForm(request.POST or None, can_take_back=may)

    def decide(self, request: HttpRequest, row: Dispute, given: dict[str, Any]) -> str:
        """Let it spend again, with or without the credits."""
        decide_dispute(
            workspace_id=row.workspace_id,
            dispute_id=row.id,
            decision=given["decision"],
            reason=given["reason"],
            actor=actor_of(request),
        )
        return "Decided."


@admin.register(AutoReload)
class AutoReloadAdmin(MoneyAdmin):
    """Who buys by itself, under which balance."""

    list_display = ("workspace", "enabled", "threshold", "package_code", "paid_with", "off_reason")
    list_filter = ("enabled", WORKSPACE_FILTER)
    ordering = ("-id",)
    exclude = ("payment_method",)


@admin.register(StripeDifference)
class StripeDifferenceAdmin(DecidedAdmin):
    """Where our books and Stripe's disagree (C-7). Nothing is mended by itself."""

    list_display = (
        "first_seen_at",
        "what",
        "subject",
        "about_workspace",
        "expected",
        "found",
        "last_seen_at",
        "gone_at",
        "accepted_at",
        "decision",
    )
    list_select_related = False
    list_filter = (("gone_at", admin.EmptyFieldListFilter), "what", "first_seen_at")
    ordering = ("-first_seen_at", "-id")
    decision_title = "Leave it so"

    def is_open(self, row: StripeDifference) -> bool:
        """Whether it is still there, and nobody has said that it may be."""
        return row.gone_at is None and row.accepted_at is None

    def facts(self, row: StripeDifference) -> list[tuple[str, object]]:
        """What differs."""
        return [
            ("What", row.what),
            ("About", row.subject),
            ("Workspace", row.about_workspace or "unknown"),
            ("At Stripe", row.expected),
            ("Here", row.found),
        ]

    def decide(self, request: HttpRequest, row: StripeDifference, given: dict[str, Any]) -> str:
        """Note that staff have seen to it."""
        accept_difference(
            difference_id=row.pk,
            actor=actor_of(request),
            reason=given["reason"],
        )
        return "Noted. It is not counted as a difference any more."
