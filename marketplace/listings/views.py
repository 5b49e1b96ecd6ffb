"""The market: filters beside what is on sale, live (M-2)."""

from contextlib import suppress
from typing import Any
from uuid import uuid4

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access.views import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import Unavailable
from cursive.lib.ui.formatting import format_number
from leads.catalogue.source import Superseded
from leads.filters import url as filter_url
from leads.listing.queries import filters_of, restorable_filter, saved_links
from leads.sidebar.controls import controls
from leads.sidebar.looks import Look, facets_wanted
from leads.sidebar.queries import chips_of, panel_of, sections_of
from marketplace.limits import BROWSE, OTHER, use

from . import queries
from .forms import MarketSearch
from .models import SavedSearch
from .orders import ORDERS
from .presets import shelves_of
from .search import facets_of, suggest

PAGE = "marketplace/listings/listing_list.html"
SWAP = "marketplace/listings/listing_list.swap.html"
# The most that one click puts into the cart (M-3).
MOST_ADDED = 1_000


@require_GET
@member_required
def listing_list(request: MemberRequest) -> HttpResponse:
    """What is on sale: filtered, sorted, page by page; for htmx its regions."""
    use(BROWSE, request)
    form, look = MarketSearch(request.GET), Look.of(request.GET, "listings")
    fragment = bool(request.htmx and not request.htmx.boosted)
    tab = request.GET.get("tab", "")[:40] or uuid4().hex[:12]
    try:
        results = _results(request, form, look, tab if fragment else "")
    except Superseded:
        return HttpResponse(status=204)  # nobody waits for it any more
    context = _context(request, form, results) | {
        "sections": sections_of(form, _facets(results), look, lazy=fragment),
        "tab": tab,
        "is_fragment": fragment,
    }
    status = 200 if form.tree is not None else 400
    response = render(request, SWAP if fragment else PAGE, context, status=status)
    if fragment and form.tree is not None:
        address = _address(request, form)
        same = request.htmx.current_url_abs_path == address
        response["HX-Replace-Url" if same else "HX-Push-Url"] = address
    return response


def _results(
    request: MemberRequest, form: MarketSearch, look: Look, client: str
) -> queries.Results:
    if form.tree is None:
        return queries.Results()
    return queries.browse(
        request.workspace.id,
        form.tree,
        order=form.sort,
        facets=facets_wanted(look, form.chosen, "listings"),
        cursor=request.GET.get("cursor"),
        client=client,
    )


def _facets(results: queries.Results) -> Any:
    return results.found.facets if results.found else {}


def _address(request: MemberRequest, form: MarketSearch) -> str:
    assert form.tree is not None
    query = "" if form.is_plain else form.query(form.tree)
    if cursor := request.GET.get("cursor"):
        query = f"{form.query(form.tree)}&cursor={cursor}"
    return reverse("marketplace:listings") + query


def _context(
    request: MemberRequest, form: MarketSearch, results: queries.Results
) -> dict[str, Any]:
    tree, found = form.tree, results.found
    query = form.query(tree) if tree is not None else "?"
    text = filter_url.encode(tree) if tree is not None else ""
    saved = filters_of(request.workspace.id, request.user.id, SavedSearch)
    return {
        "form": form,
        "results": results,
        "rows": results.rows,
        "page": found.page if found else None,
        "total": found.total if found else None,
        "found": _said(found.total) if found else "",
        "most": min(found.total, MOST_ADDED) if found else 0,
        "chips": chips_of(form) if tree is not None else [],
        "shelves": shelves_of(form),
        "action": reverse("marketplace:listings"),
        "query": query,
        # What links to other pages keep: the filter and the order, not the form's fields.
        "address": QueryDict(query.removeprefix("?")),
        # Where one comes back to from the cart: this page of the list.
        "here": _address(request, form) if tree is not None else reverse("marketplace:listings"),
        "text": text,
        "sorts": ORDERS,
        "saved": saved_links(
            saved,
            user_id=request.user.id,
            may_change=request.membership.at_least(Role.ADMIN),
            text=text,
            sort=form.sort,
        ),
        "deleted_filter": restorable_filter(
            request.workspace.id,
            request.user.id,
            request.GET.get("deleted-filter", ""),
            SavedSearch,
        ),
        "options_page": "marketplace:options",
        "suggestions_page": "marketplace:suggestions",
        "filter_page": "marketplace:search",
        "filter_new_page": "marketplace:search_new",
    }


def _said(total: int) -> str:
    return f"{format_number(total)} {'lead' if total == 1 else 'leads'} on sale"


@require_GET
@member_required
def field_options(request: MemberRequest, field: str) -> HttpResponse:
    """The choices of one field that match what is typed above them, with their counts."""
    use(OTHER, request)
    control = controls("listings").get(field)
    if control is None or control.kind != "checklist":
        raise Http404
    form, look = MarketSearch(request.GET), Look.of(request.GET, "listings")
    buyer_id = request.workspace.id
    facet, more = None, []
    with suppress(Unavailable):
        if form.tree is not None:
            facet = facets_of(form.tree, [field], buyer_id=buyer_id)[field]
        if control.field.choices is None and field in look.searched:
            # A facet lists the most frequent values only.
            more = [one.value for one in suggest(field, look.searched[field], buyer_id=buyer_id)]
    context = {"panel": panel_of(form, control, facet, look, more), "form": form}
    return render(request, "leads/sidebar/_options.html", context)


@require_GET
@member_required
def field_suggestions(request: MemberRequest, field: str) -> HttpResponse:
    """What the beginning of a title, company, city or postal code may become."""
    use(OTHER, request)
    control = controls("listings").get(field)
    if control is None or control.kind != "tokens":
        raise Http404
    typed = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    found: list[Any] = []
    with suppress(Unavailable):
        found = suggest(field, typed, buyer_id=request.workspace.id) if typed else []
    context = {"control": control, "typed": typed, "suggestions": found}
    return render(request, "leads/sidebar/_suggestions.html", context)
