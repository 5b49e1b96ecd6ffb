"""What changes who is in a workspace, and in which role (A-2).

Each of these locks the workspace's people first and asks then who may what: two owners who
demote each other at the same moment come one after the other, and the second is refused.
"""

from uuid import UUID

from django.utils import timezone

from accounts.invitations.models import Invitation
from accounts.workspaces.authority import lock_people, require_role
from accounts.workspaces.models import Membership, Role
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, Forbidden, InvalidInput, NotFound
from cursive.lib.tenancy import atomic

LAST_OWNER = "A workspace needs an owner. Make somebody else an owner first."


def change_role(*, workspace_id: UUID, actor: Actor, membership_id: UUID, role: str) -> Membership:
    """Give a member another role; for owners and admins.

    Only owners change owners or make them. Raises `InvalidInput` for an unknown role,
    `NotFound`, `Forbidden`, and `Conflict` for the last owner.
    """
    if role not in Role.values:
        raise InvalidInput("There is no such role.", fields={"role": "Choose a role."})
    with atomic():
        membership = _theirs(workspace_id, actor, membership_id, also=role)
        before = membership.role
        if before != role:
            if before == Role.OWNER:
                _refuse_last_owner(workspace_id)
            membership.role = role
            membership.save(update_fields=["role"])
            record(
                action="change_role",
                resource="membership",
                resource_id=membership.id,
                actor=actor,
                workspace_id=workspace_id,
                old={"user": membership.user.email, "role": before},
                new={"user": membership.user.email, "role": role},
                severity="warning",
            )
    return membership


def remove_member(*, workspace_id: UUID, actor: Actor, membership_id: UUID) -> Membership:
    """Take somebody out of the workspace; their next request finds them outside.

    For owners and admins; only owners remove owners. Open invitations that they sent are taken
    back with them. Raises `NotFound`, `Forbidden`, and `Conflict` for the last owner.
    """
    with atomic():
        membership = _theirs(workspace_id, actor, membership_id)
        _take_out(membership, actor, action="remove")
    return membership


def leave_workspace(*, workspace_id: UUID, actor: Actor) -> None:
    """Leave the workspace oneself. Raises `Conflict` for the last owner."""
    with atomic():
        lock_people(workspace_id)
        mine = require_role(workspace_id, actor, Role.MEMBER)
        if mine is None:
            raise Forbidden("Only members can leave.")
        _take_out(mine, actor, action="leave")


def _theirs(
    workspace_id: UUID, actor: Actor, membership_id: UUID, *, also: str = Role.MEMBER
) -> Membership:
    """The membership that the actor may change, locked; `also` is a role that they want to give."""
    lock_people(workspace_id)
    mine = require_role(workspace_id, actor, Role.ADMIN)
    membership = (
        Membership.objects.filter(workspace_id=workspace_id, id=membership_id)
        .select_related("user")
        .first()
    )
    if membership is None:
        raise NotFound("There is no such member.")
    touches_owner = Role.OWNER in {membership.role, also}
    if touches_owner and mine is not None and not mine.at_least(Role.OWNER):
        raise Forbidden("Only owners can change owners.")
    return membership


def _take_out(membership: Membership, actor: Actor, *, action: str) -> None:
    if membership.role == Role.OWNER:
        _refuse_last_owner(membership.workspace_id)
    ident = membership.id
    membership.delete()
    Invitation.objects.filter(
        workspace_id=membership.workspace_id, invited_by_id=membership.user_id
    ).pending().update(revoked_at=timezone.now())
    record(
        action=action,
        resource="membership",
        resource_id=ident,
        actor=actor,
        workspace_id=membership.workspace_id,
        old={"user": membership.user.email, "role": membership.role},
        severity="warning",
    )


def _refuse_last_owner(workspace_id: UUID) -> None:
    if Membership.objects.filter(workspace_id=workspace_id).owners().count() < 2:
        raise Conflict(LAST_OWNER)
