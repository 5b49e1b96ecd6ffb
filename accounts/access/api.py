"""Who may call the API: an API key, or the browser's session with CSRF (A-6)."""

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from accounts.workspaces.guards import refusal
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest, WorkspaceRequest
from cursive.lib.actors import Actor
from cursive.lib.errors import Forbidden, NotFound

from .second_factor import has_second_factor

if TYPE_CHECKING:  # importing it here for good would be a circle: it imports this module
    from rest_framework.views import APIView


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer cur_live_…`. The middleware has looked the key up already."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Any] | None:
        """(nobody, the key); None where there is no such header; 401 for a key that is no good."""
        scheme = request.headers.get("Authorization", "").partition(" ")[0]
        if scheme.lower() != "bearer":
            return None
        key = cast(WorkspaceRequest, request._request).api_key
        if key is None:
            raise exceptions.AuthenticationFailed("This API key isn't valid here.")
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return self.keyword


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with CSRF."""


class WorkspacePermission(permissions.BasePermission):
    """Whoever calls has a workspace, and the scope or role that the view asks for.

    Reading asks for scope `read`, all else for `write`; a view may say `required_scope` and
    `required_role`. Keys count as members: what asks for a role above that is not theirs, unless
    the view says `keys_allowed = True`, since its scope decides there (`billing`, say). With
    `keys_allowed = False` no key may use it.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """True, or 401 (not signed in) / 403 with a sentence."""
        plain = cast(WorkspaceRequest, request._request)
        if plain.workspace is None:
            if plain.user.is_authenticated:
                raise Forbidden("You have no workspace yet. Make one, or join one.")
            return False
        default = "read" if request.method in permissions.SAFE_METHODS else "write"
        needed = getattr(view, "required_scope", default)
        actor: Actor = plain.actor
        if needed not in actor.scopes:
            raise Forbidden(f"This API key lacks the scope '{needed}'.")
        role = getattr(view, "required_role", Role.MEMBER)
        if plain.membership is None:
            if not getattr(view, "keys_allowed", role == Role.MEMBER):
                raise Forbidden("API keys can't do this; sign in.")
            return True
        if not plain.membership.at_least(role):
            raise Forbidden(refusal(role))
        return True


class StaffPermission(permissions.BasePermission):
    """Staff by their session, with a second factor where Django admin asks for one.

    For everybody else there is nothing here: 404, whatever they send.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """True, or 404."""
        user = request._request.user
        if not (user.is_active and getattr(user, "is_staff", False)):
            raise NotFound("There is nothing here.")
        if settings.STAFF_MFA_REQUIRED and not has_second_factor(user):
            raise NotFound("There is nothing here.")
        return True


def caller(request: Request) -> MemberRequest:
    """The request behind DRF's, as the middleware completed it; behind `WorkspacePermission`."""
    return cast(MemberRequest, request._request)
