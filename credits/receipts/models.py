"""Mail that waits to be sent, or was."""

from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel

MAX_KEY = 200


class PaymentMail(TenantModel):
    """One mail about money. Its `key` makes it the only one of its kind for what it tells of."""

    class State(models.TextChoices):
        DUE = "due", "Due"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=40, help_text="Its template.")
    key = models.CharField(max_length=MAX_KEY)
    recipients = models.JSONField(default=list)
    subject = models.CharField(max_length=200)
    context = models.JSONField(default=dict)
    state = models.CharField(max_length=6, choices=State.choices, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="payment_mail_due",
                condition=models.Q(state="due"),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="payment_mail_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["due", "sent", "failed"]),
                name="payment_mail_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} ({self.get_state_display().lower()})"
