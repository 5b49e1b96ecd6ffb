"""What changes API keys (A-6)."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.workspaces.authority import lock_people, require_role
from accounts.workspaces.models import Role
from accounts.workspaces.validation import check_fields
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tenancy import atomic

from .models import SHOWN, ApiKey, Scope, new_token, token_digest

MOST_KEYS = 50
MOST_NETWORKS = 50


def create_key(
    *,
    workspace_id: UUID,
    actor: Actor,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    ip_allow: Sequence[str] = (),
) -> tuple[ApiKey, str]:
    """A new key and its token, which is nowhere to be had again; for owners and admins.

    `ip_allow` are addresses and networks in CIDR form; none allows all. Raises `InvalidInput`
    for what can't be, `Conflict` past fifty usable keys, `Forbidden` below admin.
    """
    now = timezone.now()
    if not scopes:
        raise InvalidInput("A key needs a scope.", fields={"scopes": "Choose what the key may do."})
    if expires_at is not None and expires_at <= now:
        raise InvalidInput(
            "A key can't have expired already.",
            fields={"expires_on": "Choose a day from today on, or leave it empty."},
        )
    token = new_token()
    key = ApiKey(
        workspace_id=workspace_id,
        name=name.strip(),
        prefix=token[:SHOWN],
        digest=token_digest(token),
        scopes=[scope for scope in Scope.values if scope in scopes],
        ip_allow=read_networks(ip_allow),
        expires_at=expires_at,
        created_by_id=actor.user_id,
    )
    check_fields(key, ("name", "scopes", "ip_allow"))
    with atomic():
        lock_people(workspace_id)
        require_role(workspace_id, actor, Role.ADMIN)
        if ApiKey.objects.filter(workspace_id=workspace_id).usable(now).count() >= MOST_KEYS:
            raise Conflict(f"There are {MOST_KEYS} keys already. Revoke one that isn't needed.")
        key.save(force_insert=True)
        record(
            action="create",
            resource="api_key",
            resource_id=key.id,
            actor=actor,
            workspace_id=workspace_id,
            new={
                "name": key.name,
                "prefix": key.prefix,
                "scopes": key.scopes,
                "ip_allow": key.ip_allow,
                "expires_at": expires_at,
            },
            severity="warning",
        )
    return key, token


def revoke_key(*, workspace_id: UUID, actor: Actor, key_id: UUID) -> ApiKey:
    """End a key at once; for owners and admins. A key that is revoked stays as it is.

    Raises `NotFound`, and `Forbidden` below admin.
    """
    with atomic():
        require_role(workspace_id, actor, Role.ADMIN)
        key = (
            ApiKey.objects.select_for_update().filter(workspace_id=workspace_id, id=key_id).first()
        )
        if key is None:
            raise NotFound("There is no such key.")
        if key.revoked_at is None:
            key.revoked_at = timezone.now()
            key.save(update_fields=["revoked_at"])
            record(
                action="revoke",
                resource="api_key",
                resource_id=key.id,
                actor=actor,
                workspace_id=workspace_id,
                old={"name": key.name, "prefix": key.prefix},
                severity="warning",
            )
    return key


def read_networks(given: Sequence[str]) -> list[str]:
    """Addresses and networks in their short form, each once. Raises `InvalidInput`."""
    networks: dict[str, None] = {}
    for text in given:
        try:
            if "%" in text:  # an interface of one machine means nothing to us
                raise ValueError
            network = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError:
            raise InvalidInput(
                "An address can't be read.",
                fields={
                    "ip_allow": f"“{text[:60]}” is no IP address or network. "
                    "Write them like 203.0.113.7 or 203.0.113.0/24."
                },
            ) from None
        networks[str(network)] = None
    if len(networks) > MOST_NETWORKS:
        raise InvalidInput(
            "Too many addresses.",
            fields={"ip_allow": f"At most {MOST_NETWORKS} addresses and networks."},
        )
    return list(networks)
