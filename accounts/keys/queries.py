"""Finding keys: the one that a request brings, before its workspace is known, and all of one."""

from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from cursive.lib.tenancy import system_context

from .models import PREFIX, ApiKey, ApiKeyQuerySet, token_digest

LAST_USED_STEP = timedelta(minutes=1)


def key_by_token(token: str, address: str | None) -> ApiKey | None:
    """The usable key of a living workspace that `token` is, with its workspace, or None.

    None too where the key may not be used from `address`.
    """
    if not token.startswith(PREFIX) or len(token) > 100:
        return None
    now = timezone.now()
    with system_context():
        key = (
            ApiKey.objects.usable(now)
            .filter(digest=token_digest(token), workspace__deleted_at__isnull=True)
            .select_related("workspace")
            .first()
        )
        if key is not None and not key.allows_address(address):
            return None
        if key is not None:
            # At most one write a minute: a busy key must not become a hot row.
            ApiKey.objects.filter(id=key.id).filter(
                Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_STEP)
            ).update(last_used_at=now)
    return key


def keys_of(workspace_id: UUID) -> ApiKeyQuerySet:
    """The workspace's keys with who made them, newest first, revoked ones last."""
    keys: ApiKeyQuerySet = (
        ApiKey.objects.filter(workspace_id=workspace_id)
        .select_related("created_by")
        .order_by(F("revoked_at").desc(nulls_first=True), "-created_at", "-id")
    )
    return keys
