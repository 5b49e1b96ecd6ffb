"""The books of a workspace: its account, the entries, the open and closed holds (C-1, C-2).

At any moment: `balance == sum(entries) - open holds`, `held == open holds`, and nothing is
negative. The books outlive a workspace that is deleted for good, so the workspace's foreign keys
are not enforced; the row-level security on them is.
"""

from decimal import Decimal

from django.db import models
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from cursive.lib.money import MAX_CREDITS, CreditsField
from cursive.lib.tenancy import TenantModel, scoped_manager

MAX_ACTION = 40
MAX_KEY = 200
MAX_LABEL = 200
MAX_REFERENCE_KIND = 40
MAX_REFERENCE_ID = 64


class Account(TenantModel):
    """The one account of a workspace, made by its first grant."""

    workspace = models.OneToOneField(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        editable=False,
    )
    balance = CreditsField(default=Decimal(0), help_text="What can be spent now.")
    held = CreditsField(default=Decimal(0), help_text="What open holds have taken out of it.")
    frozen = models.BooleanField(
        default=False, db_default=False, help_text="Nothing can be spent or held."
    )
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta(TenantModel.Meta):
        abstract = False
        verbose_name = "balance"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(balance__gte=0), name="account_balance_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(held__gte=0), name="account_held_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(balance__lte=MAX_CREDITS - F("held")),
                name="account_fits",
            ),
        ]

    def __str__(self) -> str:
        return f"Account of {self.workspace_id}"


class HoldQuerySet(models.QuerySet["Hold"]):
    """Words for picking holds."""

    def open(self) -> "HoldQuerySet":
        """Holds that still keep credits back."""
        return self.filter(state=Hold.State.OPEN)


class Hold(TenantModel):
    """Credits kept back for work that is charged as it is delivered (C-6).

    Open exactly as long as something of it is neither captured nor released.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    workspace = models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )
    amount = CreditsField()
    captured = CreditsField(default=Decimal(0))
    released = CreditsField(default=Decimal(0))
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    action = models.CharField(max_length=MAX_ACTION)
    reference_kind = models.CharField(max_length=MAX_REFERENCE_KIND)
    reference_id = models.CharField(max_length=MAX_REFERENCE_ID)
    key = models.CharField(max_length=MAX_KEY)
    actor_kind = models.CharField(max_length=6)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=MAX_LABEL)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(
        help_text="From then on it is given back, unless its job is still at work."
    )
    closed_at = models.DateTimeField(null=True)

    objects = scoped_manager(HoldQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(
                fields=["workspace", "created_at"],
                name="hold_open",
                condition=models.Q(state="open"),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="hold_key_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="hold_of_workspace"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, captured__gte=0, released__gte=0),
                name="hold_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state="open", amount__gt=models.F("captured") + models.F("released")
                )
                | models.Q(state="closed", amount=models.F("captured") + models.F("released")),
                name="hold_open_while_something_is_left",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} for {self.action}"

    @property
    def left(self) -> Decimal:
        """What it still keeps back."""
        return self.amount - self.captured - self.released


# Entries that take credits which nobody used: their money went back, or staff set a balance right.
TAKEN_BACK = "purchase_refund"
PRORATED = "plan_proration"
ADJUSTMENT = "adjustment"
NOT_USED = (TAKEN_BACK, PRORATED, ADJUSTMENT)


class EntryQuerySet(models.QuerySet["Entry"]):
    """Words for picking entries."""

    def uses(self) -> "EntryQuerySet":
        """What was spent by the workspace itself, and what it got back of that."""
        used = self.filter(kind__in=[Entry.Kind.SPEND, Entry.Kind.REFUND])
        return used.exclude(action__in=NOT_USED)

    def spends(self) -> "EntryQuerySet":
        """What was paid for something."""
        return self.filter(kind=Entry.Kind.SPEND)

    def newest_first(self) -> "EntryQuerySet":
        """The order of the history."""
        return self.order_by(*Entry.NEWEST_FIRST)

    def before(self, last: "Entry") -> "EntryQuerySet":
        """What comes after `last` in the order of the history: the older entries."""
        older = models.Q(created_at__lt=last.created_at)
        return self.filter(
            older | models.Q(created_at=last.created_at, id__lt=last.id),
            created_at__lte=last.created_at,
        )


class Entry(TenantModel):
    """One change of a workspace's credits (C-2). Never changed, never deleted.

    `balance_after` is the sum of all entries up to this one: what the workspace owns, credits
    that are held included. Ids rise in the order in which a workspace's entries were written.
    """

    class Kind(models.TextChoices):
        GRANT = "grant", "Added"
        SPEND = "spend", "Spent"
        REFUND = "refund", "Given back"

    NEWEST_FIRST = ("-created_at", "-id")

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]
    workspace = models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )
    kind = models.CharField(max_length=6, choices=Kind.choices)
    amount = CreditsField(help_text="Signed: what is spent is negative.")
    balance_after = CreditsField()
    action = models.CharField(max_length=MAX_ACTION)
    reference_kind = models.CharField(max_length=MAX_REFERENCE_KIND)
    reference_id = models.CharField(max_length=MAX_REFERENCE_ID)
    key = models.CharField(max_length=MAX_KEY)
    # The database checks both within the workspace: the spend by a trigger that also keeps refunds
    # from exceeding it, the hold by a composite foreign key.
    refunds = models.ForeignKey(
        "self", null=True, on_delete=models.DO_NOTHING, db_index=False, related_name="+"
    )
    hold = models.ForeignKey(
        Hold,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    actor_kind = models.CharField(max_length=6)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=MAX_LABEL)
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    objects = scoped_manager(EntryQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="entry_recent"),
            models.Index(fields=["workspace", "action", "-created_at", "-id"], name="entry_action"),
            models.Index(
                fields=["workspace", "refunds"],
                name="entry_refunds",
                condition=models.Q(refunds__isnull=False),
            ),
            models.Index(
                fields=["workspace", "hold"],
                name="entry_hold",
                condition=models.Q(hold__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="entry_key_once"),
            models.CheckConstraint(
                condition=models.Q(balance_after__gte=0), name="entry_balance_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="spend", amount__lt=0, refunds__isnull=True)
                | models.Q(kind="grant", amount__gt=0, refunds__isnull=True, hold__isnull=True)
                | models.Q(kind="refund", amount__gt=0, refunds__isnull=False, hold__isnull=True),
                name="entry_kind_fits_sign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount:+} {self.action}"

    @property
    def is_use(self) -> bool:
        """Whether the workspace itself spent it, or got it back of that."""
        return self.kind != self.Kind.GRANT and self.action not in NOT_USED
