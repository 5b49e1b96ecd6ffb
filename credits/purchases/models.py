"""What was bought, what of it went back, what is disputed, and how auto-reload is set.

Like the ledger's books these outlive a workspace that is deleted for good, so the workspace's
foreign keys are not enforced; the row-level security on them is.
"""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cursive.lib.money import CreditsField
from cursive.lib.tenancy import TenantModel, scoped_manager

MAX_KEY = 100
MAX_STRIPE_ID = 255
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


def _purchase() -> models.ForeignKey:
    """The purchase of the same workspace, which the database checks by a composite key."""
    return models.ForeignKey(
        "credits.CreditPurchase",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )


def _paid_for() -> models.CharField:
    return models.CharField(
        max_length=MAX_STRIPE_ID,
        blank=True,
        default="",
        help_text="Stripe's id of what was paid, such as an invoice, where that is no purchase.",
    )


class CreditPurchaseQuerySet(models.QuerySet["CreditPurchase"]):
    """Words for picking purchases."""

    def paid(self) -> "CreditPurchaseQuerySet":
        """Those whose money came, also where it went back later."""
        return self.filter(state__in=CreditPurchase.WAS_PAID)

    def reloads(self) -> "CreditPurchaseQuerySet":
        """Those that nobody clicked for."""
        return self.filter(source=CreditPurchase.Source.AUTO_RELOAD)

    def begun(self) -> "CreditPurchaseQuerySet":
        """Those that people know of: with a page at Stripe, a payment, or made by auto-reload."""
        return self.exclude(
            source=CreditPurchase.Source.CHECKOUT,
            session_id__isnull=True,
            payment_intent_id__isnull=True,
        )

    def unbegun(self, before: Any) -> "CreditPurchaseQuerySet":
        """Those that were meant to get a page at Stripe by then, and didn't."""
        return self.unfinished().filter(
            source=CreditPurchase.Source.CHECKOUT, session_id__isnull=True, created_at__lt=before
        )

    def unfinished(self) -> "CreditPurchaseQuerySet":
        """Those of which it isn't known yet whether they are paid."""
        return self.filter(state=CreditPurchase.State.PENDING)


class CreditPurchase(TenantModel):
    """One package that somebody set out to buy, at the price of that moment (C-8)."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        PAID = "paid", "Paid"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"
        REFUNDED = "refunded", "Refunded"

    class Source(models.TextChoices):
        CHECKOUT = "checkout", "Checkout"
        AUTO_RELOAD = "auto_reload", "Auto-reload"

    WAS_PAID = (State.PAID, State.REFUNDED)
    NEWEST_FIRST = ("-created_at", "-id")

    workspace = _workspace()
    key = models.CharField(max_length=MAX_KEY)
    source = models.CharField(max_length=11, choices=Source.choices, default=Source.CHECKOUT)
    package_code = models.CharField(max_length=40)
    package_name = models.CharField(max_length=80)
    credits = models.PositiveIntegerField()
    cents = models.PositiveIntegerField(verbose_name="price in US cents")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    session_id = models.CharField(max_length=MAX_STRIPE_ID, null=True, unique=True)  # noqa: DJ001
    checkout_url = models.TextField(blank=True, default="")
    payment_intent_id = models.CharField(  # noqa: DJ001
        max_length=MAX_STRIPE_ID, null=True, unique=True
    )
    paid_with = models.CharField(max_length=60, blank=True, default="")
    refunded_cents = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=MAX_TEXT, blank=True, default="")
    # Auto-reload: the card that is charged, and the threshold that the balance fell under.
    payment_method = models.CharField(max_length=MAX_STRIPE_ID, blank=True, default="")
    threshold = models.PositiveIntegerField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="+",
    )
    created_by_label = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    paid_at = models.DateTimeField(null=True)

    objects = scoped_manager(CreditPurchaseQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="purchase_recent"),
            models.Index(
                fields=["created_at"], name="purchase_unfinished", condition=Q(state="pending")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="purchase_key_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="purchase_of_workspace"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "paid", "failed", "expired", "refunded"]),
                name="purchase_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["paid", "refunded"], paid_at__isnull=False)
                | Q(state__in=["pending", "failed", "expired"], paid_at__isnull=True),
                name="purchase_paid_at_when_paid",
            ),
            models.CheckConstraint(
                condition=Q(credits__gt=0, cents__gt=0, refunded_cents__lte=F("cents")),
                name="purchase_amounts_fit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.package_name}, {self.credits:,} credits"

    @property
    def is_over(self) -> bool:
        """Whether it is known what became of it."""
        return self.state != self.State.PENDING

    @property
    def has_begun(self) -> bool:
        """Whether there is a page at Stripe that we know of."""
        return bool(self.checkout_url)

    @property
    def was_paid(self) -> bool:
        """Whether its credits were added, also where they went back later."""
        return self.state in self.WAS_PAID

    @property
    def is_partly_refunded(self) -> bool:
        """Whether some of the money went back, but not all."""
        return 0 < self.refunded_cents < self.cents

    @property
    def number(self) -> str:
        """What the receipt is called: short enough to read out."""
        return f"CUR-{str(self.id).replace('-', '')[-10:].upper()}"


class Reversal(TenantModel):
    """Credits that go back because their money did, and what of them was spent already (C-12).

    `credits` were to go back, `taken` is what the balance had of them. The rest is owed until
    staff take it from a later balance or let it go: a later purchase doesn't pay it by itself.
    """

    class Cause(models.TextChoices):
        REFUND = "refund", "Refund"
        DISPUTE = "dispute", "Dispute"

    class State(models.TextChoices):
        CLEAR = "clear", "Nothing owed"
        OWED = "owed", "Owed"
        WAIVED = "waived", "Let go"

    workspace = _workspace()
    purchase = _purchase()
    cause = models.CharField(max_length=7, choices=Cause.choices)
    stripe_id = models.CharField(max_length=MAX_STRIPE_ID, unique=True)
    cents = models.PositiveIntegerField(verbose_name="US cents")
    paid_for = _paid_for()
    credits = CreditsField()
    taken = CreditsField(default=Decimal(0))
    state = models.CharField(max_length=6, choices=State.choices, default=State.CLEAR)
    collections = models.PositiveIntegerField(default=0, help_text="How often staff took of it.")
    note = models.CharField(max_length=MAX_TEXT, blank=True, default="")
    decided_by = models.CharField(max_length=200, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["workspace", "purchase"], name="reversal_of_purchase"),
            models.Index(
                fields=["workspace", "created_at"], name="reversal_owed", condition=Q(state="owed")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("credits")), name="reversal_amounts_fit"
            ),
            models.CheckConstraint(
                condition=Q(state="clear", taken=F("credits"))
                | Q(state__in=["owed", "waived"], taken__lt=F("credits")),
                name="reversal_state_fits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} of {self.credits} credits"

    @property
    def owed(self) -> Decimal:
        """What is still owed."""
        return self.credits - self.taken if self.state == self.State.OWED else Decimal("0.00")


class DisputeQuerySet(models.QuerySet["Dispute"]):
    """Words for picking disputes."""

    def undecided(self) -> "DisputeQuerySet":
        """Those that keep their workspace from spending."""
        return self.filter(decision="")


class Dispute(TenantModel):
    """A payment that its card holder disputes. Freezes spending until staff decide (C-12)."""

    class Decision(models.TextChoices):
        RESUME = "resume", "Spending goes on"
        TAKE_BACK = "take_back", "Credits taken back"

    workspace = _workspace()
    purchase = _purchase()
    stripe_id = models.CharField(max_length=MAX_STRIPE_ID, unique=True)
    charge_id = models.CharField(max_length=MAX_STRIPE_ID)
    paid_for = _paid_for()
    cents = models.PositiveIntegerField(verbose_name="US cents")
    reason = models.CharField(max_length=60, help_text="As the card holder's bank says.")
    status = models.CharField(max_length=40, help_text="At Stripe.")
    opened_at = models.DateTimeField(default=timezone.now)
    decision = models.CharField(max_length=9, choices=Decision.choices, blank=True, default="")
    note = models.CharField(max_length=MAX_TEXT, blank=True, default="")
    decided_by = models.CharField(max_length=200, blank=True, default="")
    decided_at = models.DateTimeField(null=True)

    objects = scoped_manager(DisputeQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [models.Index(fields=["workspace", "opened_at"], name="dispute_recent")]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True)
                | Q(decision__in=["resume", "take_back"], decided_at__isnull=False),
                name="dispute_decided_once",
            ),
        ]

    def __str__(self) -> str:
        return f"Dispute {self.stripe_id}"


class AutoReload(TenantModel):
    """Buying a package when the balance falls under a threshold, with a card kept for it (C-14).

    `checked_entry` is the ledger's last entry that was looked at for a crossing, `checked_at` its
    time; None where the balance was under the threshold when it was switched on, which counts as
    a crossing.
    """

    workspace = models.OneToOneField(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", editable=False
    )
    enabled = models.BooleanField(default=False)
    threshold = models.PositiveIntegerField(default=50)
    package_code = models.CharField(max_length=40, blank=True, default="")
    payment_method = models.CharField(max_length=MAX_STRIPE_ID, blank=True, default="")
    paid_with = models.CharField(max_length=60, blank=True, default="")
    enabled_at = models.DateTimeField(null=True)
    enabled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="+",
    )
    checked_entry = models.BigIntegerField(null=True)
    checked_at = models.DateTimeField(null=True)
    off_reason = models.CharField(max_length=MAX_TEXT, blank=True, default="")

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["workspace"], name="auto_reload_on", condition=Q(enabled=True))
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(enabled=False) | (~Q(payment_method="") & ~Q(package_code="")),
                name="auto_reload_can_pay",
            ),
        ]

    def __str__(self) -> str:
        return f"Auto-reload under {self.threshold:,} credits"


class StripeDifference(models.Model):
    """Where our books and Stripe's disagree, as the nightly comparison found it (C-7).

    Belongs to staff: a payment can be somebody's whom we don't know. Gone once a later comparison
    doesn't find it any more; never mended by itself.
    """

    what = models.CharField(max_length=60)
    subject = models.CharField(max_length=MAX_STRIPE_ID, help_text="Stripe's id, or ours.")
    about_workspace = models.UUIDField(null=True)
    expected = models.CharField(max_length=MAX_TEXT, help_text="As Stripe has it.")
    found = models.CharField(max_length=MAX_TEXT, help_text="As we have it.")
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    gone_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=MAX_TEXT, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["what", "subject"],
                name="stripe_difference_once",
                condition=Q(gone_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.subject}"
