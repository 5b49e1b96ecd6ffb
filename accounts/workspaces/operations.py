"""What changes workspaces (A-2)."""

from uuid import UUID

from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Forbidden
from cursive.lib.limits import Limit, hit
from cursive.lib.tenancy import atomic, system_context

from .authority import require_role
from .models import Membership, Role, Workspace
from .validation import changes, check_fields

NEW_WORKSPACES = Limit(
    "new-workspaces", "10/day", "You have made ten workspaces today. Go on tomorrow."
)


def create_workspace(
    *, actor: Actor, name: str, time_zone: str = "UTC", country: str = "US"
) -> Workspace:
    """A new workspace that the actor, a user, owns.

    Raises `InvalidInput` for fields that can't be, `TooMany` past ten a day.
    """
    if actor.kind != "user" or actor.user_id is None:
        raise Forbidden("Only people can make workspaces. Sign in to do it.")
    workspace = Workspace(name=name.strip(), time_zone=time_zone, country=country)
    check_fields(workspace, ("name", "time_zone", "country"))
    hit(NEW_WORKSPACES, actor.user_id)
    # The restricted role sees its own workspace only, and this one is nobody's yet.
    with system_context(), atomic():
        workspace.save(force_insert=True)
        Membership.objects.create(workspace=workspace, user_id=actor.user_id, role=Role.OWNER)
        record(
            action="create",
            resource="workspace",
            resource_id=workspace.id,
            actor=actor,
            workspace_id=workspace.id,
            new={"name": workspace.name, "time_zone": time_zone, "country": country},
        )
    return workspace


def change_workspace(
    *,
    workspace_id: UUID,
    actor: Actor,
    name: str,
    time_zone: str,
    country: str,
    low_credit_threshold: int,
) -> Workspace:
    """Change a workspace's settings; for owners and admins.

    Raises `InvalidInput` for fields that can't be, `Forbidden` below admin.
    """
    with atomic():
        workspace = Workspace.objects.select_for_update(no_key=True).get(id=workspace_id)
        require_role(workspace_id, actor, Role.ADMIN)
        values = {
            "name": name.strip(),
            "time_zone": time_zone,
            "country": country,
            "low_credit_threshold": low_credit_threshold,
        }
        old, new = changes(workspace, values)
        check_fields(workspace, values)
        if new:
            workspace.save(update_fields=list(new))
            record(
                action="update",
                resource="workspace",
                resource_id=workspace_id,
                actor=actor,
                workspace_id=workspace_id,
                old=old,
                new=new,
            )
    return workspace
