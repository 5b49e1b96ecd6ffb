"""The audit log's table."""

from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import scoped_manager


class AuditEntry(models.Model):
    """One thing that somebody did (A-7). Append-only, partitioned by month.

    `workspace` is empty for what happens outside every workspace, such as a failed sign-in;
    such rows are seen by staff only. In the database the key is (created_at, id), as
    partitioning wants it; `id` alone is unique by its sequence.
    """

    class Severity(models.TextChoices):
        DEBUG = "debug", "Debug"
        INFO = "info", "Info"
        WARNING = "warning", "Warning"
        ERROR = "error", "Error"
        CRITICAL = "critical", "Critical"

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(
        "accounts.Workspace",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # the log outlives the workspace
        related_name="+",
    )
    created_at = models.DateTimeField(default=timezone.now)
    actor_kind = models.CharField(max_length=6)
    actor_label = models.CharField(max_length=200)
    user_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)
    action = models.CharField(max_length=40)
    resource = models.CharField(max_length=40)
    resource_id = models.CharField(max_length=64)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.INFO)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True, default="")
    method = models.CharField(max_length=8, blank=True, default="")
    endpoint = models.CharField(max_length=120, blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")

    objects = scoped_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="audit_recent"),
            models.Index(
                fields=["workspace", "resource", "resource_id", "-created_at"],
                name="audit_resource",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.action} {self.resource} {self.resource_id}"

    @property
    def action_words(self) -> str:
        """The action as people read it."""
        return words(self.action)

    @property
    def resource_words(self) -> str:
        """The kind of thing as people read it."""
        return words(self.resource)

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """(name, old, new) of each value noted, as text; "" where there was or is none.

        What stayed the same is new only: it says what was changed.
        """
        old, new = self.old or {}, self.new or {}
        told = [
            (words(name).lower(), shown(old.get(name)), shown(new.get(name)))
            for name in dict.fromkeys([*old, *new])
        ]
        return [
            (name, "" if before == after else before, after)
            for name, before, after in told
            if before or after
        ]


def words(code: str) -> str:
    """A code as people read it: `api_key` → Api key."""
    text = code.replace("_", " ").replace(".", " ").capitalize()
    return text.replace("Api ", "API ").replace("Mfa ", "MFA ")


def shown(value: object) -> str:
    """A noted value as people read it; "" for none."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value) or "none"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {shown(item)}" for name, item in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
