"""The partner's dashboard, earnings, sold leads and payouts (P-7)."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from cursive.lib.ui.pagination import keyset_page
from partners.program.guards import PartnerRequest, partner_required

from .export import csv_response, ledger_lines, note_export, sold_lines
from .forms import SoldForm
from .models import HELD_FOR, PAYOUT_FROM_CENTS, PartnerEntry, Payout, SoldLead
from .queries import (
    COUNTED_EVERY,
    account_of,
    entries_of,
    next_payout,
    payouts_of,
    shown_standing,
    sold_leads_of,
    terms_in_force,
    with_listings,
)

PAGE_SIZE = 25
TERMS = {"held_days": HELD_FOR.days, "payout_from": PAYOUT_FROM_CENTS}


@require_safe
@partner_required
def home(request: PartnerRequest) -> HttpResponse:
    """How the partner stands: what was handed in, sold and earned, and the score by part."""
    workspace_id = request.workspace.id
    standing, counted_at = shown_standing(workspace_id)
    account = account_of(workspace_id)
    context = {
        "partner": request.partner,
        "standing": standing,
        "counted_at": counted_at,
        "counted_every": COUNTED_EVERY.seconds // 60,
        "account": account,
        "next": next_payout(account),
        "kinds": standing.submissions.duplicates_by_kind,
        "terms": terms_in_force([workspace_id], timezone.now()).get(workspace_id),
        **TERMS,
    }
    return render(request, "partners/commission/home.html", context)


@require_safe
@partner_required
def earnings(request: PartnerRequest) -> HttpResponse:
    """What was earned, by where it stands, and every change of it."""
    account = account_of(request.workspace.id)
    page = keyset_page(
        entries_of(request.workspace.id),
        order=PartnerEntry.NEWEST_FIRST,
        cursor=request.GET.get("cursor"),
        page_size=PAGE_SIZE,
    )
    context = {"partner": request.partner, "account": account, "page": page, **TERMS}
    return render(
        request, "partners/commission/earnings.html", context | {"next": next_payout(account)}
    )


@require_safe
@partner_required
def sold(request: PartnerRequest) -> HttpResponse:
    """Each sold lead with its commission and why it is that much; not who bought it."""
    form = SoldForm(request.GET)
    state = form.chosen()
    found = sold_leads_of(request.workspace.id)
    page = keyset_page(
        found.filter(state=state) if state else found,
        order=SoldLead.NEWEST_FIRST,
        cursor=request.GET.get("cursor"),
        page_size=PAGE_SIZE,
    )
    lines = with_listings(request.workspace.id, page.items)
    context = {"form": form, "state": state, "page": page, "lines": lines, **TERMS}
    fragment = "#sold" if request.htmx and not request.htmx.boosted else ""
    return render(request, f"partners/commission/sold.html{fragment}", context)


@require_safe
@partner_required
def payouts(request: PartnerRequest) -> HttpResponse:
    """What was paid, and what comes next."""
    account = account_of(request.workspace.id)
    page = keyset_page(
        payouts_of(request.workspace.id),
        order=Payout.NEWEST_FIRST,
        cursor=request.GET.get("cursor"),
        page_size=PAGE_SIZE,
    )
    context = {"partner": request.partner, "account": account, "page": page, **TERMS}
    return render(
        request, "partners/commission/payouts.html", context | {"next": next_payout(account)}
    )


@require_POST
@partner_required(changes=False)
def earnings_export(request: PartnerRequest) -> StreamingHttpResponse:
    """The ledger as CSV."""
    workspace = request.workspace
    note_export(workspace_id=workspace.id, actor=request.actor, what="partner_ledger")
    return csv_response(ledger_lines(workspace.id, workspace.zone), "earnings", workspace.zone)


@require_POST
@partner_required(changes=False)
def sold_export(request: PartnerRequest) -> StreamingHttpResponse:
    """Sold leads as CSV, those of one state or all."""
    workspace, state = request.workspace, SoldForm(request.POST).chosen()
    note_export(workspace_id=workspace.id, actor=request.actor, what="sold_leads")
    lines = sold_lines(workspace.id, state, workspace.zone)
    return csv_response(lines, "sold-leads", workspace.zone)
