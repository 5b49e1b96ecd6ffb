"""The queue of addresses that are to be checked, and what is known of those that were."""

from datetime import timedelta
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager
from leads.records.models import Lead

FRESH = timedelta(days=30)
MOST_TRIES = 3


class Status(models.TextChoices):
    """What a check can say of an address."""

    VALID = "valid", "Valid"
    INVALID = "invalid", "Invalid"
    CATCH_ALL = "catch_all", "Catch-all"
    RISKY = "risky", "Risky"
    UNKNOWN = "unknown", "Unknown"


SOURCES = {
    "millionverifier": "MillionVerifier",
    "zerobounce": "ZeroBounce",
    "built_in": "Built-in check",
}


def has_its_lead() -> Exists:
    """Whether a check's lead still lives with the address that is checked, for a queryset."""
    leads = Lead.objects.filter(workspace_id=OuterRef("workspace_id")).living()
    return Exists(leads.filter(id=OuterRef("lead_id"), email=OuterRef("address")))


class AddressCheckQuerySet(models.QuerySet[Any]):
    """Words for picking checks of any kind."""

    def open(self) -> Self:
        """Those that aren't over."""
        return self.filter(state__in=AddressCheck.OPEN)

    def due(self) -> Self:
        """Those to work on now: waiting, or left behind by a worker that died while it asked."""
        now = timezone.now()
        return self.filter(
            Q(state=AddressCheck.State.WAITING, next_attempt_at__lte=now)
            | Q(state=AddressCheck.State.ASKING, lease_until__lt=now)
        )

    def wanted(self) -> Self:
        """Those whose answer somebody still needs."""
        return self


class CheckQuerySet(AddressCheckQuerySet):
    """Words for picking checks of leads."""

    def fresh(self) -> Self:
        """Those that gave an answer in the last 30 days."""
        since = timezone.now() - FRESH
        answered = self.filter(state=Check.State.DONE, finished_at__gt=since)
        return answered.exclude(status=Status.UNKNOWN)

    def wanted(self) -> Self:
        """Those whose lead still has the address."""
        return self.filter(has_its_lead())


class AddressCheck(TenantModel):
    """An address in the queue of `asking`: queued by a job, asked of a provider, answered.

    Whose address it is, and what an answer changes, is its subclasses'.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ASKING = "asking", "Being asked"
        ANSWERED = "answered", "Answered"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (State.WAITING, State.ASKING, State.ANSWERED)

    job_id = models.UUIDField()
    address = models.CharField(max_length=254)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    # Who is being asked, then who answered; and who may have charged us without an answer.
    provider = models.CharField(max_length=20, blank=True, default="")
    not_again = models.CharField(max_length=60, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status.choices, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = scoped_manager(AddressCheckQuerySet)

    class Meta(TenantModel.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.address

    @property
    def source(self) -> str:
        """Who answered, in words; '' where nobody did."""
        return SOURCES.get(self.provider, "")


class Check(AddressCheck):
    """The check of one lead's address: its answer is told to the lead."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="checks")
    # Done, but there was nobody to tell: the lead was deleted or has another address by now.
    is_void = models.BooleanField(default=False)

    objects = scoped_manager(CheckQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "lead"],
                name="check_open_once",
                condition=Q(state__in=["waiting", "asking", "answered"]),
            ),
            models.CheckConstraint(
                condition=Q(tries__range=(0, MOST_TRIES)), name="check_tries_range"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["answered", "done"]) | ~Q(status=""),
                name="check_answered_has_status",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "job_id", "state"], name="check_of_job"),
            models.Index(fields=["workspace", "lead", "-finished_at"], name="check_of_lead"),
            models.Index(fields=["workspace", "-finished_at"], name="check_recent"),
            models.Index(
                fields=["next_attempt_at"],
                name="check_queue",
                condition=Q(state__in=["waiting", "asking"]),
            ),
        ]


def checked_lately(workspace_id: UUID) -> Exists:
    """Whether a lead's present address was answered for in the last 30 days, for a queryset."""
    checks = Check.objects.filter(workspace_id=workspace_id).fresh()
    return Exists(checks.filter(lead_id=OuterRef("id"), address=OuterRef("email"), is_void=False))


class KnownAddress(models.Model):
    """An answer of a provider's, kept for 30 days for every workspace (L-16).

    It is nobody's: there is a keyed hash in place of the address, and no word of who asked.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    reason = models.CharField(max_length=200, blank=True, default="")
    provider = models.CharField(max_length=20)
    checked_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = "known address"
        verbose_name_plural = "known addresses"

    def __str__(self) -> str:
        return self.digest[:12]
