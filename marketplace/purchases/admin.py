"""Orders for staff to look at, and reports of bad leads for them to decide (M-5)."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from accounts.audit.admin import ReadOnlyAdmin, text_filter
from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.models import Workspace
from accounts.workspaces.requests import actor_of
from cursive.lib.audit_port import record
from cursive.lib.errors import DomainError
from cursive.lib.ui.formatting import format_cents, format_datetime
from marketplace.listings.models import ListingPerson

from .models import LeadReport, Order
from .reports import decide_report
from .standing import counts_of, in_words

LINK = "font-medium text-primary-600 dark:text-primary-500"
WORKSPACE_FILTER = text_filter("workspace", "workspace's id", "workspace_id", UUID)
LIST = "admin:marketplace_leadreport_changelist"
PAGE = "admin:marketplace_leadreport_change"
ACCEPT = "admin:marketplace_leadreport_accept"
DECLINE = "admin:marketplace_leadreport_decline"
# What staff see of a person, to compare it with what the buyer says.
NAMES = ("first_name", "last_name")
SHOWN = ("title", "company_name", "email", "phone", "linkedin_url")
link_from_workspace("Marketplace orders", "admin:marketplace_order_changelist", "workspace")
link_from_workspace("Reported leads", LIST, "workspace")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """What was bought in the marketplace."""

    list_display = ("created_at", "workspace", "number", "leads", "credits", "money", "not_bought")
    list_select_related: Any = ("workspace",)
    list_filter = (WORKSPACE_FILTER, "created_at")
    list_filter_submit = True
    paginator = InfinitePaginator
    show_full_result_count = False
    ordering = ("-created_at", "-id")

    @admin.display(description="Prices")
    def money(self, order: Order) -> str:
        """The sellers' prices."""
        return format_cents(order.cents)

    @admin.display(description="Left out")
    def not_bought(self, order: Order) -> str:
        """Why listings were left out."""
        return in_words(counts_of(order.left_out)) or "–"


@admin.register(LeadReport)
class LeadReportAdmin(ReadOnlyAdmin):
    """What buyers report; one click on a report's page decides it."""

    list_display = ("created_at", "workspace", "reason", "state_label", "verdict", "decided_by")
    list_select_related: Any = ("workspace",)
    list_filter = ("state", "reason", WORKSPACE_FILTER, "created_at")
    list_filter_submit = True
    paginator = InfinitePaginator
    show_full_result_count = False
    ordering = ("-created_at", "-id")
    change_form_outer_before_template = "marketplace/purchases/admin/_decide.html"
    fields = readonly_fields = (
        *("workspace", "created_at", "reported_by", "reason", "note", "sold_as", "seller"),
        *("price", "bought_at", "verdict", "state", "answer", "decided_by_label", "decided_at"),
    )

    @display(
        description="State",
        ordering="state",
        label={"open": "warning", "checking": "info", "accepted": "success", "declined": "info"},
    )
    def state_label(self, report: LeadReport) -> tuple[str, str]:
        """The state, in its colour."""
        return report.state, report.get_state_display()

    @admin.display(description="Decided by")
    def decided_by(self, report: LeadReport) -> str:
        """Who decided, where somebody did."""
        return report.decided_by_label or "–"

    @admin.display(description="Reported by")
    def reported_by(self, report: LeadReport) -> str:
        """Who of the workspace, or which key."""
        return report.created_by_label

    @admin.display(description="Sold as")
    def sold_as(self, report: LeadReport) -> str:
        """Who the seller said that the person is."""
        found = ListingPerson.objects.filter(listing_id=report.line.listing_id).first()
        if found is None:
            return "The listing is no longer there."
        known = {name: str(found.record.get(name) or "") for name in (*NAMES, *SHOWN)}
        name = " ".join(filter(None, (known[part] for part in NAMES)))
        return ", ".join(filter(None, (name, *(known[each] for each in SHOWN))))

    @admin.display(description="Seller's workspace")
    def seller(self, report: LeadReport) -> str:
        """Whose listing it was, with the way to them."""
        found = Workspace.objects.filter(id=report.line.seller_id).first()
        if found is None:
            return f"Deleted since ({report.line.seller_id})"
        address = reverse("admin:accounts_workspace_change", args=[found.pk])
        return format_html('<a class="{}" href="{}">{}</a>', LINK, address, found.name)

    @admin.display(description="Price")
    def price(self, report: LeadReport) -> str:
        """What goes back when it is accepted."""
        return f"{report.line.credits:,} credits ({format_cents(report.line.cents)})"

    @admin.display(description="Bought")
    def bought_at(self, report: LeadReport) -> str:
        """When the lead was bought."""
        return format_datetime(report.line.created_at)

    def get_urls(self) -> list[URLPattern]:
        """With the addresses that decide."""
        view = self.admin_site.admin_view
        return [
            path(
                "<uuid:report_id>/acceptance/",
                view(require_POST(self.accept)),
                name="marketplace_leadreport_accept",
            ),
            path(
                "<uuid:report_id>/refusal/",
                view(require_POST(self.decline)),
                name="marketplace_leadreport_decline",
            ),
            *super().get_urls(),
        ]

    def accept(self, request: HttpRequest, report_id: UUID) -> HttpResponse:
        """Give the credits back."""
        return self._decide(request, report_id, accepted=True)

    def decline(self, request: HttpRequest, report_id: UUID) -> HttpResponse:
        """Leave the sale as it is."""
        return self._decide(request, report_id, accepted=False)

    def _decide(self, request: HttpRequest, report_id: UUID, *, accepted: bool) -> HttpResponse:
        if not self._may(request):
            raise PermissionDenied
        report = self.get_object(request, str(report_id))
        if report is None:
            raise Http404
        try:
            decide_report(
                workspace_id=report.workspace_id,
                report_id=report.id,
                accepted=accepted,
                actor=actor_of(request),
                answer=request.POST.get("answer", ""),
            )
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            said = "Accepted: the credits went back." if accepted else "Declined."
            self.message_user(request, f"{said} The buyer is told by mail.", messages.SUCCESS)
        return redirect(PAGE, report_id)

    def _may(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("marketplace.change_leadreport"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One report with who was sold, which is noted as looked at; and the buttons."""
        context = dict(extra_context or {})
        report = self.get_object(request, object_id)
        if report is not None and self.has_view_permission(request, report):
            record(
                action="view",
                resource="lead_report",
                resource_id=report.pk,
                actor=actor_of(request),
                workspace_id=report.workspace_id,
            )
            if self._may(request) and report.can_be_accepted:
                context["accept_url"] = reverse(ACCEPT, args=[report.pk])
                if not report.is_decided:
                    context["decline_url"] = reverse(DECLINE, args=[report.pk])
        return super().change_view(request, object_id, form_url, context)
