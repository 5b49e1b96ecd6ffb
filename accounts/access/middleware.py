"""Finds out who asks and for which workspace, and does the rest of the request inside it."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.keys.queries import key_by_token
from accounts.workspaces.models import User
from accounts.workspaces.queries import memberships_of
from accounts.workspaces.requests import SESSION_KEY, WorkspaceRequest, choose_workspace
from cursive.lib.actors import Actor, acting_as
from cursive.lib.tenancy import system_context, tenant_context

from .actors import actor_of, meta_of
from .crossing import watch_crossing
from .second_factor import setup_redirect
from .streams import continue_stream

__all__ = ["WorkspaceMiddleware", "WorkspaceRequest", "choose_workspace"]

# Asked by machines while the database may be down.
ANONYMOUS_PATHS = frozenset({"/api/health"})


class WorkspaceMiddleware:
    """Sets `request.workspace`, `.membership`, `.memberships`, `.api_key` and `.actor`.

    Staff in Django admin work as the system; every other request of somebody with a workspace
    runs in one transaction of the restricted role for that workspace, in its time zone. A 5xx
    answer rolls it back. A streamed answer is made outside of it, see `streams`.

    Deleted workspaces, and workspaces that the user has been removed from, are as if they were
    not there: the user's next one is taken.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: WorkspaceRequest) -> HttpResponseBase:
        """Answer the request as whoever sent it."""
        request.workspace = request.membership = request.api_key = None
        request.memberships = []
        request.request_id = structlog.contextvars.get_contextvars().get("request_id", "")
        if request.path in ANONYMOUS_PATHS:
            request.actor = Actor.system("health")
            return self.get_response(request)
        _drop_impossible_session(request)
        if request.path.startswith("/admin/") and request.user.is_staff:
            response = self._as_staff(request)
        else:
            self._identify(request)
            if (on_identified := getattr(request, "on_identified", None)) is not None:
                on_identified()
            with acting_as(request.actor):
                response = self._as_member(request)
            if response.status_code == 404:
                watch_crossing(request, response)
        if response.streaming:
            continue_stream(request, response, request.workspace.id if request.workspace else None)
        return response

    def _as_staff(self, request: WorkspaceRequest) -> HttpResponseBase:
        with system_context():
            request.actor = actor_of(request)
            with acting_as(request.actor):
                return setup_redirect(request) or self.get_response(request)

    def _as_member(self, request: WorkspaceRequest) -> HttpResponseBase:
        workspace = request.workspace
        if workspace is None:
            return self.get_response(request)
        with tenant_context(workspace.id), timezone.override(workspace.zone):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True, using="default")
        return response

    def _identify(self, request: WorkspaceRequest) -> None:
        if _bearer(request):
            self._identify_key(request)
        elif request.user.is_authenticated:
            self._identify_member(request)
        request.actor = actor_of(request)

    def _identify_key(self, request: WorkspaceRequest) -> None:
        key = key_by_token(_bearer(request), meta_of(request))
        if key is not None:
            request.api_key = key
            request.workspace = key.workspace

    def _identify_member(self, request: WorkspaceRequest) -> None:
        assert isinstance(request.user, User)
        request.memberships = memberships_of(request.user)
        wanted = request.session.get(SESSION_KEY)
        chosen = next(
            (one for one in request.memberships if str(one.workspace_id) == wanted),
            request.memberships[0] if request.memberships else None,
        )
        if chosen is not None:
            request.membership = chosen
            request.workspace = chosen.workspace


def _drop_impossible_session(request: HttpRequest) -> None:
    """Forget a session cookie that no session can have; PostgreSQL chokes on a NUL in it."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if key and not (key.isascii() and key.isalnum()):
        request.session = type(request.session)()


def _bearer(request: HttpRequest) -> str:
    """The token of an API call's Authorization header; pages know sessions only."""
    if not request.path.startswith("/api/"):
        return ""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
