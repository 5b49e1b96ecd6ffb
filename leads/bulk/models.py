"""What was changed at once, what could not be, and what it takes to change it back (L-17)."""

from typing import ClassVar, Literal, cast

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cursive.lib.actors import Actor
from cursive.lib.tenancy import TenantModel, scoped_manager


class BulkRunQuerySet(models.QuerySet["BulkRun"]):
    """Words for picking runs."""

    def expired(self) -> "BulkRunQuerySet":
        """Those that can't be undone any more, so that nothing of them needs to be kept."""
        return self.filter(kept_until__lt=timezone.now())


class BulkRun(TenantModel):
    """One action on many leads. The counts say what was done, never what was asked for.

    With `filter` it is done by the job `job_id`, without it was done in the request.
    """

    action = models.CharField(max_length=30)
    params = models.JSONField(default=dict)
    title = models.CharField(max_length=200, help_text="What is done, in words for people.")
    filter = models.JSONField(null=True)
    said = models.TextField(blank=True, default="", help_text="Which leads, in plain English.")
    as_of = models.DateField(help_text="The day that the filter's relative dates count from.")
    # Unique within the workspace where it isn't empty: the same key is the same run.
    key = models.CharField(max_length=200, blank=True, default="")
    key_digest = models.CharField(max_length=64, blank=True, default="")
    job_id = models.UUIDField(null=True)

    asked = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by_label = models.CharField(max_length=200, blank=True, default="")
    created_by_kind = models.CharField(max_length=6)
    created_by_key = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    undoable_until = models.DateTimeField(null=True)
    kept_until = models.DateTimeField()
    undo_job_id = models.UUIDField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone = models.BigIntegerField(default=0)
    left_alone = models.BigIntegerField(default=0, help_text="Changed since, so not undone.")

    objects = scoped_manager(BulkRunQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-created_at"], name="bulk_run_recent"),
            models.Index(fields=["kept_until"], name="bulk_run_kept"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "key"], name="bulk_run_key_once", condition=~Q(key="")
            ),
            models.UniqueConstraint(
                fields=["workspace", "job_id"],
                name="bulk_run_of_job",
                condition=Q(job_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def actor(self) -> Actor:
        """Who asked for it, as the audit log names them."""
        return Actor(
            kind=cast(Literal["user", "key", "system"], self.created_by_kind),
            label=self.created_by_label,
            user_id=self.created_by_id,
            key_id=self.created_by_key,
        )

    @property
    def can_undo(self) -> bool:
        """Whether it is over, changed something, wasn't undone, and isn't too old for it."""
        return bool(
            self.finished_at
            and self.changed
            and self.undoable_until
            and self.undoable_until > timezone.now()
            and not self.undone_at
            and not self.undo_job_id
        )


class BulkChange(TenantModel):
    """What one lead was before a run: a row of some 80 bytes, for as long as undo is possible."""

    id = None  # type: ignore[assignment]  # its key is what it is about
    pk = models.CompositePrimaryKey("workspace_id", "run_id", "lead_id")
    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="+", db_index=False)
    lead_id = models.UUIDField()
    was = ArrayField(models.TextField(), help_text="As the action keeps it; see its `keeps`.")

    class Meta(TenantModel.Meta):
        abstract = False


class BulkFailure(TenantModel):
    """One lead that a run could not change, and why."""

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="+", db_index=False)
    lead_id = models.UUIDField()
    reason = models.CharField(max_length=200)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "run", "lead_id"], name="bulk_failure_of_run")
        ]

    def __str__(self) -> str:
        return self.reason
