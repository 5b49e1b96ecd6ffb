"""What lies in carts, what was bought, and what buyers say was bad about it (M-3, M-5).

Orders and their lines are books, like the ledger's: they outlive a workspace that is deleted for
good, and the listing and the lead that a line is about. So their foreign keys to workspaces are
not enforced, and lines hold plain ids; the row-level security on them is.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cursive.lib.money import CreditsField
from cursive.lib.tenancy import TenantModel, scoped_manager

MAX_KEY = 200
MAX_NOTE = 1_000
# Who decides where a provider's answer does.
DECIDED_BY_CHECK = "check of reported leads"
# How long after the sale a lead can be reported (M-5).
REPORTABLE = timedelta(days=14)


def _workspace() -> models.ForeignKey:
    return models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )


class CartItemQuerySet(models.QuerySet["CartItem"]):
    """Words for picking what lies in carts."""

    def of_user(self, workspace_id: object, user_id: object) -> "CartItemQuerySet":
        """One person's cart in a workspace, with what was just taken out of it."""
        return self.filter(workspace_id=workspace_id, user_id=user_id)

    def inside(self) -> "CartItemQuerySet":
        """What lies in it."""
        return self.filter(removed_at__isnull=True)

    def removed(self) -> "CartItemQuerySet":
        """What was taken out last, and can be put back."""
        return self.filter(removed_at__isnull=False)


class CartItem(TenantModel):
    """One listing in somebody's cart, and the price that they saw.

    The listing is a plain id: what lies in carts must not keep sales waiting, and a listing that
    is gone is said to be withdrawn.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    listing_id = models.BigIntegerField()
    price_cents = models.SmallIntegerField()
    added_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True)

    objects = scoped_manager(CartItemQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "user", "listing_id"], name="cart_item_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Listing {self.listing_id}"


class Order(TenantModel):
    """One purchase: what it cost, and what was left out of it (M-4).

    `key` and `request` (a digest of what was asked for) make a repeated purchase this one.
    `left_out` maps a reason (see `standing.Reason`) to the listings that were left out for it.
    """

    NEWEST_FIRST = ("-created_at", "-id")
    # Whether an operation found it instead of making it; not kept.
    is_repeat = False

    workspace = _workspace()
    key = models.CharField(max_length=MAX_KEY)
    request = models.CharField(max_length=64)
    leads = models.PositiveSmallIntegerField()
    credits = CreditsField()
    cents = models.PositiveIntegerField(verbose_name="price in US cents")
    left_out = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="+",
    )
    created_by_label = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="order_recent"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "key"], name="order_key_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="order_of_workspace"),
            models.CheckConstraint(
                condition=Q(leads__gt=0, credits__gt=0, cents__gt=0), name="order_amounts"
            ),
        ]

    def __str__(self) -> str:
        return f"Order {self.number}"

    @property
    def number(self) -> str:
        """What the receipt is called: short enough to read out."""
        return f"MKT-{str(self.id).replace('-', '')[-10:].upper()}"

    @property
    def spend_key(self) -> str:
        """The key of its entry in the ledger."""
        return f"order:{self.id}"

    @property
    def left_out_count(self) -> int:
        """How many listings were left out."""
        return sum(len(ids) for ids in self.left_out.values())


class OrderLine(TenantModel):
    """One lead that was bought. `seller_id` is for the books, and never shown to the buyer."""

    NEWEST_FIRST = ("-created_at", "-id")

    workspace = _workspace()
    # Of the same workspace, which the database checks by a composite key.
    order = models.ForeignKey(
        Order,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="lines",
    )
    listing_id = models.BigIntegerField()
    lead_id = models.UUIDField()
    seller_id = models.UUIDField()
    credits = CreditsField()
    cents = models.PositiveSmallIntegerField(verbose_name="price in US cents")
    created_at = models.DateTimeField(default=timezone.now)
    refunded_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "order", "id"], name="order_line_of_order"),
            models.Index(fields=["workspace", "-created_at", "-id"], name="order_line_recent"),
            models.Index(fields=["listing_id"], name="order_line_of_listing"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "lead_id"], name="order_line_lead_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="order_line_of_workspace"),
            models.CheckConstraint(
                condition=Q(credits__gt=0, cents__gt=0), name="order_line_amounts"
            ),
        ]

    def __str__(self) -> str:
        return f"Lead {self.lead_id}"

    @property
    def report_until(self) -> datetime:
        """Until when it can be reported."""
        return self.created_at + REPORTABLE

    @property
    def can_be_reported(self) -> bool:
        """Whether it is still early enough for a report."""
        return timezone.now() <= self.report_until


class LeadReportQuerySet(models.QuerySet["LeadReport"]):
    """Words for picking reports."""

    def undecided(self) -> "LeadReportQuerySet":
        """Those that wait for a check or for staff."""
        return self.filter(state__in=LeadReport.UNDECIDED)


class LeadReport(TenantModel):
    """A buyer says that a lead is bad; accepted, its credits go back (M-5). One for each line.

    `verdict` is what a provider said of the address, where one could be asked.
    """

    class Reason(models.TextChoices):
        BOUNCED = "bounced", "The e-mail bounced"
        WRONG_PERSON = "wrong_person", "It is somebody else"
        OTHER = "other", "Something else"

    class State(models.TextChoices):
        CHECKING = "checking", "Being checked"
        OPEN = "open", "With our staff"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"

    UNDECIDED = (State.CHECKING, State.OPEN)

    workspace = _workspace()
    line = models.OneToOneField(
        OrderLine, on_delete=models.DO_NOTHING, db_constraint=False, related_name="report"
    )
    reason = models.CharField(max_length=12, choices=Reason.choices)
    note = models.CharField(max_length=MAX_NOTE, blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    verdict = models.CharField(max_length=10, blank=True, default="")
    answer = models.CharField(
        max_length=300, blank=True, default="", help_text="Why it was decided so, for the buyer."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="+",
    )
    created_by_label = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by_label = models.CharField(max_length=200, blank=True, default="")

    objects = scoped_manager(LeadReportQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="lead_report_recent"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(reason__in=["bounced", "wrong_person", "other"]),
                name="lead_report_reason_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["checking", "open"], decided_at__isnull=True)
                | Q(state__in=["accepted", "declined"], decided_at__isnull=False),
                name="lead_report_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.get_state_display().lower()})"

    @property
    def is_decided(self) -> bool:
        """Whether it is over."""
        return self.state not in self.UNDECIDED

    @property
    def can_be_accepted(self) -> bool:
        """Whether staff may still accept it: also where only a check has declined it."""
        by_check = self.state == self.State.DECLINED and self.decided_by_label == DECIDED_BY_CHECK
        return by_check or not self.is_decided
