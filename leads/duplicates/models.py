"""What was found and decided about duplicates: pairs, merges to undo, looks at the catalogue."""

import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager
from leads.records.models import Lead

UNDO_KEPT = datetime.timedelta(days=30)
# How many people of the lead database a look may be about.
FEWEST, MOST = 1_000, 200_000


class CandidateQuerySet(models.QuerySet["DuplicateCandidate"]):
    """Words for picking candidates."""

    def there(self) -> "CandidateQuerySet":
        """Those of two leads that are there."""
        return self.filter(first__deleted_at__isnull=True, second__deleted_at__isnull=True)

    def open(self) -> "CandidateQuerySet":
        """Those that nobody has decided, of two leads that are there."""
        return self.there().filter(state=DuplicateCandidate.State.OPEN)

    def apart(self) -> "CandidateQuerySet":
        """Those that were said not to be the same, of two leads that are there."""
        return self.there().filter(state=DuplicateCandidate.State.DISMISSED)


class DuplicateCandidate(TenantModel):
    """Two leads that may be one person; the one with the smaller id is `first`."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        MERGED = "merged", "Merged"
        DISMISSED = "dismissed", "Not the same"

    first = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    confidence = models.SmallIntegerField(help_text="That they are the same, in percent.")
    is_exact = models.BooleanField(default=False, help_text="The same e-mail address or number.")
    reasons = ArrayField(models.CharField(max_length=80), default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by_label = models.CharField(max_length=200, blank=True, default="")
    # Told apart by nobody, but by this merge, since one of the merged leads was.
    merge = models.ForeignKey(
        "leads.LeadMerge", null=True, db_index=False, on_delete=models.CASCADE, related_name="+"
    )

    objects = scoped_manager(CandidateQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "first", "second"], name="duplicate_pair_once"
            ),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="duplicate_pair_in_order"
            ),
            models.CheckConstraint(
                condition=Q(confidence__range=(0, 100)), name="duplicate_confidence_range"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["workspace", "-confidence", "-id"],
                name="duplicate_open",
                condition=Q(state="open"),
            ),
            models.Index(fields=["workspace", "second"], name="duplicate_second"),
            models.Index(
                fields=["workspace", "-decided_at", "-id"],
                name="duplicate_apart",
                condition=Q(state="dismissed"),
            ),
            models.Index(
                fields=["workspace", "merge"],
                name="duplicate_by_merge",
                condition=Q(merge__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"

    @property
    def is_open(self) -> bool:
        """Whether there is something to decide: nobody has, and both leads are there."""
        gone = self.first.deleted_at or self.second.deleted_at
        return self.state == self.State.OPEN and not gone


class LeadMerge(TenantModel):
    """Leads that became one, with what they were before, so that it can be undone."""

    survivor = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    merged_ids = ArrayField(models.UUIDField(), help_text="The leads that went into it.")
    # {lead id: {column: value}}, the whole rows as they were.
    before = models.JSONField()
    # {lead id: [ids of timeline lines]} that moved to the survivor.
    moved = models.JSONField(default=dict)
    # What rooms that hang things on leads keep for undoing: {their name: anything}.
    kept = models.JSONField(default=dict)
    # {column: value}, the survivor's row as merging made it: what is unlike it was changed since.
    after = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by_label = models.CharField(max_length=200, blank=True, default="")
    undone_at = models.DateTimeField(null=True)
    stayed = ArrayField(
        models.CharField(max_length=60),
        default=list,
        help_text="Fields that undoing left alone, since they were changed after the merge.",
    )

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="lead_merge_recent")
        ]

    def __str__(self) -> str:
        return f"Merge into {self.survivor_id}"

    @property
    def can_undo(self) -> bool:
        """Whether it is fresh enough, and wasn't undone."""
        return self.undone_at is None and self.created_at + UNDO_KEPT > timezone.now()


class LookQuerySet(models.QuerySet["CatalogueLook"]):
    """Words for picking looks."""

    def active(self) -> "LookQuerySet":
        """Those that aren't over."""
        return self.filter(state__in=CatalogueLook.ACTIVE)

    def due(self) -> "LookQuerySet":
        """Those that no worker has: none has begun, or the one that had it died."""
        unheld = Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now())
        return self.active().filter(unheld)


class CatalogueLook(models.Model):
    """One look at the best people of the lead database. Belongs to staff, not to a workspace.

    Of who was found only the catalogue's ids are kept: people who are erased later aren't here.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    ACTIVE = (State.WAITING, State.RUNNING)

    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    wanted = models.IntegerField(help_text="How many of the best people to look at.")
    error = models.CharField(max_length=300, blank=True, default="")
    started_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    cancel_requested = models.BooleanField(default=False)
    attempts = models.IntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    version = models.IntegerField(null=True, help_text="Of the lead database.")
    of_people = models.IntegerField(default=0, help_text="Who were in it then.")
    people = models.IntegerField(default=0, help_text="Who were looked at.")
    pairs = models.IntegerField(default=0)
    exact_pairs = models.IntegerField(default=0)
    groups = models.IntegerField(default=0)
    grouped = models.IntegerField(default=0, help_text="People who are in a group.")
    by_confidence = models.JSONField(default=list, help_text="[[least percent, pairs], …]")
    # [[id, id, confidence in percent, whether exact, [reasons]], …], the surest first.
    shown = models.JSONField(default=list)

    objects = LookQuerySet.as_manager()

    class Meta:
        verbose_name = "look for duplicates"
        verbose_name_plural = "looks for duplicates"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(wanted__range=(FEWEST, MOST)), name="look_wanted_range"
            )
        ]

    def __str__(self) -> str:
        return f"Look at the best {self.wanted:,} people"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in self.ACTIVE


class PeopleApart(models.Model):
    """Two people of the lead database who are not the same, as staff have said.

    By their catalogue ids alone, which no other person ever gets; `first` is the smaller one.
    """

    first = models.BigIntegerField()
    second = models.BigIntegerField()
    decided_at = models.DateTimeField(default=timezone.now)
    decided_by = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="people_apart_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="people_apart_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"
