"""The job table."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager


class JobQuerySet(models.QuerySet["Job"]):
    """Words for picking jobs."""

    def active(self) -> "JobQuerySet":
        """Jobs that aren't over."""
        return self.filter(status__in=Job.ACTIVE)

    def due(self) -> "JobQuerySet":
        """Jobs that a worker should take now: waiting, or left behind by a dead worker."""
        now = timezone.now()
        return (
            self.active()
            .filter(next_attempt_at__lte=now)
            .filter(models.Q(lease_until__isnull=True) | models.Q(lease_until__lt=now))
        )


class Job(TenantModel):
    """One piece of long work (L-21). Its handler moves `cursor` batch by batch."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        PROCESSING = "processing", "Processing"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    ACTIVE = (Status.PENDING, Status.PROCESSING)

    kind = models.CharField(max_length=40)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    title = models.CharField(max_length=200, help_text="What it does, in words for people.")
    # Unique within (workspace, kind) where it isn't empty: the same key is the same job.
    key = models.CharField(max_length=200, blank=True, default="")
    params = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    total = models.BigIntegerField(default=0)
    processed = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True, default="")
    error = models.TextField(blank=True, default="")
    errors = models.JSONField(default=list, help_text="What went wrong, newest last.")

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by_label = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    objects = scoped_manager(JobQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["workspace", "-created_at"], name="job_recent"),
            models.Index(
                fields=["next_attempt_at"],
                name="job_due",
                condition=models.Q(status__in=["pending", "processing"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "key"],
                name="job_key_once",
                condition=~models.Q(key=""),
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="job_of_workspace"),
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["pending", "processing", "completed", "failed", "cancelled"]
                ),
                name="job_status_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen, unless somebody retries it."""
        return self.status in {self.Status.COMPLETED, self.Status.FAILED, self.Status.CANCELLED}

    @property
    def is_waiting(self) -> bool:
        """Whether no worker has it now: none has begun, or the one that had it died."""
        if self.status == self.Status.PENDING:
            return True
        is_held = self.lease_until is not None and self.lease_until > timezone.now()
        return self.status == self.Status.PROCESSING and not is_held

    @property
    def is_resting(self) -> bool:
        """Whether it goes on by itself later: it waits for somebody outside, or to try again."""
        is_due = self.next_attempt_at <= timezone.now()
        return self.status == self.Status.PROCESSING and self.lease_until is None and not is_due

    @property
    def can_cancel(self) -> bool:
        """Whether asking for its end still means something."""
        return not self.is_over and not self.cancel_requested

    @property
    def can_retry(self) -> bool:
        """Whether a failed job may be put back in the queue; it goes on from its cursor."""
        return self.status == self.Status.FAILED

    @property
    def progress(self) -> int:
        """How far it is, 0 to 100, as a whole number."""
        if self.status == self.Status.COMPLETED:
            return 100
        if not self.total:
            return 0
        return min(99, int(100 * (self.processed + self.failed) / self.total))

    @property
    def eta_seconds(self) -> int | None:
        """Seconds left at the speed so far, or None where that can't be said yet."""
        done = self.processed + self.failed
        if self.is_waiting or self.is_over or not self.started_at or not done:
            return None
        elapsed = (timezone.now() - self.started_at).total_seconds()
        return max(0, round(elapsed * (self.total - done) / done))
