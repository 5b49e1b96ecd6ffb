"""The segment table."""

from datetime import timedelta

from django.conf import settings
from django.core.validators import MinLengthValidator
from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager
from leads.filters.document import digest, parse
from leads.filters.tree import Group

RESTORABLE = timedelta(days=30)


class SegmentQuerySet(models.QuerySet["Segment"]):
    """Words for picking segments."""

    def living(self) -> "SegmentQuerySet":
        """Those that aren't deleted."""
        return self.filter(deleted_at__isnull=True)

    def restorable(self) -> "SegmentQuerySet":
        """Deleted ones that can still be brought back (A-19)."""
        return self.filter(deleted_at__gt=timezone.now() - RESTORABLE)


class Segment(TenantModel):
    """A filter with a name (S-7). `filter` is the canonical document over the catalogue."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ARCHIVED = "archived", "Archived"

    name = models.CharField(max_length=120, validators=[MinLengthValidator(1)])
    description = models.CharField(max_length=1_000, blank=True, default="")
    filter = models.JSONField()
    filter_digest = models.CharField(max_length=64, editable=False)
    sentence = models.TextField(editable=False, help_text="The filter in plain English (S-4).")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    last_count = models.BigIntegerField(null=True, editable=False)
    last_net_new = models.BigIntegerField(null=True, editable=False)
    last_counted_at = models.DateTimeField(null=True, editable=False)
    last_run_at = models.DateTimeField(null=True, editable=False)
    last_job_id = models.UUIDField(null=True, editable=False)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = scoped_manager(SegmentQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(
                fields=["workspace", "-updated_at", "-id"],
                name="segment_recent",
                condition=models.Q(deleted_at__isnull=True),
            ),
            models.Index(
                fields=["deleted_at"],
                name="segment_deleted",
                condition=models.Q(deleted_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="segment_of_workspace"),
            models.CheckConstraint(condition=~models.Q(name=""), name="segment_named"),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "paused", "archived"]),
                name="segment_status_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def tree(self) -> Group:
        """The filter as a tree. Raises FilterError if the registry no longer knows a field."""
        return parse(self.filter, scope="catalogue")

    def holds(self, tree: Group) -> bool:
        """Whether this is its filter."""
        return digest(tree) == self.filter_digest

    @property
    def is_archived(self) -> bool:
        """Whether it is put away: shown in its own list, and not run."""
        return self.status == self.Status.ARCHIVED
