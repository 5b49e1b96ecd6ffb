"""The page of people: members and open invitations."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.invitations.forms import InviteForm, role_choices
from accounts.invitations.operations import invite_person
from accounts.invitations.queries import pending_of
from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required, refusal
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import DomainError, Forbidden
from cursive.lib.ui.pagination import numbered_page

from . import operations
from .queries import members_of


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def people(request: MemberRequest) -> HttpResponse:
    """Who is in the workspace; owners and admins invite by the form."""
    manages = request.membership.at_least(Role.ADMIN)
    if request.method == "POST" and not manages:
        raise Forbidden(refusal(Role.ADMIN))
    form = InviteForm(request.POST or None, inviter=request.membership)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invite_person(
                workspace_id=request.workspace.id, actor=request.actor, **form.cleaned_data
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"The invitation goes to {invitation.email}.")
            return redirect("accounts:people")
    context = {
        "form": form if manages else None,
        "page": numbered_page(members_of(request.workspace.id), request.GET),
        "invitations": pending_of(request.workspace.id)[:200] if manages else [],
        "manages": manages,
        "roles": role_choices(request.membership),
    }
    status = 400 if form.errors else 200
    return render(request, "accounts/people/people.html", context, status=status)


@require_POST
@member_required(role=Role.ADMIN)
def role(request: MemberRequest, membership_id: UUID) -> HttpResponse:
    """Give a member another role."""
    changed = operations.change_role(
        workspace_id=request.workspace.id,
        actor=request.actor,
        membership_id=membership_id,
        role=request.POST.get("role", ""),
    )
    messages.success(request, f"{changed.user} is now {changed.get_role_display().lower()}.")
    return redirect("accounts:people")


@require_POST
@member_required(role=Role.ADMIN)
def removal(request: MemberRequest, membership_id: UUID) -> HttpResponse:
    """Take a member out of the workspace."""
    removed = operations.remove_member(
        workspace_id=request.workspace.id, actor=request.actor, membership_id=membership_id
    )
    messages.success(request, f"{removed.user} is no longer in {request.workspace}.")
    return redirect("accounts:people")


@require_POST
@member_required
def departure(request: MemberRequest) -> HttpResponse:
    """Leave the workspace."""
    operations.leave_workspace(workspace_id=request.workspace.id, actor=request.actor)
    messages.success(request, f"You have left {request.workspace}.")
    return redirect("dashboard")
