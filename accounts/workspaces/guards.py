"""Who may open a page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from cursive.lib.errors import Conflict, Forbidden
from cursive.lib.ui.form_tags import WORKSPACE_FIELD, WORKSPACE_HEADER

from .models import Role
from .requests import WorkspaceRequest

View = Callable[..., HttpResponseBase]


def member_required(view: View | None = None, *, role: str = Role.MEMBER) -> Any:
    """Let members of the current workspace in who are at least `role`.

    Others are sent to sign in, to make a workspace, or refused with a sentence. So is a change
    from a page that was shown for another workspace than the one chosen since, in another tab.
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
            _refuse_left_behind(request)
            return view(request, *args, **kwargs)

        guarded.minimum_role = role  # type: ignore[attr-defined]
        return guarded

    return decorate(view) if view else decorate


def _refuse_left_behind(request: WorkspaceRequest) -> None:
    if request.method in {"GET", "HEAD", "OPTIONS"} or request.workspace is None:
        return
    shown_for = request.headers.get(WORKSPACE_HEADER) or request.POST.get(WORKSPACE_FIELD)
    if shown_for and shown_for != str(request.workspace.id):
        raise Conflict(
            f"You have switched to {request.workspace.name} since this page was shown. "
            "Nothing was changed. Switch back, or open the page again."
        )


def refusal(role: str) -> str:
    """The sentence for somebody whose role is below `role`."""
    if role == Role.ADMIN:
        return "Only owners and admins of this workspace can do that."
    return f"Only {Role(role).label.lower()}s of this workspace can do that."
