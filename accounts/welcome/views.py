"""Making a workspace."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.invitations.queries import open_for
from accounts.workspaces.forms import NewWorkspaceForm, show_refusal
from accounts.workspaces.models import User
from accounts.workspaces.operations import create_workspace
from accounts.workspaces.requests import WorkspaceRequest, choose_workspace
from cursive.lib.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def workspace_new(request: WorkspaceRequest) -> HttpResponse:
    """A form for a new workspace, and the invitations that wait for the user.

    `?next=` is where it leads on to, a page of ours; else the dashboard.
    """
    assert isinstance(request.user, User)
    form = NewWorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            workspace = create_workspace(actor=request.actor, **form.cleaned_data)
        except DomainError as error:
            show_refusal(form, error)
        else:
            choose_workspace(request, workspace.id)
            messages.success(request, f"{workspace.name} is ready.")
            return redirect(_next(request) or "dashboard")
    context = {
        "form": form,
        "invitations": open_for(request.user),
        "is_first": not request.memberships,
    }
    status = 400 if form.errors else 200
    return render(request, "accounts/welcome/workspace_new.html", context, status=status)


def _next(request: WorkspaceRequest) -> str:
    """Where `?next=` leads to; nothing where that is no page of ours."""
    wanted = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else ""
