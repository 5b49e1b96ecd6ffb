"""Guards for pages, and the page of who asks too often."""

from django.http import HttpResponse

from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import WorkspaceRequest
from cursive.lib.errors import TooMany, error_page

from . import events

__all__ = ["member_required", "too_many_requests"]

TOO_OFTEN = "You did that too often. Wait a minute, then try again."


def too_many_requests(request: WorkspaceRequest) -> HttpResponse:
    """429 for allauth's limits on sign-up, reset and the like; name it as `handler429`."""
    events.asked_too_often(request)
    error = TooMany(TOO_OFTEN, retry_after=60)
    return error_page(request, status=429, message=error.message, error=error)
