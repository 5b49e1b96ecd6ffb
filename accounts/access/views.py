"""Guards for pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.workspaces.models import Role
from cursive.lib.errors import Forbidden

View = Callable[..., HttpResponse]


def member_required(view: View | None = None, *, role: str = Role.MEMBER) -> Any:
    """Let members of the current workspace in who are at least `role`.

    Others are sent to sign in, to make a workspace, or refused with a sentence.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if request.membership is None:
                return redirect("accounts:workspace_new")
            if not request.membership.at_least(role):
                raise Forbidden(f"Only {Role(role).label.lower()}s of this workspace can do that.")
            return view(request, *args, **kwargs)

        guarded.minimum_role = role
        return guarded

    return decorate(view) if view else decorate
