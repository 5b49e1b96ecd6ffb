"""A workspace's settings, and switching between workspaces."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from cursive.lib.errors import DomainError, Forbidden

from . import operations
from .forms import WorkspaceForm, show_refusal
from .guards import member_required, refusal
from .models import Role
from .requests import MemberRequest, WorkspaceRequest, choose_workspace


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def workspace_settings(request: MemberRequest) -> HttpResponse:
    """Name, time zone, country, and when to warn about credits; members can only look."""
    form = WorkspaceForm(request.POST) if request.POST else WorkspaceForm.of(request.workspace)
    may_change = request.membership.at_least(Role.ADMIN)
    if not may_change:
        if request.method == "POST":
            raise Forbidden(refusal(Role.ADMIN))
        form.lock()
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_workspace(
                workspace_id=request.workspace.id, actor=request.actor, **form.cleaned_data
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, "The settings are saved.")
            return redirect("accounts:workspace_settings")
    status = 400 if form.errors else 200
    context = {"form": form, "may_change": may_change}
    return render(request, "accounts/workspaces/workspace_settings.html", context, status=status)


@require_POST
@login_required
def switch(request: WorkspaceRequest, workspace_id: UUID) -> HttpResponse:
    """Work for another of the user's workspaces from now on."""
    chosen = next((one for one in request.memberships if one.workspace_id == workspace_id), None)
    if chosen is None:
        raise Http404
    choose_workspace(request, workspace_id)
    messages.info(request, f"You are in {chosen.workspace.name} now.")
    return redirect("dashboard")
