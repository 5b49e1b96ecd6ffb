"""The payouts' queue for staff: paid by hand, sent by Stripe, given up; many at once."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from unfold.decorators import action, display

from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.requests import actor_of
from credits.purchases.admin import WORKSPACE_FILTER, MoneyAdmin
from cursive.lib.errors import DomainError
from partners.program.models import Partner

from .forms import CancelForm, ReferenceForm
from .models import Payout
from .payouts import cancel_payout, mark_paid, plan_payouts, start_transfer

MOST_AT_ONCE = 200
LIST = "admin:partners_payout_changelist"
link_from_workspace("Payouts", LIST, "workspace")


@admin.register(Payout)
class PayoutAdmin(MoneyAdmin):
    """All payouts; those that wait for somebody come first by the filter on the state."""

    list_display = (
        "planned_at",
        "number",
        "workspace",
        "money",
        "state_label",
        "error",
        "account",
        "method",
        "reference",
        "paid_at",
    )
    list_filter = ("state", "method", WORKSPACE_FILTER, "planned_at")
    search_fields = ("workspace__name", "reference", "transfer_id")
    ordering = ("-planned_at", "-id")
    actions = ("pay_by_hand", "pay_by_stripe", "give_up")
    actions_list = ("plan_now",)
    nothing_yet = "Nobody has enough due yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payout]:
        """With the account that the partner has connected."""
        partners = Partner.objects.filter(workspace_id=OuterRef("workspace_id"))
        found: QuerySet[Payout] = super().get_queryset(request)
        return found.annotate(connected=Subquery(partners.values("stripe_account")))

    @display(
        description="State",
        ordering="state",
        label={"planned": "warning", "sending": "info", "paid": "success", "failed": "danger"},
    )
    def state_label(self, payout: Payout) -> tuple[str, str]:
        """The state, in its colour."""
        return payout.state, payout.get_state_display()

    @admin.display(description="Connected account")
    def account(self, payout: Any) -> str:
        """Where a transfer goes or went; nothing: by hand."""
        return payout.stripe_account or payout.connected or "–"

    def has_pay_permission(self, request: HttpRequest) -> bool:
        """Who may change payouts may pay them."""
        return bool(request.user.has_perm("partners.change_payout"))

    @action(description="Plan payouts now", url_path="plan", icon="event", permissions=["pay"])
    def plan_now(self, request: HttpRequest) -> HttpResponse:
        """What the night does: a payout for each partner who has enough due."""
        if request.method == "POST":
            planned = plan_payouts()
            messages.success(request, f"{planned} payouts are planned.")
            return redirect(LIST)
        context = self._context(request, "Plan payouts now")
        return render(request, "partners/commission/admin/plan.html", context)

    @admin.action(description="Mark as paid", permissions=["pay"])
    def pay_by_hand(self, request: HttpRequest, queryset: QuerySet[Payout]) -> HttpResponse | None:
        """Ask for the bank's reference, then note the chosen ones as paid."""

        def pay(payout: Payout, given: dict[str, Any]) -> str:
            mark_paid(payout_id=payout.id, reference=given["reference"], actor=actor_of(request))
            return f"{payout.number} is paid."

        return self._confirmed(request, queryset, "pay_by_hand", "Mark as paid", ReferenceForm, pay)

    @admin.action(description="Send by Stripe", permissions=["pay"])
    def pay_by_stripe(
        self, request: HttpRequest, queryset: QuerySet[Payout]
    ) -> HttpResponse | None:
        """Show what would be sent, then have the chosen ones sent."""

        def send(payout: Payout, given: dict[str, Any]) -> str:
            start_transfer(payout_id=payout.id, actor=actor_of(request))
            return f"{payout.number} is on its way."

        return self._confirmed(request, queryset, "pay_by_stripe", "Send by Stripe", None, send)

    @admin.action(description="Give up, so that the money is due again", permissions=["pay"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[Payout]) -> HttpResponse | None:
        """Ask why, then give the chosen ones up."""

        def cancel(payout: Payout, given: dict[str, Any]) -> str:
            cancel_payout(payout_id=payout.id, reason=given["reason"], actor=actor_of(request))
            return f"{payout.number} is given up; its money is due again."

        return self._confirmed(request, queryset, "give_up", "Give up", CancelForm, cancel)

    def _confirmed(
        self,
        request: HttpRequest,
        queryset: QuerySet[Payout],
        name: str,
        title: str,
        form_class: type[forms.Form] | None,
        act: Callable[[Payout, dict[str, Any]], str],
    ) -> HttpResponse | None:
        """A page that lists the chosen payouts with a form; then `act` on each."""
        chosen = list(queryset.order_by("planned_at", "id")[:MOST_AT_ONCE])
        sent = "confirmed" in request.POST
        form = (form_class or forms.Form)(request.POST if sent else None)
        if sent and form.is_valid():
            self._act(request, chosen, act, form.cleaned_data)
            return None
        context = self._context(request, title) | {
            "payouts": chosen,
            "total": sum(payout.cents for payout in chosen),
            "form": form,
            "action": name,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return render(request, "partners/commission/admin/confirm.html", context)

    def _act(
        self,
        request: HttpRequest,
        chosen: Sequence[Payout],
        act: Callable[[Payout, dict[str, Any]], str],
        given: dict[str, Any],
    ) -> None:
        for payout in chosen:
            try:
                messages.success(request, act(payout, given))
            except DomainError as refusal:
                messages.error(request, refusal.message)

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        common = self.admin_site.each_context(request)
        return {**common, "title": title, "opts": self.opts, "back": reverse(LIST)}
