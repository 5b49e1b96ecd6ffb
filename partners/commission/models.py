"""What partners earn: the rates, each sold lead's commission, their ledger, their payouts (P-6).

Like the credits' books these outlive a workspace that is deleted for good, so the workspace's
foreign keys are not enforced; the row-level security on them is. All money is in whole US cents.
Only `operations` and `payouts` write accounts and entries, and an import contract keeps other
rooms away from them (ADR 0029).
"""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager

from .kinds import KINDS_FIT
from .wording import reason_lines

# How long a commission is held after the sale, and from how much due on there is a payout (P-6).
HELD_FOR = timedelta(days=14)
PAYOUT_FROM_CENTS = 50_00
MAX_KEY = 120
MAX_TEXT = 300


def _workspace() -> models.ForeignKey:
    return models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )


def _percent(words: str, default: int) -> models.DecimalField:
    return models.DecimalField(words, max_digits=5, decimal_places=2, default=default)


class CommissionRate(models.Model):
    """Terms of commission from a moment on: everybody's, or one partner's (P-6).

    A row is never changed: other terms are a new row, so the past can be looked up. Of a
    partner's own rows the newest in force counts, unless it says that the general ones apply
    again; of those it is the newest in force too.
    """

    # Not named `workspace`: most rows are everybody's.
    seller = models.ForeignKey(
        "accounts.Workspace",
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        verbose_name="partner",
        help_text="Empty: for all partners.",
    )
    valid_from = models.DateTimeField(default=timezone.now)
    follows_general = models.BooleanField(
        "the general terms apply again",
        default=False,
        help_text="Only for a partner: what is below is not looked at.",
    )
    base_percent = _percent("base, %", 30)
    early_points = _percent("early sale, points", 10)
    early_days = models.PositiveSmallIntegerField("sold within days of approval", default=7)
    verified_points = _percent("verified, points", 5)
    verified_from = _percent("from a pass rate of, %", 95)
    volume_points = _percent("volume, points", 5)
    volume_from = models.PositiveIntegerField("from leads sold in a month", default=10_000)
    cap_percent = _percent("at most, %", 50)
    note = models.CharField(max_length=MAX_TEXT, blank=True, default="")
    made_by = models.CharField(max_length=200, blank=True, default="", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-valid_from", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(cap_percent__lte=100, base_percent__lte=F("cap_percent"))
                & Q(
                    base_percent__gte=0,
                    early_points__gte=0,
                    verified_points__gte=0,
                    volume_points__gte=0,
                ),
                name="rate_possible",
            ),
            models.CheckConstraint(
                condition=Q(follows_general=False) | Q(seller__isnull=False),
                name="rate_general_has_terms",
            ),
            # Not asked of the rows there were before it: they are never changed.
            models.CheckConstraint(
                condition=Q(volume_from__gte=1, early_days__gte=0, verified_from__range=(0, 100)),
                name="rate_bonuses_possible",
            ),
        ]

    def __str__(self) -> str:
        return "The general terms" if self.follows_general else f"{self.base_percent} % and more"


class PartnerAccount(TenantModel):
    """What one partner has earned, by where it stands. Made by the first sale.

    `due_cents` below 0 is a debt: leads were refunded after they had been paid out. What the
    account knows besides saves a sale from counting: leads sold in the calendar month (UTC) of the
    last sale, and how many listings were valid and invalid by the checks of 90 days, once a day.
    """

    workspace = models.OneToOneField(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        editable=False,
    )
    held_cents = models.BigIntegerField(default=0, db_default=0, help_text="Sold, not due yet.")
    due_cents = models.BigIntegerField(default=0, db_default=0, help_text="Below 0: owed to us.")
    paying_cents = models.BigIntegerField(default=0, db_default=0, help_text="In open payouts.")
    paid_cents = models.BigIntegerField(default=0, db_default=0)
    month = models.DateField(null=True)
    sold_in_month = models.IntegerField(default=0, db_default=0)
    checked_on = models.DateField(null=True)
    checked_valid = models.IntegerField(default=0, db_default=0)
    checked_invalid = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta(TenantModel.Meta):
        abstract = False
        verbose_name = "partner's balance"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(held_cents__gte=0, paying_cents__gte=0, paid_cents__gte=0),
                name="partner_account_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"Earnings of {self.workspace_id}"


class PayoutQuerySet(models.QuerySet["Payout"]):
    """Words for picking payouts."""

    def open(self) -> "PayoutQuerySet":
        """Those whose money hasn't arrived and hasn't come back."""
        return self.filter(state__in=Payout.OPEN)


class Payout(TenantModel):
    """What a partner is paid at once. Its cents left `due` when it was planned, and stay fixed.

    A transfer is found by `transfer_group`, also by who doesn't know whether it was made.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        SENDING = "sending", "On its way"
        PAID = "paid", "Paid"
        FAILED = "failed", "Failed"

    class Method(models.TextChoices):
        MANUAL = "manual", "By hand"
        STRIPE = "stripe", "Stripe transfer"

    OPEN = (State.PLANNED, State.SENDING)
    NEWEST_FIRST = ("-planned_at", "-id")

    workspace = _workspace()
    cents = models.BigIntegerField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.PLANNED)
    method = models.CharField(max_length=6, choices=Method.choices, blank=True, default="")
    reference = models.CharField(max_length=120, blank=True, default="")
    stripe_account = models.CharField(max_length=40, blank=True, default="")
    transfer_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=MAX_TEXT, blank=True, default="")
    planned_at = models.DateTimeField(default=timezone.now)
    paid_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True, default="")

    objects = scoped_manager(PayoutQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-planned_at", "-id"], name="payout_recent"),
            models.Index(
                fields=["next_attempt_at"], name="payout_to_send", condition=Q(state="sending")
            ),
        ]
        constraints: ClassVar = [
            # However many plan at once: one is open.
            models.UniqueConstraint(
                fields=["workspace"],
                name="payout_one_open",
                condition=Q(state__in=["planned", "sending"]),
            ),
            models.CheckConstraint(condition=Q(cents__gt=0), name="payout_positive"),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "sending", "failed"], paid_at__isnull=True)
                | Q(state="paid", method="manual", paid_at__isnull=False) & ~Q(reference="")
                | Q(
                    state="paid",
                    method="stripe",
                    paid_at__isnull=False,
                    transfer_id__isnull=False,
                ),
                name="payout_paid_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"Payout {self.number}"

    @property
    def number(self) -> str:
        """What it is called: short enough to read out."""
        return f"PAY-{str(self.id).replace('-', '')[-10:].upper()}"

    @property
    def transfer_group(self) -> str:
        """What names its transfer at Stripe."""
        return f"payout_{self.id}"


class SoldLead(TenantModel):
    """One lead that a partner sold, with the commission on it and why it is that much.

    Who bought isn't here: partners aren't told. The three ids say which entries of the ledger it
    is part of: of its sale, of becoming due, of being refunded.
    """

    class State(models.TextChoices):
        HELD = "held", "Held"
        DUE = "due", "Due"
        PAID = "paid", "Paid"
        REFUNDED = "refunded", "Refunded"

    NEWEST_FIRST = ("-sold_at", "-id")

    workspace = _workspace()
    line_id = models.UUIDField(unique=True, help_text="The order line.")
    listing_id = models.BigIntegerField()
    submission_id = models.UUIDField()
    price_cents = models.IntegerField()
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    reasons = models.JSONField(default=dict)
    commission_cents = models.IntegerField()
    quality = models.SmallIntegerField()
    verification_status = models.CharField(max_length=10, blank=True, default="")
    collected_on = models.DateField()
    listed_at = models.DateTimeField()
    sold_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.HELD)
    sale_id = models.UUIDField()
    matured_id = models.UUIDField(null=True)
    refund_id = models.UUIDField(null=True)
    refunded_at = models.DateTimeField(null=True)
    refund_reason = models.CharField(max_length=MAX_TEXT, blank=True, default="")
    payout = models.ForeignKey(
        Payout, null=True, on_delete=models.DO_NOTHING, db_index=False, related_name="+"
    )

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-sold_at", "-id"], name="sold_recent"),
            models.Index(fields=["due_at"], name="sold_held", condition=Q(state="held")),
            models.Index(fields=["workspace", "payout"], name="sold_due", condition=Q(state="due")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(commission_cents__gte=0, commission_cents__lte=F("price_cents")),
                name="sold_commission_within_price",
            ),
            models.CheckConstraint(
                condition=Q(state="held", matured_id__isnull=True, refund_id__isnull=True)
                | Q(state__in=["due", "paid"], matured_id__isnull=False, refund_id__isnull=True)
                | Q(state="refunded", refund_id__isnull=False, refunded_at__isnull=False),
                name="sold_state_fits",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(payout__isnull=False), name="sold_paid_by_payout"
            ),
        ]

    def __str__(self) -> str:
        return f"Sold lead {self.line_id}"

    @property
    def why(self) -> list[str]:
        """What the percentage is made of, in words."""
        return reason_lines(self.reasons)


class PartnerEntry(TenantModel):
    """One change of what a partner earns. Never changed, never deleted (C-1).

    The four amounts are what is added to each part of the account; most entries move cents from
    one part to another. `held_after` and `due_after` are what those parts were then. Ids rise in
    the order in which a partner's entries were written.
    """

    class Kind(models.TextChoices):
        COMMISSION = "commission", "Commission"
        MATURED = "matured", "Became due"
        REFUND = "refund", "Refunded leads"
        PAYOUT = "payout", "Payout planned"
        PAID = "paid", "Paid"
        PAYOUT_FAILED = "payout_failed", "Payout failed"
        ADJUSTMENT = "adjustment", "Adjustment"

    NEWEST_FIRST = ("-id",)

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]
    workspace = _workspace()
    kind = models.CharField(max_length=13, choices=Kind.choices)
    held_cents = models.BigIntegerField()
    due_cents = models.BigIntegerField()
    paying_cents = models.BigIntegerField()
    paid_cents = models.BigIntegerField()
    held_after = models.BigIntegerField()
    due_after = models.BigIntegerField()
    leads = models.IntegerField(default=0, help_text="How many sold leads it is about.")
    reference_id = models.UUIDField(help_text="The sale, the maturing, the refund, the payout.")
    key = models.CharField(max_length=MAX_KEY)
    note = models.CharField(max_length=MAX_TEXT, blank=True, default="")
    actor_kind = models.CharField(max_length=6)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        abstract = False
        verbose_name = "partner's entry"
        verbose_name_plural = "partner's entries"
        indexes: ClassVar = [models.Index(fields=["workspace", "-id"], name="partner_entry_recent")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "key"], name="partner_entry_key_once"),
            models.CheckConstraint(condition=KINDS_FIT, name="partner_entry_kind_fits"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.cents:+} cents"

    @property
    def cents(self) -> int:
        """By how much it changes what the partner earned, or the amount that it moves."""
        earned = self.held_cents + self.due_cents + self.paying_cents + self.paid_cents
        moved = {"matured": self.due_cents, "payout": self.paying_cents, "paid": self.paid_cents}
        return moved.get(self.kind) or earned or self.due_cents

    @property
    def is_move(self) -> bool:
        """Whether it only moves money that was earned before."""
        return not (self.held_cents + self.due_cents + self.paying_cents + self.paid_cents)
