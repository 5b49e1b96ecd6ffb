"""Inviting, and what the link in the mail opens."""

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.workspaces.guards import member_required
from accounts.workspaces.models import Role, User
from accounts.workspaces.requests import MemberRequest, WorkspaceRequest, choose_workspace
from cursive.lib.errors import Conflict, DomainError, Forbidden, NotFound

from . import operations
from .models import Invitation
from .queries import invitation_behind

GONE = 410


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: WorkspaceRequest, token: str) -> HttpResponse:
    """What the mail's link opens: join by a click, or sign in or up first and come back."""
    try:
        if request.method == "POST" and request.user.is_authenticated:
            return _accept(request, token)
        found = invitation_behind(token)
    except (NotFound, Conflict, Forbidden) as error:
        return _refused(request, error)
    if request.method == "POST":
        return redirect_to_login(request.get_full_path())
    if not request.user.is_authenticated:
        # Whoever opens the link can read this address's mail: signing up with it needs no more.
        get_adapter(request).stash_verified_email(request, found.email)
    context = {
        "invitation": found,
        "workspace_name": found.workspace.name,
        "has_account": User.objects.filter(email=found.email).exists(),
        "is_other_address": (
            other := request.user.is_authenticated
            and request.user.email.lower() != found.email.lower()
        ),
        "may_join": not (other and found.is_personal),
        "next": request.path,
    }
    return render(request, "accounts/invitations/invitation.html", context)


@require_POST
@member_required(role=Role.ADMIN)
def resend(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """Send an invitation again."""
    sent = operations.resend_invitation(
        workspace_id=request.workspace.id, actor=request.actor, invitation_id=invitation_id
    )
    messages.success(request, f"A new invitation goes to {sent.email}.")
    return redirect("accounts:people")


@require_POST
@member_required(role=Role.ADMIN)
def revoke(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    revoked: Invitation = operations.revoke_invitation(
        workspace_id=request.workspace.id, actor=request.actor, invitation_id=invitation_id
    )
    messages.success(request, f"The invitation of {revoked.email} is taken back.")
    return redirect("accounts:people")


def _accept(request: WorkspaceRequest, token: str) -> HttpResponse:
    membership = operations.accept_invitation(token=token, actor=request.actor)
    choose_workspace(request, membership.workspace_id)
    messages.success(request, "You have joined. Welcome!")
    return redirect("dashboard")


def _refused(request: WorkspaceRequest, error: DomainError) -> HttpResponse:
    status = GONE if isinstance(error, Conflict) else error.status
    return render(
        request, "accounts/invitations/refused.html", {"message": error.message}, status=status
    )
