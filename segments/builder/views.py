"""The search page, for a new search and for a saved segment (S-5)."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access.views import member_required
from accounts.workspaces.forms import show_refusal
from accounts.workspaces.requests import MemberRequest
from credits.ledger.operations import InsufficientCredits
from cursive.lib import tenancy
from cursive.lib.errors import InvalidInput, Unavailable
from cursive.lib.jobs.models import Job
from cursive.lib.ui.formatting import format_number
from leads.catalogue.local import local_source
from leads.catalogue.source import FacetValue, Order, Superseded
from leads.catalogue.suggestions import SUGGESTED
from leads.filters import url as filter_url
from leads.filters.document import digest
from leads.filters.errors import FilterError
from leads.filters.sentence import sentence
from leads.filters.tree import Group
from leads.records.pulls import earlier_pull
from leads.sidebar.controls import controls
from leads.sidebar.forms import SearchForm, query_of_tree
from leads.sidebar.looks import Look, facets_wanted
from leads.sidebar.queries import chips_of, panel_of, sections_of
from segments.saved.models import Segment
from segments.saved.operations import NAME_LENGTH, create_segment, pull_leads, update_segment
from segments.saved.queries import count_people, get_segment

from .forms import PullForm
from .queries import Offer, Results, narrowest, offer_for, search, shown

SUGGESTIONS = 8
PAGE = "segments/builder/segment_builder.html"
SWAP = "segments/builder/segment_search.swap.html"

# What the dialog proposes at most: Enter alone must not spend all there is.
PROPOSED = 1_000


@require_GET
@member_required
def segment_new(request: MemberRequest) -> HttpResponse:
    """A new search."""
    return _answer(request, SearchForm(request.GET), None)


@require_GET
@member_required
def segment_detail(request: MemberRequest, segment_id: UUID) -> HttpResponse:
    """A saved segment; with a filter in the address, that one in its place."""
    segment = get_segment(request.workspace.id, segment_id)
    return _answer(request, _asked(request, segment), segment)


def _asked(request: MemberRequest, segment: Segment | None) -> SearchForm:
    """The filter in the address, or where it names none the segment's own."""
    names_one = not {filter_url.PARAMETER, "arranged"}.isdisjoint(request.GET)
    return form_of(segment) if segment and not names_one else SearchForm(request.GET)


def form_of(segment: Segment) -> SearchForm:
    """The form that shows a segment's filter, or why it can't be shown any more."""
    try:
        return SearchForm.of_tree(segment.tree())
    except FilterError as error:
        return SearchForm.broken(error.message)


def _answer(request: MemberRequest, form: SearchForm, segment: Segment | None) -> HttpResponse:
    """The page, or for htmx its regions. The address follows the filter."""
    look = Look.of(request.GET)
    fragment = bool(request.htmx and not request.htmx.boosted)
    tab = request.GET.get("tab", "")[:40] or uuid4().hex[:12]
    try:
        results = _results(request, form, look, tab if fragment else "")
    except Superseded:
        return HttpResponse(status=204)  # nobody waits for it any more
    context = _context(form, results, segment) | {
        "sections": sections_of(form, results.facets, look, lazy=fragment),
        "tab": tab,
        "is_fragment": fragment,
    }
    response = render(
        request, SWAP if fragment else PAGE, context, status=200 if form.tree else 400
    )
    if fragment and form.tree is not None:
        plain = segment is None and not form.tree.items and form.order == "score"
        address = request.path + ("" if plain else query_of_tree(form.tree, form.order))
        same = request.htmx.current_url_abs_path == address
        response["HX-Replace-Url" if same else "HX-Push-Url"] = address
    return response


def _results(request: MemberRequest, form: SearchForm, look: Look, client: str) -> Results:
    if form.tree is None:
        return Results()
    return search(
        request.workspace.id,
        form.tree,
        order=form.order,
        facets=facets_wanted(look, form.chosen),
        client=client,
    )


def _context(form: SearchForm, results: Results, segment: Segment | None) -> dict[str, Any]:
    tree = form.tree
    found_nobody = tree is not None and results.count is not None and not results.count.total
    total = results.count.total if results.count else None
    return {
        "form": form,
        "results": results,
        "rows": [shown(row) for row in results.rows],
        "chips": chips_of(form) if tree is not None else [],
        "sentence": sentence(tree) if tree is not None else "",
        "narrowest": narrowest(form) if found_nobody else None,
        "segment": segment,
        "is_dirty": segment is not None and tree is not None and not segment.holds(tree),
        "text": filter_url.encode(tree) if tree is not None else "",
        "digest": digest(tree)[:12] if tree is not None else "",
        "query": query_of_tree(tree, form.order) if tree is not None else "?",
        "query_best": query_of_tree(tree, "score") if tree is not None else "?",
        "query_fresh": query_of_tree(tree, "fresh") if tree is not None else "?",
        "action": reverse("segments:detail", args=[segment.id])
        if segment
        else reverse("segments:new"),
        "found": _said(total),
        "options_page": "segments:options",
        "suggestions_page": "segments:suggestions",
    }


def _said(total: int | None) -> str:
    if total is None:
        return ""
    return f"{format_number(total)} {'person' if total == 1 else 'people'}"


@require_GET
@member_required
def field_options(request: MemberRequest, field: str) -> HttpResponse:
    """The choices of one field that match what is typed above them, with their counts."""
    control = controls().get(field)
    if control is None or control.kind != "checklist":
        raise Http404
    form, look = SearchForm(request.GET), Look.of(request.GET)
    facet, more = None, []
    with suppress(Unavailable):
        if form.tree is not None:
            facet = local_source().facets(form.tree, [field])[field]
        if control.field.choices is None and field in look.searched:
            # A facet lists the most frequent values only.
            found = local_source().suggest(field, look.searched[field], limit=SUGGESTIONS)
            more = [value.value for value in found]
    context = {"panel": panel_of(form, control, facet, look, more)}
    return render(request, "leads/sidebar/_options.html", context)


@require_GET
@member_required
def field_suggestions(request: MemberRequest, field: str) -> HttpResponse:
    """What the beginning of a title, company or city may become, for the combobox."""
    control = controls().get(field)
    if control is None or control.kind != "tokens":
        raise Http404
    typed = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    found: list[FacetValue] = []
    with suppress(Unavailable):
        if typed and field in SUGGESTED:
            found = local_source().suggest(field, typed, limit=SUGGESTIONS)
    context = {"control": control, "typed": typed, "suggestions": found}
    return render(request, "leads/sidebar/_suggestions.html", context)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to be pulled: the people of `tree`, who may be those of a saved segment."""

    segment: Segment | None
    tree: Group
    order: Order

    @classmethod
    def of(cls, request: MemberRequest, segment_id: UUID | None) -> "Wanted":
        """Read it from the address. Raises NotFound, and InvalidInput for a filter that is none."""
        segment = get_segment(request.workspace.id, segment_id) if segment_id else None
        form = _asked(request, segment)
        if form.tree is None:
            raise InvalidInput(form.problem or "This filter can't be used as it is.")
        return cls(segment, form.tree, form.order)

    def offer(self, request: MemberRequest) -> Offer:
        """What of them the workspace could pull now."""
        count = count_people(request.workspace.id, self.tree)
        return offer_for(request.workspace.id, count.net_new)

    def address(self, name: str) -> str:
        """The address of a page about them: of the segment, or of the unsaved search."""
        query = query_of_tree(self.tree, self.order)
        if self.segment is None:
            return reverse(f"segments:{name.replace('detail', 'new')}") + query
        return reverse(f"segments:{name.removeprefix('new_')}", args=[self.segment.id]) + query


@require_http_methods(["GET", "POST"])
@member_required
def segment_pull(request: MemberRequest, segment_id: UUID | None = None) -> HttpResponse:
    """Pull from a segment, or from a search that is saved by it: the dialog, and its answer."""
    wanted = Wanted.of(request, segment_id)
    offer = wanted.offer(request)
    initial: dict[str, Any] = {
        "name": Truncator(sentence(wanted.tree)).chars(NAME_LENGTH),
        "limit": min(offer.affordable or offer.most, PROPOSED),
        "order": wanted.order,
    }
    form = PullForm(request.POST or None, saved=wanted.segment is not None, initial=initial)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("jobs:detail", job_id=_pull(request, wanted, form).id)
        except InsufficientCredits as error:
            refusal = error
        except InvalidInput as error:
            show_refusal(form, error)
    asked = form.cleaned_data.get("limit") if form.is_bound else initial["limit"]
    context = {
        "form": form,
        "refusal": refusal,
        "sentence": sentence(wanted.tree),
        "offer": offer,
        "bill": offer.bill(asked) if asked else None,
        "action": wanted.address("new_pull"),
        "price_url": wanted.address("new_pull_price"),
        "back": wanted.address("detail"),
    }
    status = 402 if refusal else 400 if request.method == "POST" else 200
    fragment = "#dialog" if request.htmx else ""
    return render(request, f"segments/builder/segment_pull.html{fragment}", context, status=status)


def _pull(request: MemberRequest, wanted: Wanted, form: PullForm) -> Job:
    """Save what is on the page where it isn't saved, and start the pull: both or neither."""
    workspace, actor, given = request.workspace, request.actor, form.cleaned_data
    with tenancy.atomic():
        earlier = earlier_pull(workspace.id, given["key"])
        if earlier is not None:
            return earlier  # the dialog was sent twice
        if wanted.segment is None:
            segment = create_segment(
                workspace=workspace, actor=actor, name=given["name"], filter=wanted.tree
            )
        else:
            segment = update_segment(
                workspace=workspace,
                actor=actor,
                segment_id=wanted.segment.id,
                filter=wanted.tree,
            )
        return pull_leads(
            workspace=workspace,
            actor=actor,
            segment=segment,
            limit=given["limit"],
            order=given["order"],
            key=given["key"],
        )


@require_GET
@member_required
def pull_price(request: MemberRequest, segment_id: UUID | None = None) -> HttpResponse:
    """The price of the number that is typed in the dialog."""
    offer = Wanted.of(request, segment_id).offer(request)
    form = PullForm(request.GET, saved=True)
    form.is_valid()
    asked = form.cleaned_data.get("limit")
    context = {"bill": offer.bill(asked) if asked else None, "offer": offer}
    return render(request, "segments/builder/_pull_price.html", context)
