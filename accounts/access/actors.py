"""Who acts, as a request says."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts.workspaces.requests import WorkspaceRequest
from cursive.lib.actors import Actor, RequestMeta

from .addresses import client_address

USER_SCOPES = frozenset({"read", "write", "billing"})


def meta_of(request: HttpRequest) -> RequestMeta:
    """Where the request comes from, cut to what the audit log keeps."""
    return RequestMeta(
        ip=client_address(request),
        user_agent=_clean(request.headers.get("User-Agent", ""))[:300],
        method=(request.method or "")[:8],
        endpoint=_clean(request.path)[:120],
        request_id=_clean(str(getattr(request, "request_id", "")))[:64],
    )


def actor_of(request: WorkspaceRequest) -> Actor:
    """The key, the user or nobody ('anonymous') behind a request that the middleware has seen."""
    if request.api_key is not None:
        key = request.api_key
        return Actor(
            kind="key",
            label=f"API key {key.name}",
            key_id=key.id,
            scopes=frozenset(key.scopes),
            request=meta_of(request),
        )
    if request.user.is_authenticated:
        role = request.membership.role if request.membership else ""
        return user_actor(request, request.user, role=role)
    return nobody(request)


def nobody(request: HttpRequest) -> Actor:
    """Somebody who isn't signed in: no user, no role, no scope, so nothing is theirs to do."""
    return Actor(kind="user", label="anonymous", request=meta_of(request))


def user_actor(request: HttpRequest, user: AbstractBaseUser, *, role: str = "") -> Actor:
    """`user` acting by `request`, also where the request isn't signed in as them yet."""
    return Actor(
        kind="user",
        label=str(getattr(user, "email", user)),
        user_id=user.pk,
        role=role,
        scopes=USER_SCOPES,
        request=meta_of(request),
    )


def _clean(text: str) -> str:
    return text.replace("\x00", "")
