"""What Stripe says of subscriptions and invoices, and which periods were paid for.

What money was paid for outlives a workspace that is deleted for good, as the ledger does: its
foreign keys to the workspace are not enforced; the row-level security on them is.
"""

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from credits.prices.models import Plan
from cursive.lib.tenancy import TenantModel, scoped_manager

# A payment that fails leaves the plan standing for so long (C-13).
GRACE = timedelta(days=7)
MAX_STRIPE_ID = 255


def lasting_workspace() -> models.ForeignKey:
    """The workspace of rows that outlive it."""
    return models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )


class StripeItem(models.Model):
    """Something of ours that was made at Stripe once: a plan's product, its price, the portal's
    settings. `key` tells it by what it was made of, so a changed price is another item.

    It belongs to no workspace, and holds nothing that a customer may not know.
    """

    key = models.CharField(max_length=100, unique=True)
    stripe_id = models.CharField(max_length=MAX_STRIPE_ID, db_index=True)
    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.stripe_id


class PlanCheckout(TenantModel):
    """The checkout of a plan that was begun last: a new one takes its place and closes it, so that
    no two open pages can end in two subscriptions.
    """

    workspace = models.OneToOneField(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", editable=False
    )
    session_id = models.CharField(max_length=MAX_STRIPE_ID)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.session_id


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Words for picking subscriptions."""

    def living(self) -> "SubscriptionQuerySet":
        """Those that Stripe still bills, or tries to."""
        return self.filter(status__in=Subscription.LIVING)


class Subscription(TenantModel):
    """A subscription at Stripe as it was at `observed_at`. Stripe's events change it (C-13)."""

    class Status(models.TextChoices):
        INCOMPLETE = "incomplete", "Waiting for the first payment"
        INCOMPLETE_EXPIRED = "incomplete_expired", "Never paid"
        TRIALING = "trialing", "On trial"
        ACTIVE = "active", "Active"
        PAST_DUE = "past_due", "Past due"
        UNPAID = "unpaid", "Unpaid"
        PAUSED = "paused", "Paused"
        CANCELED = "canceled", "Ended"

    LIVING = (Status.TRIALING, Status.ACTIVE, Status.PAST_DUE, Status.UNPAID)
    OVER = (Status.CANCELED, Status.INCOMPLETE_EXPIRED)
    UNSETTLED = (Status.PAST_DUE, Status.UNPAID)

    workspace = lasting_workspace()
    stripe_id = models.CharField(max_length=MAX_STRIPE_ID, unique=True)
    customer_id = models.CharField(max_length=MAX_STRIPE_ID)
    status = models.CharField(max_length=20, choices=Status.choices)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    anchor = models.DateTimeField(help_text="Periods begin on its day of the month.")
    cancel_at = models.DateTimeField(null=True, help_text="It ends then.")
    pending_plan = models.ForeignKey(
        Plan, null=True, on_delete=models.PROTECT, related_name="+", help_text="From pending_from."
    )
    pending_from = models.DateTimeField(null=True)
    past_due_since = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    double_of = models.CharField(
        max_length=MAX_STRIPE_ID,
        blank=True,
        default="",
        help_text="The subscription that was there already: this one was refunded and ended.",
    )
    observed_at = models.DateTimeField(help_text="When Stripe was asked for what is here.")

    objects = scoped_manager(SubscriptionQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["workspace", "-started_at"], name="subscription_recent"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="subscription_of_workspace"),
            models.CheckConstraint(
                condition=models.Q(period_end__gt=models.F("period_start")),
                name="subscription_period_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def is_living(self) -> bool:
        """Whether Stripe still bills it, or tries to."""
        return self.status in self.LIVING

    @property
    def grace_ends(self) -> datetime | None:
        """Until when the plan stands though a payment failed; None while all is paid."""
        return self.past_due_since + GRACE if self.past_due_since else None


class PeriodQuerySet(models.QuerySet["Period"]):
    """Words for picking periods."""

    def closed(self, now: datetime) -> "PeriodQuerySet":
        """Those that were over at `now`."""
        return self.filter(end__lte=now)


class Period(TenantModel):
    """One period of a subscription, with the plan that it has (had at its end).

    Its credits are granted when its invoice is paid, once: `granted_at` says that they are.
    """

    workspace = lasting_workspace()
    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="periods",
    )
    start = models.DateTimeField()
    end = models.DateTimeField()
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    invoice_id = models.CharField(max_length=MAX_STRIPE_ID, blank=True, default="")
    granted_at = models.DateTimeField(null=True)
    billed_end = models.DateTimeField(null=True, help_text="Until when its invoice paid for it.")
    prorated_at = models.DateTimeField(
        null=True, help_text="An upgrade cut it short; what was unused went back."
    )

    objects = scoped_manager(PeriodQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [models.Index(fields=["workspace", "-start"], name="period_recent")]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "subscription", "start"], name="period_once"
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="period_of_workspace"),
            models.CheckConstraint(
                condition=models.Q(end__gte=models.F("start")), name="period_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"


class Invoice(TenantModel):
    """An invoice of a plan, or of calls past its limit, for the customer's list of payments."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        PAID = "paid", "Paid"
        VOID = "void", "Void"
        UNCOLLECTIBLE = "uncollectible", "Written off"

    workspace = lasting_workspace()
    stripe_id = models.CharField(max_length=MAX_STRIPE_ID, unique=True)
    subscription = models.ForeignKey(
        Subscription,
        null=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    number = models.CharField(max_length=60, blank=True, default="")
    description = models.CharField(max_length=200)
    cents = models.BigIntegerField(help_text="What it comes to, in US cents.")
    state = models.CharField(max_length=13, choices=State.choices)
    url = models.URLField(max_length=2000, blank=True, default="", help_text="Stripe's page of it.")
    created_at = models.DateTimeField()
    observed_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [models.Index(fields=["workspace", "-created_at"], name="invoice_recent")]

    def __str__(self) -> str:
        return self.number or self.stripe_id
