"""Finding keys: the one that a request brings, before its workspace is known, and all of one."""

from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from accounts.security.models import Kind, Risk
from accounts.security.operations import note_security_event
from cursive.lib.actors import Actor, RequestMeta
from cursive.lib.addresses import network_of
from cursive.lib.tenancy import connection, system_context

from .models import PREFIX, ApiKey, ApiKeyQuerySet, token_digest

LAST_USED_STEP = timedelta(minutes=1)
# A key's networks are kept up to this many, the newest: a phone's change all the time.
MOST_NETWORKS = 50


def key_by_token(token: str, source: RequestMeta) -> ApiKey | None:
    """The usable key of a living workspace that `token` is, with its workspace, or None.

    None too where the key may not be used from the request's address. That, and the first use
    from another network than before, are security events (A-8).
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
        if key is not None and not key.allows_address(source.ip):
            _note(key, source, Kind.KEY_REFUSED, Risk.HIGH)
            return None
        if key is not None:
            # At most one write a minute: a busy key must not become a hot row.
            ApiKey.objects.filter(id=key.id).filter(
                Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_STEP)
            ).update(last_used_at=now)
            _note_network(key, source)
    return key


def _note_network(key: ApiKey, source: RequestMeta) -> None:
    network = network_of(source.ip)
    if not network or network in key.networks:
        return
    with connection().cursor() as cursor:
        # Of several first uses at once exactly one adds the network.
        cursor.execute(
            "UPDATE accounts_apikey SET networks = CASE WHEN cardinality(networks) < %(most)s"
            " THEN networks ELSE networks[2:] END || %(network)s::varchar"
            " WHERE id = %(id)s AND NOT %(network)s = ANY(networks)"
            " RETURNING cardinality(networks)",
            {"id": key.id, "network": network, "most": MOST_NETWORKS},
        )
        added = cursor.fetchone()
    # A key has to be used from somewhere first: that alone says nothing.
    if added is not None and added[0] > 1:
        _note(key, source, Kind.KEY_NEW_NETWORK, Risk.MEDIUM, network=network)


def _note(key: ApiKey, source: RequestMeta, kind: str, risk: str, **detail: str) -> None:
    actor = Actor(kind="key", label=f"API key {key.name}", key_id=key.id, request=source)
    note_security_event(
        kind=kind,
        risk=risk,
        workspace_id=key.workspace_id,
        actor=actor,
        detail={"prefix": key.prefix, **detail},
    )


def keys_of(workspace_id: UUID) -> ApiKeyQuerySet:
    """The workspace's keys with who made them, newest first, revoked ones last."""
    keys: ApiKeyQuerySet = (
        ApiKey.objects.filter(workspace_id=workspace_id)
        .select_related("created_by")
        .order_by(F("revoked_at").desc(nulls_first=True), "-created_at", "-id")
    )
    return keys
