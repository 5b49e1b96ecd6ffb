"""Finding the key that a request brings, before its workspace is known."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from cursive.lib.tenancy import system_context

from .models import PREFIX, ApiKey, token_digest

LAST_USED_STEP = timedelta(minutes=1)


def key_by_token(token: str) -> ApiKey | None:
    """The usable key of a living workspace that `token` is, with its workspace, or None."""
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
        if key is not None:
            # At most one write a minute: a busy key must not become a hot row.
            ApiKey.objects.filter(id=key.id).filter(
                Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_STEP)
            ).update(last_used_at=now)
    return key
