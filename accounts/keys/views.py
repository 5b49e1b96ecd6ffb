"""The page of API keys."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import DomainError
from cursive.lib.ui.pagination import numbered_page

from . import operations
from .forms import NewKeyForm
from .queries import keys_of


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(role=Role.ADMIN)
def api_keys(request: MemberRequest) -> HttpResponse:
    """The keys of the workspace, and a form for a new one; a new key is shown once."""
    form = NewKeyForm(request.POST or None)
    made = token = None
    if request.method == "POST" and form.is_valid():
        try:
            made, token = operations.create_key(
                workspace_id=request.workspace.id, actor=request.actor, **form.values()
            )
            form = NewKeyForm()
        except DomainError as error:
            show_refusal(form, error)
    keys = numbered_page(keys_of(request.workspace.id), request.GET)
    context = {"form": form, "page": keys, "made": made, "token": token}
    status = 400 if form.errors else 200
    return render(request, "accounts/keys/key_list.html", context, status=status)


@require_POST
@member_required(role=Role.ADMIN)
def revoke(request: MemberRequest, key_id: UUID) -> HttpResponse:
    """End a key at once."""
    key = operations.revoke_key(
        workspace_id=request.workspace.id, actor=request.actor, key_id=key_id
    )
    messages.success(request, f"{key.name} is revoked. It doesn't work any more.")
    return redirect("accounts:api_keys")
