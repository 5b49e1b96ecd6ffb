"""The credits page, its balance widget and the history as CSV."""

from email.utils import parseaddr

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.access.views import member_required
from accounts.workspaces.requests import MemberRequest
from credits.prices.queries import packages, prices
from cursive.lib.errors import InvalidInput
from cursive.lib.ui.pagination import keyset_page

from .export import file_name, history_lines, note_export
from .forms import HistoryForm
from .models import Entry
from .queries import (
    action_labels,
    actions_of,
    as_lines,
    balance_of,
    burn_rate,
    history,
    open_holds,
)

PAGE_SIZE = 25


@require_safe
@member_required
def overview(request: MemberRequest) -> HttpResponse:
    """What there is, how fast it goes, what more costs, and every change."""
    workspace = request.workspace
    labels = action_labels()
    form = HistoryForm(request.GET, actions=actions_of(workspace.id, labels))
    chosen = form.chosen()
    entries = history(workspace.id, chosen, workspace.zone)
    page = keyset_page(
        entries.none() if form.errors else entries,
        order=Entry.NEWEST_FIRST,
        cursor=request.GET.get("cursor"),
        page_size=PAGE_SIZE,
    )
    balance = balance_of(workspace.id)
    context = {
        "page_title": "Credits",
        "balance": balance,
        "burn": burn_rate(workspace.id, balance, workspace.zone),
        "holds": as_lines(workspace.id, open_holds(workspace.id), labels),
        "packages": packages(),
        "prices": prices(),
        "contact": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        "form": form,
        "problem": " ".join(form.problems().values()),
        "picked": bool(chosen) or bool(form.errors),
        "page": page,
        "lines": as_lines(workspace.id, page.items, labels),
    }
    fragment = "#history" if request.htmx and not request.htmx.boosted else ""  # type: ignore[attr-defined]
    return render(request, f"credits/ledger/overview.html{fragment}", context)


@require_safe
@member_required
def balance(request: MemberRequest) -> HttpResponse:
    """The balance alone: for the top bar, or with `?variant=card` as a card."""
    variant = "_card" if request.GET.get("variant") == "card" else ""
    context = {"balance": balance_of(request.workspace.id)}
    response = render(request, f"credits/ledger/_balance{variant}.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@member_required
def export(request: MemberRequest) -> StreamingHttpResponse:
    """The chosen part of the history as CSV, newest first."""
    form = HistoryForm(request.POST)
    chosen = form.chosen()
    if form.errors:
        raise InvalidInput("These days can't be used. Choose them anew.", fields=form.problems())
    workspace = request.workspace
    note_export(workspace_id=workspace.id, actor=request.actor, chosen=chosen)
    return StreamingHttpResponse(
        history_lines(workspace.id, chosen, workspace.zone),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{file_name(workspace.zone)}"',
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        },
    )
