"""The pages of business profiles."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import DomainError

from . import operations
from .forms import ProfileForm
from .queries import profile_of, profiles_of


@require_safe
@member_required
def profile(request: MemberRequest) -> HttpResponse:
    """The workspace's profiles."""
    context = {"profiles": profiles_of(request.workspace.id)}
    return render(request, "accounts/profiles/profile_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def profile_new(request: MemberRequest) -> HttpResponse:
    """A new profile."""
    form = ProfileForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.create_profile(
                workspace_id=request.workspace.id, actor=request.actor, values=form.cleaned_data
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"{made.name} is saved.")
            return redirect("accounts:profile")
    context = {"form": form, "profile": None}
    status = 400 if form.errors else 200
    return render(request, "accounts/profiles/profile_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def profile_edit(request: MemberRequest, profile_id: UUID) -> HttpResponse:
    """Change a profile."""
    found = profile_of(request.workspace.id, profile_id)
    form = ProfileForm.of(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_profile(
                workspace_id=request.workspace.id,
                actor=request.actor,
                profile_id=profile_id,
                values=form.cleaned_data,
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, "The profile is saved.")
            return redirect("accounts:profile")
    context = {"form": form, "profile": found}
    status = 400 if form.errors else 200
    return render(request, "accounts/profiles/profile_form.html", context, status=status)
