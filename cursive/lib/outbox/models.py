"""The outbox table."""

from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel


class Event(TenantModel):
    """Something that happened in a workspace. Its id stays the same through every delivery."""

    type = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    dispatched_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["workspace", "-created_at"], name="event_recent"),
            models.Index(
                fields=["created_at"],
                name="event_undispatched",
                condition=models.Q(dispatched_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
