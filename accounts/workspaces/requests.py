"""What a request knows about the workspace that it is for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from cursive.lib.actors import Actor

from .models import Membership, User, Workspace

if TYPE_CHECKING:
    from accounts.keys.models import ApiKey

SESSION_KEY = "workspace"


class WorkspaceRequest(HttpRequest):
    """What a request looks like behind `accounts.access.middleware.WorkspaceMiddleware`.

    Middleware around that one may set `on_identified`: it is called once it is known who asks, and
    before the request's transaction is opened.
    """

    workspace: Workspace | None
    membership: Membership | None
    memberships: list[Membership]
    api_key: "ApiKey | None"
    actor: Actor
    request_id: str
    htmx: HtmxDetails
    on_identified: Callable[[], None]


class MemberRequest(WorkspaceRequest):
    """What a request looks like inside a view that `member_required` guards."""

    user: User
    workspace: Workspace
    membership: Membership


def actor_of(request: HttpRequest) -> Actor:
    """Who acts in this request; for code whose base class knows plain requests only."""
    return cast(WorkspaceRequest, request).actor


def choose_workspace(request: HttpRequest, workspace_id: UUID) -> None:
    """Remember in the session which workspace the next requests are for."""
    request.session[SESSION_KEY] = str(workspace_id)
