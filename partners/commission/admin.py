"""Partners' money for staff: who sells how much and how well, terms, books, sold leads."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, F, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from accounts.audit.admin import text_filter
from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.requests import actor_of
from credits.purchases.admin import DecidedAdmin, MoneyAdmin
from cursive.lib.ui.formatting import format_cents, format_percent
from partners.program.admin import PartnerAdmin
from partners.program.models import Partner
from partners.submissions.allowance import allowance_of

from .checks import CHECKS, find_differences
from .forms import AdjustForm, RateForm
from .models import CommissionRate, PartnerAccount, PartnerEntry, SoldLead
from .operations import add_terms, adjust_earnings
from .queries import shown_standing
from .rates import pass_rate

WORKSPACE_FILTER = text_filter("workspace", "workspace's id", "workspace_id", UUID)
link_from_workspace("Sold leads", "admin:partners_soldlead_changelist", "workspace")
link_from_workspace("Partner's ledger", "admin:partners_partnerentry_changelist", "workspace")


@admin.register(Partner)
class SellerAdmin(PartnerAdmin):
    """Partners with what they sell, and how good it is."""

    list_display = (
        "company",
        "status_label",
        "sold",
        "earned",
        "due",
        "passing",
        "tax_country",
        "applied_at",
        "decision",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        """With each one's account and number of sold leads."""
        accounts = PartnerAccount.objects.filter(workspace_id=OuterRef("workspace_id"))
        named = {
            "earned_cents": F("held_cents") + F("due_cents") + F("paying_cents") + F("paid_cents"),
            "due_now": F("due_cents"),
            "valid": F("checked_valid"),
            "invalid": F("checked_invalid"),
        }
        sold = (
            SoldLead.objects.filter(workspace_id=OuterRef("workspace_id"))
            .order_by()
            .values("workspace_id")
            .annotate(number=Count("*"))
            .values("number")
        )
        found: QuerySet[Partner] = (
            super()
            .get_queryset(request)
            .annotate(
                sold_leads=Coalesce(Subquery(sold), 0),
                **{
                    name: Coalesce(
                        Subquery(accounts.values(value=part), output_field=IntegerField()), 0
                    )
                    for name, part in named.items()
                },
            )
        )
        return found

    @admin.display(description="Sold", ordering="sold_leads")
    def sold(self, partner: Any) -> str:
        """How many leads were sold."""
        return f"{partner.sold_leads:,}"

    @admin.display(description="Earned", ordering="earned_cents")
    def earned(self, partner: Any) -> str:
        """What was earned in all, paid or not."""
        return format_cents(partner.earned_cents)

    @admin.display(description="Due", ordering="due_now")
    def due(self, partner: Any) -> str:
        """What is due; below 0 it is owed to us."""
        return format_cents(partner.due_now)

    @admin.display(description="Pass rate")
    def passing(self, partner: Any) -> str:
        """As it was counted last, for the day's sales."""
        return format_percent(pass_rate(partner.valid, partner.invalid), 1)

    def facts(self, row: Partner) -> list[tuple[str, object]]:
        """With the figures of the partner's own page."""
        found, counted_at = shown_standing(row.workspace_id)
        score = "not known yet" if found.score.value is None else f"{found.score.value} of 100"
        figures: list[tuple[str, object]] = [
            ("Submissions", f"{found.submissions.submissions:,}"),
            ("Acceptance", format_percent(found.acceptance, 1)),
            ("Sold", f"{found.sold:,}, refunded {format_percent(found.refund_rate, 1)}"),
            ("Pass rate", format_percent(found.pass_rate, 1)),
            ("Score", score),
            (
                "Checked in 24 hours",
                f"{allowance_of(row).used:,} of {row.checks_a_day:,} addresses",
            ),
        ]
        if counted_at is not None:
            figures.append(("Figures counted", f"{counted_at:%Y-%m-%d %H:%M} UTC"))
        return [*super().facts(row), *figures]


@admin.register(CommissionRate)
class CommissionRateAdmin(ModelAdmin):
    """Terms of commission, newest first. New ones are added; none is ever changed."""

    list_display = (
        "valid_from",
        "whose",
        "base_percent",
        "early_points",
        "verified_points",
        "volume_points",
        "cap_percent",
        "note",
        "made_by",
    )
    list_select_related = ("seller",)
    list_filter = (text_filter("partner", "partner's workspace", "seller_id", UUID), "valid_from")
    ordering = ("-valid_from", "-id")
    form = RateForm
    raw_id_fields = ("seller",)

    @admin.display(description="For", ordering="seller")
    def whose(self, rate: CommissionRate) -> str:
        """All partners, or one."""
        if rate.seller_id is None:
            return "All partners"
        # The workspace may be gone; the terms stay.
        who = rate.seller or rate.seller_id
        return f"{who}{': the general terms' if rate.follows_general else ''}"

    def save_model(
        self, request: HttpRequest, obj: CommissionRate, form: ModelForm, change: bool
    ) -> None:
        """Add the terms, by the operation."""
        add_terms(obj, actor=actor_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What was sold keeps its terms."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


@admin.register(PartnerAccount)
class PartnerAccountAdmin(DecidedAdmin):
    """What each partner has earned. Set right here, and proven."""

    list_display = ("workspace", "held", "due", "paying", "paid", "decision")
    list_filter = (WORKSPACE_FILTER,)
    search_fields = ("workspace__name",)
    ordering = ("-due_cents", "id")
    actions_list = ("check_ledger",)
    decision_form = AdjustForm
    decision_title = "Adjust"

    @admin.display(description="Held", ordering="held_cents")
    def held(self, account: PartnerAccount) -> str:
        """Not due yet."""
        return format_cents(account.held_cents)

    @admin.display(description="Due", ordering="due_cents")
    def due(self, account: PartnerAccount) -> str:
        """For the next payout; below 0 it is owed to us."""
        return format_cents(account.due_cents)

    @admin.display(description="On its way", ordering="paying_cents")
    def paying(self, account: PartnerAccount) -> str:
        """In open payouts."""
        return format_cents(account.paying_cents)

    @admin.display(description="Paid", ordering="paid_cents")
    def paid(self, account: PartnerAccount) -> str:
        """What has arrived."""
        return format_cents(account.paid_cents)

    def is_open(self, row: PartnerAccount) -> bool:
        """Any account may be set right."""
        return True

    def facts(self, row: PartnerAccount) -> list[tuple[str, object]]:
        """How it stands."""
        parts = (("Held", row.held_cents), ("Due", row.due_cents), ("Paid", row.paid_cents))
        return [("Partner", row.workspace), *((name, format_cents(of)) for name, of in parts)]

    def decide(self, request: HttpRequest, row: PartnerAccount, given: dict[str, Any]) -> str:
        """Add to what is due, or take off it."""
        entry = adjust_earnings(
            workspace_id=row.workspace_id,
            cents=int(given["dollars"] * 100),
            reason=given["reason"],
            key=f"staff:{given['key']}",
            actor=actor_of(request),
        )
        return f"{format_cents(entry.due_cents)}: what is due is {format_cents(entry.due_after)}."

    @action(
        description="Check the partners' ledger",
        url_path="check",
        icon="fact_check",
        permissions=["view"],
    )
    def check_ledger(self, request: HttpRequest) -> HttpResponse:
        """Prove the books of all partners, now, on a button."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Check the partners' ledger",
            "opts": self.opts,
            "checks": list(CHECKS),
            "books": "earnings as a partner",
        }
        if request.method == "POST":
            context |= {"differences": find_differences(), "done": True}
        return render(request, "credits/ledger/check.html", context)


@admin.register(PartnerEntry)
class PartnerEntryAdmin(MoneyAdmin):
    """Every change of what partners earn."""

    list_display = (
        "created_at",
        "workspace",
        "kind",
        "money",
        "leads",
        "note",
        "actor_label",
        "reference_id",
    )
    list_filter = (WORKSPACE_FILTER, "kind", text_filter("key", "key", "key"), "created_at")
    ordering = ("-id",)


@admin.register(SoldLead)
class SoldLeadAdmin(MoneyAdmin):
    """Every sold lead with its commission."""

    list_display = (
        "sold_at",
        "workspace",
        "listing_id",
        "price",
        "percent",
        "reasons_told",
        "commission",
        "state_label",
        "due_at",
    )
    list_filter = (
        "state",
        WORKSPACE_FILTER,
        text_filter("line", "order line", "line_id", UUID),
        "sold_at",
    )
    ordering = ("-sold_at", "-id")

    @admin.display(description="Price")
    def price(self, sold: SoldLead) -> str:
        """The partner's price."""
        return format_cents(sold.price_cents)

    @admin.display(description="Commission")
    def commission(self, sold: SoldLead) -> str:
        """What the partner earns."""
        return format_cents(sold.commission_cents)

    @admin.display(description="Why")
    def reasons_told(self, sold: SoldLead) -> str:
        """What the percentage is made of."""
        return ", ".join(sold.why)

    @display(
        description="State",
        ordering="state",
        label={"held": "info", "due": "warning", "paid": "success", "refunded": "danger"},
    )
    def state_label(self, sold: SoldLead) -> tuple[str, str]:
        """Where the commission stands, in its colour."""
        return sold.state, sold.get_state_display()
