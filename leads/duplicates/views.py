"""The list of possible duplicates, the merge page, and undoing."""

import contextlib
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import Conflict, DomainError, InvalidInput
from cursive.lib.ui.pagination import keyset_page
from leads.records.queries import capped_count

from .choosing import lines_of
from .forms import MergeForm
from .merging import merge_leads
from .models import DuplicateCandidate, LeadMerge
from .operations import dismiss_candidate, reopen_candidate
from .queries import (
    APART,
    FILTERS,
    candidates_of,
    last_search,
    leads_together,
    merge_of,
    order_of,
    recent_merges,
)
from .search import start_search
from .undoing import undo_merge

COUNTED = 10_000
MERGES_SHOWN = 10


@require_GET
@member_required
def duplicate_list(request: MemberRequest) -> HttpResponse:
    """Pairs that may be one person, the surest first; the last search; merges to undo."""
    kind = request.GET.get("kind", "")
    if kind not in FILTERS:
        known = ", ".join(filter(None, FILTERS))
        raise InvalidInput("There is no such filter.", fields={"kind": f"One of: {known}."})
    workspace_id = request.workspace.id
    found = candidates_of(workspace_id, kind)
    context = {
        "page": keyset_page(found, order=order_of(kind), cursor=request.GET.get("cursor")),
        "count": capped_count(found, COUNTED),
        "cap": COUNTED,
        "kind": kind,
        "is_apart": kind == APART,
        "filters": FILTERS,
        "search": last_search(workspace_id),
        "merges": recent_merges(workspace_id)[:MERGES_SHOWN],
    }
    return render(request, "leads/duplicates/duplicate_list.html", context)


@require_POST
@member_required
def duplicate_search(request: MemberRequest) -> HttpResponse:
    """Start a search."""
    job = start_search(workspace_id=request.workspace.id, actor=request.actor)
    return redirect("jobs:detail", job_id=job.id)


@require_http_methods(["GET", "POST"])
@member_required
def duplicate(request: MemberRequest, candidate_id: UUID) -> HttpResponse:
    """Two leads, and others near them, field by field; merge those that are ticked."""
    workspace_id = request.workspace.id
    candidate = _candidate(request, candidate_id)
    if not candidate.is_open:
        return _decided(request, candidate)
    leads = leads_together(workspace_id, candidate)
    form = MergeForm(request.POST, leads=leads) if request.method == "POST" else None
    status = 200
    if form is not None:
        status = 400
        if form.is_valid():
            try:
                done = merge_leads(
                    workspace_id=workspace_id,
                    actor=request.actor,
                    lead_ids=form.lead_ids,
                    choices=form.choices,
                    versions=form.versions,
                )
            except DomainError as error:
                status = error.status
                show_refusal(form, error)
            else:
                return redirect("leads:merge", merge_id=done.id)
    ticked = form.lead_ids if form is not None else [candidate.first_id, candidate.second_id]
    context = {
        "candidate": candidate,
        "leads": leads,
        "lines": lines_of(leads, ticked=ticked, choices=form.choices if form else None),
        "ticked": ticked,
        "form": form,
    }
    return render(request, "leads/duplicates/duplicate.html", context, status=status)


@require_POST
@member_required
def duplicate_dismissal(request: MemberRequest, candidate_id: UUID) -> HttpResponse:
    """Not the same: remembered, and offered to be taken back."""
    try:
        candidate = dismiss_candidate(
            workspace_id=request.workspace.id, candidate_id=candidate_id, actor=request.actor
        )
    except Conflict:
        return _decided(request, _candidate(request, candidate_id))
    context = {"undo": reverse("leads:duplicate_reopening", args=[candidate.id])}
    return render(request, "leads/duplicates/dismissed.html", context)


def _candidate(request: MemberRequest, candidate_id: UUID) -> DuplicateCandidate:
    pairs = DuplicateCandidate.objects.filter(workspace_id=request.workspace.id)
    found: DuplicateCandidate = get_object_or_404(
        pairs.select_related("first", "second"), id=candidate_id
    )
    return found


def _decided(request: MemberRequest, candidate: DuplicateCandidate) -> HttpResponse:
    """What became of a pair that there is nothing to decide about any more, and the way on."""
    context = {"candidate": candidate, "merge": merge_of(request.workspace.id, candidate)}
    status = 200 if request.method == "GET" else Conflict.status
    return render(request, "leads/duplicates/decided.html", context, status=status)


@require_POST
@member_required
def duplicate_reopening(request: MemberRequest, candidate_id: UUID) -> HttpResponse:
    """Take back 'not the same'. Where that was done already, the pair's page says how it is."""
    with contextlib.suppress(Conflict):
        reopen_candidate(
            workspace_id=request.workspace.id, candidate_id=candidate_id, actor=request.actor
        )
    return redirect("leads:duplicate", candidate_id=candidate_id)


@require_GET
@member_required
def merge(request: MemberRequest, merge_id: UUID) -> HttpResponse:
    """What became one, and the way back."""
    return _merge_page(request, merge_id)


def _merge_page(
    request: MemberRequest, merge_id: UUID, refusal: Conflict | None = None
) -> HttpResponse:
    """A merge's page; after a refusal with why it wasn't undone, and who is in the way."""
    found: LeadMerge = get_object_or_404(
        LeadMerge.objects.filter(workspace_id=request.workspace.id).select_related("survivor"),
        id=merge_id,
    )
    context = {
        "merge": found,
        "count": len(found.merged_ids) + 1,
        "refusal": refusal,
        "other": refusal.extra.get("lead") if refusal else None,
    }
    status = refusal.status if refusal else 200
    return render(request, "leads/duplicates/merge.html", context, status=status)


@require_POST
@member_required
def merge_undo(request: MemberRequest, merge_id: UUID) -> HttpResponse:
    """Make them several again. Where that can't be, the merge's page says why."""
    try:
        undone = undo_merge(
            workspace_id=request.workspace.id, merge_id=merge_id, actor=request.actor
        )
    except Conflict as refusal:
        return _merge_page(request, merge_id, refusal)
    if undone.stayed:
        messages.success(request, "The merge is undone.")
        return redirect("leads:merge", merge_id=merge_id)
    messages.success(request, "The merge is undone: the leads are as they were.")
    return redirect("leads:duplicates")
