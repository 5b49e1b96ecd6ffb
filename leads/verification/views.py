"""The page of verifications, their dialog, and the check on a lead's page."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import DomainError, tell_limits
from cursive.lib.jobs.queries import jobs_of
from cursive.lib.tenancy import uuid7
from cursive.lib.ui.pagination import keyset_page
from leads.records.models import Lead
from leads.records.queries import leads_of
from leads.records.wording import words_of

from .forms import VerificationForm
from .operations import start_verification
from .providers import is_built_in, is_by_form
from .queries import bill_for, candidates, check_of, recent_checks, summary_of
from .runs import KIND

LATEST = 5
PAGE = 20


@require_GET
@member_required
def verification(request: MemberRequest) -> HttpResponse:
    """How the addresses are known, who is asked, the last jobs and the last answers."""
    workspace_id = request.workspace.id
    summary = summary_of(workspace_id)
    page = keyset_page(
        recent_checks(workspace_id),
        order=("-finished_at", "-id"),
        cursor=request.GET.get("cursor"),
        page_size=PAGE,
    )
    context = {
        "summary": summary,
        "unchecked": bill_for(workspace_id, summary.unchecked),
        "jobs": jobs_of(workspace_id, kind=KIND).order_by("-created_at", "-id")[:LATEST],
        "page": page,
    }
    fragment = "#results" if request.htmx and not request.htmx.boosted else ""
    return render(request, f"leads/verification/verification.html{fragment}", context)


@require_POST
@member_required
def verification_start(request: MemberRequest) -> HttpResponse:
    """Say what it costs, then start the job: the dialog posts here twice."""
    form = VerificationForm(request.POST)
    if not form.is_valid():
        return _dialog(request, form, refusal=None, total=0, status=400)
    filter, again = form.filter(), form.cleaned_data["again"]
    ids = () if form.cleaned_data["everything"] else form.ids
    refusal = None
    if form.cleaned_data["confirmed"]:
        try:
            job = start_verification(
                workspace_id=request.workspace.id,
                actor=request.actor,
                ids=ids,
                filter=filter,
                again=again,
                key=form.cleaned_data["key"],
            )
        except DomainError as error:
            refusal = error
        else:
            return redirect("jobs:detail", job_id=job.id)
    total = candidates(request.workspace.id, filter=filter, ids=ids, again=again).count()
    status = refusal.status if refusal else 200
    return tell_limits(_dialog(request, form, refusal, total, status=status), refusal)


def _dialog(
    request: MemberRequest,
    form: VerificationForm,
    refusal: DomainError | None,
    total: int,
    *,
    status: int,
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "refusal": refusal,
        "ids": request.POST.getlist("lead"),
        "everything": bool(request.POST.get("everything")),
        "again": bool(request.POST.get("again")),
        "filter_text": request.POST.get("f", ""),
        "key": request.POST.get("key") or str(uuid7()),
        "bill": bill_for(request.workspace.id, total),
        "is_built_in": is_built_in(),
        "is_by_form": is_by_form(),
    }
    return render(request, "leads/verification/verification_start.html", context, status=status)


@require_http_methods(["GET", "POST"])
@member_required
def lead_verification(request: MemberRequest, lead_id: UUID) -> HttpResponse:
    """The state of a lead's address, as its page shows it; POST has it checked now."""
    lead = get_object_or_404(leads_of(request.workspace.id), id=lead_id)
    if request.method == "POST":
        start_verification(
            workspace_id=request.workspace.id, actor=request.actor, ids=[lead.id], again=True
        )
        if not request.htmx:
            return redirect("leads:detail", lead_id=lead.id)
    return render(request, "leads/verification/_lead_check.html", check_context(lead))


def check_context(lead: Lead) -> dict[str, Any]:
    """What `_lead_check.html` shows."""
    return {"lead": lead, "words": words_of(lead), "check": check_of(lead)}
