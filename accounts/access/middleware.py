"""Finds out who asks and for which workspace, and does the rest of the request inside it."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from accounts.keys.models import ApiKey
from accounts.keys.queries import key_by_token
from accounts.workspaces.models import Membership, Workspace
from accounts.workspaces.queries import memberships_of
from cursive.lib.actors import Actor, RequestMeta
from cursive.lib.tenancy import system_context, tenant_context

from .addresses import client_address

SESSION_KEY = "workspace"


class WorkspaceRequest(HttpRequest):
    """What a request looks like behind `WorkspaceMiddleware`."""

    workspace: Workspace | None
    membership: Membership | None
    memberships: list[Membership]
    api_key: ApiKey | None
    actor: Actor
    request_id: str


class WorkspaceMiddleware:
    """Sets `request.workspace`, `.membership`, `.memberships`, `.api_key` and `.actor`.

    Django admin runs as the system; every other request of somebody with a workspace runs in
    one transaction of the restricted role for that workspace. A 5xx answer rolls it back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: WorkspaceRequest) -> HttpResponse:
        request.workspace = request.membership = request.api_key = None
        request.memberships = []
        if request.path.startswith("/admin/"):
            with system_context():
                request.actor = _actor(request)
                return self.get_response(request)
        if _bearer(request):
            self._identify_key(request)
        elif request.user.is_authenticated:
            self._identify_member(request)
        request.actor = _actor(request)
        if request.workspace is None:
            return self.get_response(request)
        with tenant_context(request.workspace.id):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True, using="default")
            return response

    def _identify_key(self, request: WorkspaceRequest) -> None:
        key = key_by_token(_bearer(request))
        if key is not None and key.allows_address(client_address(request)):
            request.api_key = key
            request.workspace = key.workspace

    def _identify_member(self, request: WorkspaceRequest) -> None:
        request.memberships = memberships_of(request.user)
        wanted = request.session.get(SESSION_KEY)
        chosen = next(
            (one for one in request.memberships if str(one.workspace_id) == wanted),
            request.memberships[0] if request.memberships else None,
        )
        if chosen is not None:
            request.membership = chosen
            request.workspace = chosen.workspace


def choose_workspace(request: HttpRequest, workspace_id: UUID) -> None:
    """Remember in the session which workspace the next requests are for."""
    request.session[SESSION_KEY] = str(workspace_id)


def _bearer(request: HttpRequest) -> str:
    """The token of an API call's Authorization header; pages know sessions only."""
    if not request.path.startswith("/api/"):
        return ""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _actor(request: WorkspaceRequest) -> Actor:
    meta = RequestMeta(
        ip=client_address(request),
        user_agent=request.headers.get("User-Agent", "")[:300],
        method=request.method or "",
        endpoint=request.path[:120],
        request_id=getattr(request, "request_id", ""),
    )
    if request.api_key is not None:
        key = request.api_key
        return Actor(
            kind="key",
            label=f"API key {key.name}",
            key_id=key.id,
            scopes=frozenset(key.scopes),
            request=meta,
        )
    if request.user.is_authenticated:
        return Actor(
            kind="user",
            label=request.user.email,
            user_id=request.user.pk,
            role=request.membership.role if request.membership else "",
            scopes=frozenset({"read", "write", "billing"}),
            request=meta,
        )
    return Actor(kind="system", label="anonymous", request=meta)
