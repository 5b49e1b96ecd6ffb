"""Who may open a page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from cursive.lib.errors import Forbidden

from .models import Role
from .requests import WorkspaceRequest

View = Callable[..., HttpResponseBase]


def member_required(view: View | None = None, *, role: str = Role.MEMBER) -> Any:
    """Let members of the current workspace in who are at least `role`.

    Others are sent to sign in, to make a workspace, or refused with a sentence.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: WorkspaceRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if request.membership is None:
                return redirect("accounts:workspace_new")
            if not request.membership.at_least(role):
                raise Forbidden(refusal(role))
            return view(request, *args, **kwargs)

        guarded.minimum_role = role  # type: ignore[attr-defined]
        return guarded

    return decorate(view) if view else decorate


def refusal(role: str) -> str:
    """The sentence for somebody whose role is below `role`."""
    if role == Role.ADMIN:
        return "Only owners and admins of this workspace can do that."
    return f"Only {Role(role).label.lower()}s of this workspace can do that."
