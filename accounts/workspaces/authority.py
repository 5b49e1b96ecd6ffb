"""Who may change what others may do, decided where nothing can change in between."""

from uuid import UUID

from cursive.lib.actors import Actor
from cursive.lib.errors import Forbidden

from .guards import refusal
from .models import Membership, Workspace


def lock_people(workspace_id: UUID) -> None:
    """Let one transaction at a time change the people of a workspace.

    The lock leaves foreign keys to the workspace alone, so other work goes on.
    """
    Workspace.objects.select_for_update(no_key=True).get(id=workspace_id)


def require_role(workspace_id: UUID, actor: Actor, role: str) -> Membership | None:
    """The actor's membership as it is now; None for the system, which may do everything.

    Asks the database, not the request: the role may have changed since the request began.
    Raises `Forbidden` for API keys, for strangers, and below `role`.
    """
    if actor.kind == "system":
        return None
    if actor.kind == "key":
        raise Forbidden("API keys can't do this. Sign in to do it.")
    # Somebody who isn't signed in is a user without an id.
    mine = (
        Membership.objects.filter(workspace_id=workspace_id, user_id=actor.user_id).first()
        if actor.user_id
        else None
    )
    if mine is None or not mine.at_least(role):
        raise Forbidden(refusal(role))
    return mine
