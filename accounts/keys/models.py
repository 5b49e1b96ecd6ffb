"""The table of API keys."""

import hashlib
import ipaddress
import secrets
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager

PREFIX = "cur_live_"
SHOWN = len(PREFIX) + 6


class Scope(models.TextChoices):
    """What a key may do: `write` and `billing` each stand for themselves."""

    READ = "read", "Read"
    WRITE = "write", "Write"
    BILLING = "billing", "Billing"


def new_token() -> str:
    """A key as the customer sees it, once: 32 random bytes behind the visible prefix."""
    return PREFIX + secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is stored of a key. A plain hash is enough: the key has 256 bits of its own."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Words for picking keys."""

    def usable(self, now: datetime) -> "ApiKeyQuerySet":
        """Keys that are neither revoked nor expired."""
        return self.filter(revoked_at__isnull=True).filter(
            models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now)
        )


class ApiKey(TenantModel):
    """One key of a workspace. Stored hashed; `prefix` is what people know it by."""

    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=SHOWN)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=8, choices=Scope.choices))
    ip_allow = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # Where it has been used from, newest last: another network is a security event.
    networks = ArrayField(models.CharField(max_length=43), default=list, editable=False)

    objects = scoped_manager(ApiKeyQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        verbose_name = "API key"
        indexes = [models.Index(fields=["workspace", "-created_at"], name="api_key_recent")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def state(self) -> str:
        """active, revoked or expired."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "expired"
        return "active"

    def allows_address(self, address: str | None) -> bool:
        """Whether a request from this address may use the key; an empty list allows all."""
        if not self.ip_allow:
            return True
        try:
            client = ipaddress.ip_address(address or "")
        except ValueError:
            return False
        return any(
            client in ipaddress.ip_network(network, strict=False) for network in self.ip_allow
        )
