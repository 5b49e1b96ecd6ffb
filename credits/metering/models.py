"""What is known of API calls: the counts that bills rest on, each call, and the days' sums."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel

MAX_ENDPOINT = 80
MAX_METHOD = 8


class UsageCount(TenantModel):
    """How many calls one source (a process of the web server) has counted in one period.

    Only ever raised. The period's calls are the sum over its sources (C-17).
    """

    workspace = models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # what is billed outlives the workspace
        db_index=False,
        related_name="+",
        editable=False,
    )
    period_start = models.DateTimeField()
    source = models.CharField(max_length=36)
    calls = models.BigIntegerField()
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "period_start", "source"], name="usage_count_once"
            ),
            models.CheckConstraint(
                condition=models.Q(calls__gte=0), name="usage_count_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calls} calls from {self.period_start:%Y-%m-%d}"


class ApiCall(TenantModel):
    """One call (C-17). Partitioned by month, kept 90 days (C-18).

    `endpoint` is the route's name, never the address. What a limit refused is not `counted`.
    In the database the key is (id, created_at), as partitioning wants it.
    """

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]
    workspace = models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField()
    key_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    endpoint = models.CharField(max_length=MAX_ENDPOINT)
    method = models.CharField(max_length=MAX_METHOD)
    status = models.PositiveSmallIntegerField()
    duration_ms = models.FloatField()
    counted = models.BooleanField()

    class Meta(TenantModel.Meta):
        abstract = False
        verbose_name = "API call"
        indexes = [
            models.Index(fields=["workspace", "-created_at"], name="api_call_recent"),
            # For the sums of a day over all workspaces; costs next to nothing to keep.
            BrinIndex(fields=["created_at"], name="api_call_time"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.endpoint} {self.status}"


class DailyUsage(TenantModel):
    """The calls of one endpoint on one day (UTC). Refused ones are neither calls nor errors."""

    workspace = models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )
    day = models.DateField()
    endpoint = models.CharField(max_length=MAX_ENDPOINT)
    calls = models.BigIntegerField()
    errors = models.BigIntegerField(help_text="Answered with 400 or more.")
    refused = models.BigIntegerField(help_text="Past a limit.")
    p50_ms = models.FloatField(null=True)
    p95_ms = models.FloatField(null=True)

    class Meta(TenantModel.Meta):
        abstract = False
        db_table = "usage_daily"
        verbose_name_plural = "daily usage"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day", "endpoint"], name="daily_usage_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} on {self.day}"


class DailyKeyUsage(TenantModel):
    """The calls of one API key on one day (UTC); no key stands for people who are signed in."""

    workspace = models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )
    day = models.DateField()
    key_id = models.UUIDField(null=True)
    calls = models.BigIntegerField()
    errors = models.BigIntegerField()
    refused = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        abstract = False
        verbose_name_plural = "daily usage by key"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day", "key_id"],
                name="daily_key_usage_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.key_id or 'people'} on {self.day}"
