"""Partners for staff: who applied and why, and what is decided about them (P-1)."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.decorators import display

from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.requests import actor_of
from credits.purchases.admin import DecidedAdmin

from . import operations
from .forms import PartnerDecisionForm
from .models import Partner

link_from_workspace("As a partner", "admin:partners_partner_changelist")

DECIDE: dict[str, Callable[..., Partner]] = {
    "approve": operations.approve_partner,
    "reject": operations.reject_partner,
    "suspend": operations.suspend_partner,
    "reinstate": operations.reinstate_partner,
}
LABELS = {"applied": "warning", "approved": "success", "rejected": "danger", "suspended": "danger"}


class PartnerAdmin(DecidedAdmin):
    """Applications and partners. The form of a decision shows what was said, and confirms it.

    `commission.admin` registers it, with what each of them sells.
    """

    list_display: tuple[str, ...] = (
        "company",
        "workspace",
        "status_label",
        "tax_country",
        "applied_at",
        "decision",
    )
    list_filter = ("status", "tax_country", "applied_at")
    search_fields = ("company", "website", "workspace__name", "stripe_account")
    ordering = ("-applied_at", "-id")
    decision_title = "Decide"

    @display(description="State", label=LABELS, ordering="status")
    def status_label(self, partner: Partner) -> tuple[str, str]:
        """The state, in its colour."""
        return partner.status, partner.get_status_display()

    def is_open(self, row: Partner) -> bool:
        """There is always something that staff may decide."""
        return True

    def facts(self, row: Partner) -> list[tuple[str, object]]:
        """What was said, and how it stands."""
        return [
            ("Company", row.company),
            ("Workspace", row.workspace),
            ("Website", row.website or "none given"),
            ("Pays tax in", row.get_tax_country_display()),
            ("Where leads come from", row.sources),
            ("How consent was had", row.consent),
            ("Applied", f"{row.applied_at:%Y-%m-%d %H:%M} UTC by {row.applied_by or 'nobody'}"),
            ("State", f"{row.get_status_display()} {row.status_reason}".strip()),
            ("Decided by", row.decided_by_label or "nobody yet"),
            (
                "We check",
                f"{row.checks_a_day:,} addresses in 24 hours, {row.checks_at_once} files at a time",
            ),
        ]

    def make_form(self, request: HttpRequest, row: Partner) -> forms.Form:
        """With what can be decided as it stands."""
        names = ("stripe_account", "checks_a_day", "checks_at_once")
        given = {name: getattr(row, name) for name in names}
        return PartnerDecisionForm(request.POST or None, status=row.status, initial=given)

    def decide(self, request: HttpRequest, row: Partner, given: dict[str, Any]) -> str:
        """Do it; the applicant is mailed."""
        decision, actor = given["decision"], actor_of(request)
        if decision == "account":
            operations.set_stripe_account(
                partner_id=row.pk, account_id=given["stripe_account"], actor=actor
            )
            return f"{row.company}: the connected account is set."
        if decision == "limits":
            operations.set_checking_limits(
                partner_id=row.pk,
                checks_a_day=given["checks_a_day"],
                checks_at_once=given["checks_at_once"],
                actor=actor,
            )
            return f"{row.company}: the limits are set."
        said = {"reason": given["reason"]} if decision in {"reject", "suspend"} else {}
        partner = DECIDE[decision](partner_id=row.pk, actor=actor, **said)
        return f"{partner.company}: {partner.get_status_display().lower()}. They are mailed."
