"""What calls past the limit cost in each period, and whether they were invoiced."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from credits.plans.models import MAX_STRIPE_ID, Period
from cursive.lib.tenancy import TenantModel, scoped_manager

# Calls are on their way into the count for some seconds; then a period's number is final.
SETTLING = timedelta(hours=1)


class OverageChargeQuerySet(models.QuerySet["OverageCharge"]):
    """Words for picking charges."""

    def due(self) -> "OverageChargeQuerySet":
        """Those to be invoiced that nobody works on, by the clock of the database."""
        return self.filter(state__in=OverageCharge.UNBILLED).filter(
            models.Q(lease_until__isnull=True) | models.Q(lease_until__lt=Now())
        )


class OverageCharge(TenantModel):
    """The calls past the limit of one period of a subscription.

    While the period runs, its numbers follow the count. Once it has closed they are final, and
    what is due is invoiced once: one invoice with one item, both named by `key`.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        NOTHING = "nothing", "Nothing to pay"
        DUE = "due", "To be invoiced"
        FAILED = "failed", "Failed"
        BILLED = "billed", "Invoiced"

    UNBILLED = (State.DUE, State.FAILED)
    SETTLED = (State.NOTHING, State.BILLED)

    workspace = models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # what is billed outlives the workspace
        db_index=False,
        related_name="+",
        editable=False,
    )
    period = models.ForeignKey(
        Period,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="charges",
    )
    calls = models.BigIntegerField()
    included = models.BigIntegerField(null=True, help_text="Empty: unlimited.")
    call_price_usd = models.DecimalField(max_digits=8, decimal_places=5, null=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    attempts = models.PositiveIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")
    invoice_id = models.CharField(max_length=MAX_STRIPE_ID, blank=True, default="")
    item_id = models.CharField(max_length=MAX_STRIPE_ID, blank=True, default="")
    counted_at = models.DateTimeField(default=timezone.now)
    billed_at = models.DateTimeField(null=True)

    objects = scoped_manager(OverageChargeQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(
                fields=["state"], name="overage_open", condition=~models.Q(state="billed")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "period"], name="overage_once"),
            models.CheckConstraint(
                condition=~models.Q(state="billed") | ~models.Q(item_id=""),
                name="overage_billed_has_item",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.over:,} calls past the limit"

    @property
    def over(self) -> int:
        """Calls past the limit."""
        return 0 if self.included is None else max(0, self.calls - self.included)

    @property
    def cents(self) -> int:
        """What they cost, in whole US cents, rounded as Stripe rounds an item."""
        exact = self.over * (self.call_price_usd or Decimal(0)) * 100
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    @property
    def told_state(self) -> str:
        """What the customer is told: our failures are none of theirs."""
        return "invoiced" if self.state == self.State.BILLED else "pending"
