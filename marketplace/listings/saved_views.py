"""Searches under a name (M-2): the dialogs, and their answers."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access.views import member_required
from accounts.workspaces.forms import show_refusal
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import DomainError, InvalidInput
from leads.filters import url as filter_url
from leads.filters.sentence import sentence
from leads.listing.operations import change_filter, delete_filter, restore_filter, save_filter
from leads.listing.queries import get_filter
from leads.sidebar.saving import FilterDetailsForm
from marketplace.limits import OTHER, use

from .forms import MarketSearch, SaveSearchForm
from .models import SavedSearch


@require_http_methods(["GET", "POST"])
@member_required
def search_new(request: MemberRequest) -> HttpResponse:
    """Save the search under a name."""
    use(OTHER, request)
    said = ""
    if request.method == "POST":
        form = SaveSearchForm(request.POST)
        if form.is_valid():
            given = form.cleaned_data
            try:
                saved = save_filter(
                    workspace_id=request.workspace.id,
                    actor=request.actor,
                    name=given["name"],
                    filter=given["f"],
                    sort=given["sort"],
                    is_shared=given["is_shared"],
                    kind=SavedSearch,
                )
            except DomainError as error:
                show_refusal(form, error)
            else:
                messages.success(request, f"“{saved.name}” is saved.")
                return _to_market(f=request.POST.get("f", ""), sort=saved.sort)
    else:
        search = MarketSearch(request.GET)
        if search.tree is None:
            raise InvalidInput("This search can't be saved as it is.")
        said = sentence(search.tree)
        form = SaveSearchForm(initial={"f": filter_url.encode(search.tree), "sort": search.sort})
    action = reverse("marketplace:search_new")
    return _dialog(request, form=form, sentence=said, title="Save this search", action=action)


@require_http_methods(["GET", "POST"])
@member_required
def search_details(request: MemberRequest, search_id: UUID) -> HttpResponse:
    """Rename a saved search, share it, or get to deleting it."""
    use(OTHER, request)
    saved = get_filter(request.workspace.id, request.user.id, search_id, SavedSearch)
    initial = {"name": saved.name, "is_shared": saved.is_shared}
    form = FilterDetailsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_filter(
                workspace_id=request.workspace.id,
                actor=request.actor,
                filter_id=search_id,
                kind=SavedSearch,
                **form.cleaned_data,
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            return _to_market(f=filter_url.encode(saved.tree()), sort=saved.sort)
    return _dialog(
        request,
        form=form,
        saved=saved,
        sentence=sentence(saved.tree()),
        title="Saved search",
        action=reverse("marketplace:search", args=[search_id]),
        deletion_page="marketplace:search_deletion",
    )


@require_POST
@member_required
def search_deletion(request: MemberRequest, search_id: UUID) -> HttpResponse:
    """Delete a saved search; the market offers to undo it."""
    use(OTHER, request)
    delete_filter(
        workspace_id=request.workspace.id,
        actor=request.actor,
        filter_id=search_id,
        kind=SavedSearch,
    )
    return _to_market(**{"deleted-filter": str(search_id)})


@require_POST
@member_required
def search_restore(request: MemberRequest, search_id: UUID) -> HttpResponse:
    """Undo a deletion."""
    use(OTHER, request)
    saved = restore_filter(
        workspace_id=request.workspace.id,
        actor=request.actor,
        filter_id=search_id,
        kind=SavedSearch,
    )
    messages.success(request, f"“{saved.name}” is back.")
    return _to_market(f=filter_url.encode(saved.tree()), sort=saved.sort)


def _to_market(**params: str) -> HttpResponse:
    query = QueryDict(mutable=True)
    query.update(params)
    return redirect(f"{reverse('marketplace:listings')}?{query.urlencode()}")


def _dialog(request: MemberRequest, **context: Any) -> HttpResponse:
    """A form as a dialog for htmx, as a page otherwise; wrong input comes back with a 400."""
    fragment = "#dialog" if request.htmx else ""
    status = 400 if request.method == "POST" else 200
    template = f"leads/listing/filter_form.html{fragment}"
    return render(request, template, context, status=status)
