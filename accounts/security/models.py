"""The table of security events."""

from django.db import models
from django.utils import timezone

from accounts.audit.models import shown, words
from cursive.lib.tenancy import scoped_manager


class Risk(models.TextChoices):
    """How much an event asks to be looked at, least first."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


RISK_TONES: dict[str, str] = {Risk.LOW: "neutral", Risk.MEDIUM: "warning"}


class Kind(models.TextChoices):
    """What happened. Rooms above may note kinds of their own; they are shown as their words."""

    LOGIN_FAILED = "login_failed", "Failed sign-in"
    LOCKOUT = "lockout", "Sign-in locked"
    MFA_FAILED = "mfa_failed", "Wrong second factor"
    MFA_CHANGE = "mfa_change", "Second factor changed"
    KEY_NEW_NETWORK = "key_new_network", "API key used from a new network"
    KEY_REFUSED = "key_refused", "API key refused for its address"
    LIMIT_REFUSED = "limit_refused", "Over a rate limit"
    SIGNATURE_FAILED = "signature_failed", "Wrong signature"
    CROSS_WORKSPACE = "cross_workspace", "Reached for another workspace"
    STAFF_WITHOUT_FACTOR = "staff_without_factor", "Staff without a second factor"


# No workspace's people ever see these.
STAFF_ONLY = frozenset({Kind.CROSS_WORKSPACE, Kind.STAFF_WITHOUT_FACTOR})


class SecurityEvent(models.Model):
    """One thing that may be an attack (A-8). Append-only, partitioned by month.

    `workspace` is empty for what concerns no workspace, or what its people must not learn of,
    such as a reach for another workspace; such rows are seen by staff only. As in the audit log
    the key in the database is (created_at, id), and `id` alone is unique by its sequence.
    """

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(
        "accounts.Workspace",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # the events outlive the workspace
        related_name="+",
    )
    created_at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=40)
    risk = models.CharField(max_length=8, choices=Risk.choices)
    actor_kind = models.CharField(max_length=6, blank=True, default="")
    actor_label = models.CharField(max_length=200, blank=True, default="")
    user_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True, default="")
    method = models.CharField(max_length=8, blank=True, default="")
    endpoint = models.CharField(max_length=120, blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")
    detail = models.JSONField(default=dict)

    objects = scoped_manager()

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="security_recent"),
            models.Index(fields=["-created_at"], name="security_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind_words} ({self.get_risk_display().lower()})"

    @property
    def kind_words(self) -> str:
        """The kind as people read it."""
        return dict(Kind.choices).get(self.kind) or words(self.kind)

    @property
    def risk_tone(self) -> str:
        """The badge's tone that goes with its risk."""
        return RISK_TONES.get(self.risk, "danger")

    @property
    def details(self) -> list[tuple[str, str]]:
        """(name, text) of each value noted."""
        told = [(words(name).lower(), shown(value)) for name, value in self.detail.items()]
        return [(name, text) for name, text in told if text]
