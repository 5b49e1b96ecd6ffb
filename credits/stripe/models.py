"""Who Stripe's customers are, and every event that Stripe has sent (C-9, C-10).

Both outlive a workspace that is deleted for good, since refunds and disputes come months later:
so their foreign keys are not enforced; the row-level security on them is.
"""

from django.db import models
from django.db.models.functions import Now

from cursive.lib.tenancy import TenantModel, scoped_manager, uuid7

MAX_ID = 255
MAX_TYPE = 100


class StripeCustomer(TenantModel):
    """The one customer that stands for a workspace at Stripe; one more for each kind of keys.

    Stripe's live customers, those of its test mode, and those of our local server know nothing
    of each other, and an installation may go from one to the next.
    """

    class Mode(models.TextChoices):
        LOCAL = "local", "Test payments"
        TEST = "test", "Stripe, test mode"
        LIVE = "live", "Stripe"

    workspace = models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )
    mode = models.CharField(max_length=5, choices=Mode.choices)
    customer_id = models.CharField(max_length=MAX_ID, unique=True, help_text="Stripe's: cus_…")
    created_at = models.DateTimeField(db_default=Now())

    class Meta(TenantModel.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["workspace", "mode"], name="stripe_customer_once"),
            models.CheckConstraint(
                condition=models.Q(mode__in=["local", "test", "live"]),
                name="stripe_customer_mode_known",
            ),
        ]

    def __str__(self) -> str:
        return self.customer_id


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    """Words for picking events. All go by the clock of the database."""

    def due(self) -> "StripeEventQuerySet":
        """What a worker should take now: waiting, or left behind by one that died."""
        return self.filter(state=StripeEvent.State.PENDING, next_attempt_at__lte=Now()).filter(
            models.Q(lease_until__isnull=True) | models.Q(lease_until__lt=Now())
        )


class StripeEvent(models.Model):
    """One event as Stripe has sent it, and what became of it. The source of truth (C-10).

    It is stored once, however often it comes. `workspace` is empty until processing has found
    out whose it is; rows without one are the system's and staff's only.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "Done"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    stripe_event_id = models.CharField("Stripe's id", max_length=MAX_ID, unique=True)
    type = models.CharField(max_length=MAX_TYPE)
    payload = models.JSONField()
    received_at = models.DateTimeField(db_default=Now())
    workspace = models.ForeignKey(
        "accounts.Workspace",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    error = models.TextField(blank=True, default="")
    finished_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    objects = scoped_manager(StripeEventQuerySet)

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["workspace", "-received_at"], name="stripe_event_workspace"),
            models.Index(fields=["-received_at", "-id"], name="stripe_event_recent"),
            models.Index(
                fields=["next_attempt_at"],
                name="stripe_event_due",
                condition=models.Q(state="pending"),
            ),
            models.Index(
                fields=["-received_at"],
                name="stripe_event_failed",
                condition=models.Q(state="failed"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "done", "ignored", "failed"]),
                name="stripe_event_state_known",
            ),
            # What is done was done for somebody.
            models.CheckConstraint(
                condition=~models.Q(state="done", workspace__isnull=True),
                name="stripe_event_done_for_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_event_id}"

    @property
    def can_retry(self) -> bool:
        """Whether staff may have it processed now: it failed, or waits for its next attempt."""
        return self.state in {self.State.FAILED, self.State.PENDING}
