"""The lead list, its news, and its dialogs."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import DomainError, InvalidInput
from cursive.lib.ui.formatting import format_number
from leads.bulk.queries import find_run, said_of
from leads.bulk.registry import all_actions
from leads.filters import url as filter_url
from leads.filters.sentence import sentence
from leads.records.columns import COLUMNS
from leads.records.queries import SORTS, leads_of, members_of, newer_than, page_of
from leads.sidebar.controls import controls
from leads.sidebar.looks import Look
from leads.sidebar.queries import chips_of, panel_of, sections_of
from leads.sidebar.saving import FilterDetailsForm

from . import operations, queries
from .forms import ColumnsForm, LeadSearch, SaveFilterForm, read_moment

COUNTED = 10_000
PAGE = "leads/listing/lead_list.html"
SWAP = "leads/listing/lead_list.swap.html"


def _search(request: MemberRequest) -> LeadSearch:
    members = members_of(request.workspace.id)
    names = {str(member.user_id): str(member.user) for member in members}
    jobs = queries.jobs_that_brought(request.workspace.id, request.GET)
    return LeadSearch(request.GET, choices={"owner": names, "job_id": jobs})


@require_GET
@member_required
def lead_list(request: MemberRequest) -> HttpResponse:
    """The workspace's leads: filtered, sorted, page by page; for htmx its regions."""
    form, look = _search(request), Look.of(request.GET, "leads")
    fragment = bool(request.htmx and not request.htmx.boosted)
    action = reverse("leads:list")
    context: dict[str, Any] = {
        "form": form,
        "sections": sections_of(form, {}, look),
        "chips": chips_of(form) if form.tree is not None else [],
        "action": action,
        "options_page": "leads:options",
        "suggestions_page": "leads:suggestions",
        "filter_page": "leads:filter",
        "filter_new_page": "leads:filter_new",
        "is_fragment": fragment,
        "sorts": SORTS,
        "now": timezone.now(),
        "deleted_filter": queries.restorable_filter(
            request.workspace.id, request.user.id, request.GET.get("deleted-filter", "")
        ),
    }
    context |= _found(request, form) | _bulk(request)
    status = 200 if form.tree is not None else 400
    response = render(request, SWAP if fragment else PAGE, context, status=status)
    if fragment and form.tree is not None:
        address = action + ("" if form.is_plain else form.query(form.tree))
        if cursor := request.GET.get("cursor"):
            address = f"{action}{form.query(form.tree)}&cursor={cursor}"
        same = request.htmx.current_url_abs_path == address
        response["HX-Replace-Url" if same else "HX-Push-Url"] = address
    return response


def _bulk(request: MemberRequest) -> dict[str, Any]:
    """What can be done with chosen leads, and what was just done."""
    actions = [one for one in all_actions() if request.membership.at_least(one.role)]
    run = find_run(request.workspace.id, request.GET.get("done", ""))
    return {
        "bar": [one for one in actions if one.in_bar],
        "more": [one for one in actions if not one.in_bar],
        "bulk_run": run,
        "bulk_said": said_of(run) if run else "",
    }


def _found(request: MemberRequest, form: LeadSearch) -> dict[str, Any]:
    """The leads, and what is said about them; nothing where there is no filter to go by."""
    if form.tree is None:
        return {"query": "?", "rows": [], "found": ""}
    page, count = page_of(
        leads_of(request.workspace.id, form.tree).select_related("owner"),
        order=SORTS[form.sort].order,
        cap=COUNTED,
        narrowed=bool(form.tree.items),
        cursor=request.GET.get("cursor"),
    )
    number = f"Over {format_number(COUNTED)}" if count > COUNTED else format_number(count)
    columns = queries.columns_of(request.workspace.id, request.user.id)
    text = filter_url.encode(form.tree)
    return {
        "page": page,
        "rows": queries.rows_of(page.items, columns),
        "columns": columns,
        # So many share the width; more scroll beside the name, which stays.
        "table_class": "lead-table stack"
        + (" fits" if len(columns) <= len(queries.USUAL_COLUMNS) else " scrolls"),
        "found": f"{number} {'lead' if count == 1 else 'leads'}",
        "query": form.query(form.tree),
        # What links to other pages keep: the filter and the order, not the form's fields.
        "address": QueryDict(form.query(form.tree).removeprefix("?")),
        "text": text,
        "saved": queries.saved_links(
            queries.filters_of(request.workspace.id, request.user.id),
            user_id=request.user.id,
            may_change=request.membership.at_least(Role.ADMIN),
            text=text,
            sort=form.sort,
        ),
    }


@require_GET
@member_required
def lead_news(request: MemberRequest) -> HttpResponse:
    """How many leads that match came in since the list was shown, and the way to them."""
    since = read_moment(request.GET.get("since", ""))
    if since is None:
        raise InvalidInput("since must be a moment.", fields={"since": "ISO 8601, with zone."})
    form = _search(request)
    if form.tree is None:
        raise InvalidInput(form.problem or "This filter can't be used as it is.")
    context = {
        "newer": newer_than(request.workspace.id, since, filter=form.tree),
        "now": since,
        "action": reverse("leads:list"),
        "query": form.query(form.tree),
    }
    return render(request, "leads/listing/_news.html", context)


@require_GET
@member_required
def field_options(request: MemberRequest, field: str) -> HttpResponse:
    """The choices of one field that match what is typed above them."""
    control = controls("leads").get(field)
    if control is None or control.kind != "checklist":
        raise Http404
    form, look = _search(request), Look.of(request.GET, "leads")
    context = {"panel": panel_of(form, control, None, look), "form": form}
    return render(request, "leads/sidebar/_options.html", context)


@require_GET
@member_required
def field_suggestions(request: MemberRequest, field: str) -> HttpResponse:
    """What the beginning of a title, company, city or tag may become, for the combobox."""
    control = controls("leads").get(field)
    if control is None or control.kind != "tokens":
        raise Http404
    typed = request.GET.get("q", "").strip()[:60]
    found = queries.suggest(request.workspace.id, field, typed) if typed else []
    context = {"control": control, "typed": typed, "suggestions": found}
    return render(request, "leads/sidebar/_suggestions.html", context)


@require_http_methods(["GET", "POST"])
@member_required
def list_columns(request: MemberRequest) -> HttpResponse:
    """Choose the columns of one's own list: the dialog, and its answer."""
    back = filter_url.back_to((request.POST or request.GET).get("back"))
    form = ColumnsForm(request.POST or None)
    if request.method == "POST" and ("usual" in request.POST or form.is_valid()):
        operations.choose_columns(
            workspace_id=request.workspace.id,
            user_id=request.user.id,
            columns=[] if "usual" in request.POST else form.cleaned_data["columns"],
        )
        return redirect(reverse("leads:list") + back)
    shown = queries.columns_of(request.workspace.id, request.user.id)
    context = {
        "form": form,
        "columns": COLUMNS.values(),
        "shown": [column.name for column in shown],
        "back": back,
    }
    return _dialog(request, "leads/listing/columns.html", context)


@require_http_methods(["GET", "POST"])
@member_required
def filter_new(request: MemberRequest) -> HttpResponse:
    """Save the list's filter under a name: the dialog, and its answer."""
    if request.method == "POST":
        form = SaveFilterForm(request.POST)
        if form.is_valid():
            try:
                saved = operations.save_filter(
                    workspace_id=request.workspace.id,
                    actor=request.actor,
                    name=form.cleaned_data["name"],
                    filter=form.cleaned_data["f"],
                    sort=form.cleaned_data["sort"],
                    is_shared=form.cleaned_data["is_shared"],
                )
            except DomainError as error:
                show_refusal(form, error)
            else:
                messages.success(request, f"“{saved.name}” is saved.")
                back = {"f": request.POST.get("f", ""), "sort": saved.sort}
                return _to_list(**back)
        said = ""
    else:
        search = _search(request)
        if search.tree is None:
            raise InvalidInput("This filter can't be saved as it is.")
        said = sentence(search.tree, labels=search.labels)
        form = SaveFilterForm(initial={"f": filter_url.encode(search.tree), "sort": search.sort})
    context = {"form": form, "sentence": said, "title": "Save this filter"}
    return _dialog(
        request, "leads/listing/filter_form.html", context | {"action": reverse("leads:filter_new")}
    )


@require_http_methods(["GET", "POST"])
@member_required
def filter_details(request: MemberRequest, filter_id: UUID) -> HttpResponse:
    """Rename a saved filter, share it, or get to deleting it: the dialog, and its answer."""
    saved = queries.get_filter(request.workspace.id, request.user.id, filter_id)
    form = FilterDetailsForm(
        request.POST or None, initial={"name": saved.name, "is_shared": saved.is_shared}
    )
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_filter(
                workspace_id=request.workspace.id,
                actor=request.actor,
                filter_id=filter_id,
                **form.cleaned_data,
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            return _to_list(f=filter_url.encode(saved.tree()), sort=saved.sort)
    context = {
        "form": form,
        "saved": saved,
        "title": "Saved filter",
        "sentence": sentence(saved.tree(), labels=_search(request).labels),
        "action": reverse("leads:filter", args=[filter_id]),
        "deletion_page": "leads:filter_deletion",
    }
    return _dialog(request, "leads/listing/filter_form.html", context)


@require_POST
@member_required
def filter_deletion(request: MemberRequest, filter_id: UUID) -> HttpResponse:
    """Delete a saved filter; the list offers to undo it."""
    operations.delete_filter(
        workspace_id=request.workspace.id, actor=request.actor, filter_id=filter_id
    )
    return _to_list(**{"deleted-filter": str(filter_id)})


@require_POST
@member_required
def filter_restore(request: MemberRequest, filter_id: UUID) -> HttpResponse:
    """Undo a deletion."""
    saved = operations.restore_filter(
        workspace_id=request.workspace.id, actor=request.actor, filter_id=filter_id
    )
    messages.success(request, f"“{saved.name}” is back.")
    return _to_list(f=filter_url.encode(saved.tree()), sort=saved.sort)


def _to_list(**params: str) -> HttpResponse:
    query = QueryDict(mutable=True)
    query.update(params)
    return redirect(f"{reverse('leads:list')}?{query.urlencode()}")


def _dialog(request: MemberRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A form as a dialog for htmx, as a page otherwise; wrong input comes back with a 400."""
    fragment = "#dialog" if request.htmx else ""
    status = 400 if request.method == "POST" else 200
    return render(request, f"{template}{fragment}", context, status=status)
