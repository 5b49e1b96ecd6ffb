"""Submissions for partners: list, upload, mapping, preview, review, sales."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.workspaces.forms import show_refusal
from cursive.lib.errors import DomainError, tell_limits
from cursive.lib.tables.headers import MAX_COLUMNS
from cursive.lib.ui.formatting import format_cents
from cursive.lib.ui.pagination import keyset_page
from cursive.lib.ui.progress import progress_context
from leads.imports.staging import SUPPRESSED
from leads.imports.uploads.forms import MappingForm, ReadingForm
from leads.imports.uploads.operations import MAX_BYTES
from leads.verification.providers import is_built_in, is_by_form
from marketplace.listings.known import MARKET, OTHERS, OWN
from partners.commission.scores import suggested_cents
from partners.program.guards import PartnerRequest, partner_required

from . import operations
from .allowance import allowance_of
from .forms import PriceForm, SubmissionForm
from .models import MOST, Submission
from .operations import SUBMISSION
from .queries import rejects_file, sales_of, submissions_of
from .validating import LEAST_VALID, MOST_ROWS

Status = Submission.Status
CUT_SHORT = "What of it is on sale already is taken off; what is sold stays sold. "


@require_GET
@partner_required
def submission_list(request: PartnerRequest) -> HttpResponse:
    """All submissions, newest first, with what is sold of them."""
    page = keyset_page(
        submissions_of(request.workspace.id),
        order=("-created_at", "-id"),
        cursor=request.GET.get("cursor"),
    )
    sales = sales_of(page.items)
    rows = [(each, sales[each.id]) for each in page.items]
    context = {"page": page, "rows": rows, "least": LEAST_VALID, "most": MOST_ROWS}
    return render(request, "partners/submissions/submission_list.html", context)


@require_http_methods(["GET", "POST"])
@partner_required
def submission_new(request: PartnerRequest) -> HttpResponse:
    """Take in a file with its price, and go on to what its columns mean."""
    posted = request.method == "POST"
    form = SubmissionForm(request.POST, request.FILES) if posted else SubmissionForm()
    if posted and form.is_valid():
        try:
            made = operations.upload_submission(
                workspace=request.workspace,
                actor=request.actor,
                file=form.cleaned_data["file"],
                details=form.details(),
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            return redirect("partners:submission_mapping", submission_id=made.id)
    context = {
        "form": form,
        "action": reverse("partners:submission_new"),
        **_without_a_provider(),
        "longest": MAX_BYTES,
        "widest": MAX_COLUMNS,
        "least": LEAST_VALID,
        "most": MOST_ROWS,
        "allowance": allowance_of(request.partner),
    }
    status = 400 if posted else 200
    return render(request, "partners/submissions/submission_new.html", context, status=status)


@require_http_methods(["GET", "POST"])
@partner_required
def submission_mapping(request: PartnerRequest, submission_id: UUID) -> HttpResponse:
    """What each column means; then validation begins."""
    found = get_object_or_404(submissions_of(request.workspace.id), id=submission_id)
    if found.status != Status.DRAFT:
        return redirect("partners:submission", submission_id=submission_id)
    posted = request.method == "POST"
    form = MappingForm(request.POST if posted else None, upload=found.upload, purpose=SUBMISSION)
    refusal: DomainError | None = None
    if posted and form.is_valid():
        try:
            operations.start_validation(
                workspace=request.workspace,
                actor=request.actor,
                submission_id=submission_id,
                fields=form.chosen(),
            )
        except DomainError as error:
            show_refusal(form, error)
            refusal = error
        else:
            return redirect("partners:submission", submission_id=submission_id)
    status = refusal.status if refusal else 400 if posted else 200
    page = _mapping_page(request, found, form, ReadingForm.of(found.upload), status)
    return tell_limits(page, refusal)


def _mapping_page(
    request: PartnerRequest,
    found: Submission,
    form: MappingForm,
    reading: ReadingForm,
    status: int,
) -> HttpResponse:
    context = {
        "submission": found,
        "upload": found.upload,
        "form": form,
        "purpose": SUBMISSION,
        "action": reverse("partners:submission_mapping", args=[found.id]),
        "button": "Check the rows",
        "reading": reading,
        "reading_action": reverse("partners:submission_reading", args=[found.id]),
    }
    page = "partners/submissions/submission_mapping.html"
    return render(request, page, context, status=status)


@require_POST
@partner_required
def submission_reading(request: PartnerRequest, submission_id: UUID) -> HttpResponse:
    """Say how the file is read, where that was found out wrongly."""
    found = get_object_or_404(submissions_of(request.workspace.id), id=submission_id)
    reading = ReadingForm(request.POST)
    if reading.is_valid():
        try:
            operations.read_file_otherwise(
                workspace=request.workspace, submission_id=submission_id, **reading.said()
            )
        except DomainError as error:
            show_refusal(reading, error)
        else:
            return redirect("partners:submission_mapping", submission_id=submission_id)
    form = MappingForm(upload=found.upload, purpose=SUBMISSION)
    return _mapping_page(request, found, form, reading, 400)


@require_GET
@partner_required
def submission_detail(request: PartnerRequest, submission_id: UUID) -> HttpResponse:
    """Where the submission is: progress, preview, review, or what is sold of it."""
    found = get_object_or_404(submissions_of(request.workspace.id), id=submission_id)
    if found.status == Status.DRAFT:
        return redirect("partners:submission_mapping", submission_id=submission_id)
    return _detail_page(request, found, PriceForm(initial={"price": _dollars(found.price_cents)}))


def _without_a_provider() -> dict[str, Any]:
    """What the pages say of the grade where no mail server can be asked."""
    return {
        "is_built_in": is_built_in(),
        "is_by_form": is_by_form(),
        "verified_most": MOST["verified"],
        "reachable": sum(MOST.values()) - MOST["verified"],
    }


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _detail_page(
    request: PartnerRequest, found: Submission, form: PriceForm, status: int = 200
) -> HttpResponse:
    job = found.shown_job or (found.job if found.status == Status.FAILED else None)
    samples = found.plan.get("samples", {})
    known = [
        ("In an earlier submission of yours", samples.get(OWN)),
        ("Submitted by another partner", samples.get(OTHERS)),
        ("In the marketplace already", samples.get(MARKET)),
    ]
    context: dict[str, Any] = {
        "submission": found,
        "upload": found.upload,
        "plan": found.plan,
        "samples": samples,
        "known": [(title, rows) for title, rows in known if rows],
        "suppressed": found.plan.get("counts", {}).get(SUPPRESSED, 0),
        "sales": sales_of([found])[found.id],
        "suggested": suggested_cents(found.quality, found.collected_on),
        "price_form": form,
        "may_sell": request.partner.may_sell,
        **_without_a_provider(),
        **(progress_context(job) if job is not None else {}),
    }
    fragment = "#body" if request.htmx and not request.htmx.boosted else ""
    page = f"partners/submissions/submission_detail.html{fragment}"
    return render(request, page, context, status=status)


@require_POST
@partner_required
def submission_review(request: PartnerRequest, submission_id: UUID) -> HttpResponse:
    """Hand it to staff."""
    found = operations.submit_for_review(
        workspace_id=request.workspace.id, actor=request.actor, submission_id=submission_id
    )
    messages.success(request, f"{found} is with our staff now. You get a mail when it is decided.")
    return redirect("partners:submission", submission_id=submission_id)


@require_http_methods(["GET", "POST"])
@partner_required
def submission_closing(request: PartnerRequest, submission_id: UUID) -> HttpResponse:
    """Ask, then give up a submission that isn't decided."""
    found = get_object_or_404(submissions_of(request.workspace.id), id=submission_id)
    if request.method == "POST":
        operations.give_up(
            workspace_id=request.workspace.id, actor=request.actor, submission_id=submission_id
        )
        messages.success(request, f"{found} is given up.")
        return redirect("partners:submissions")
    return _ask(
        request,
        found,
        title=f"Give up {found}?",
        text=f"{CUT_SHORT if found.approved else ''}Its leads are deleted, and nobody reviews them."
        " You can hand the file in again.",
        action="partners:submission_closing",
        button="Give it up",
    )


@require_http_methods(["GET", "POST"])
@partner_required
def submission_withdrawal(request: PartnerRequest, submission_id: UUID) -> HttpResponse:
    """Ask, then take off sale what isn't sold."""
    found = get_object_or_404(submissions_of(request.workspace.id), id=submission_id)
    if request.method == "POST":
        operations.withdraw_submission(
            workspace_id=request.workspace.id, actor=request.actor, submission_id=submission_id
        )
        messages.success(request, f"What isn't sold of {found} is taken off sale.")
        return redirect("partners:submission", submission_id=submission_id)
    left = sales_of([found])[found.id].on_sale
    return _ask(
        request,
        found,
        title=f"Take {left:,} leads of {found} off sale?",
        text="They can't be put back; hand in a new file for that. What is sold stays sold.",
        action="partners:submission_withdrawal",
        button="Take them off sale",
    )


def _ask(
    request: PartnerRequest, found: Submission, *, title: str, text: str, action: str, button: str
) -> HttpResponse:
    context = {
        "submission": found,
        "title": title,
        "text": text,
        "action": reverse(action, args=[found.id]),
        "button": button,
    }
    return render(request, "partners/submissions/submission_confirm.html", context)


@require_POST
@partner_required
def submission_price(request: PartnerRequest, submission_id: UUID) -> HttpResponse:
    """Ask another price for what isn't sold."""
    found = get_object_or_404(submissions_of(request.workspace.id), id=submission_id)
    form = PriceForm(request.POST)
    if form.is_valid():
        try:
            cents = operations.change_price(
                workspace_id=request.workspace.id,
                actor=request.actor,
                submission_id=submission_id,
                price=form.cleaned_data["price"],
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"{found} costs {format_cents(cents)} a lead now.")
            return redirect("partners:submission", submission_id=submission_id)
    return _detail_page(request, found, form, status=400)


@require_GET
@partner_required
def submission_rejects(request: PartnerRequest, submission_id: UUID) -> StreamingHttpResponse:
    """The rows that aren't taken, as a file: line, field, reason, values."""
    found = get_object_or_404(submissions_of(request.workspace.id), id=submission_id)
    return rejects_response(found)


def rejects_response(found: Submission) -> StreamingHttpResponse:
    """The rejects as a download. Raises Conflict where there are none to be had."""
    response = StreamingHttpResponse(rejects_file(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found}-rejects.csv"'
    return response
