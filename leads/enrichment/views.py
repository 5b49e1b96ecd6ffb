"""Lists: upload, map, see the price, pay, download."""

from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import MemberRequest, WorkspaceRequest
from credits.ledger.operations import InsufficientCredits
from cursive.lib.errors import Conflict, DomainError, InvalidInput
from cursive.lib.jobs.models import Job
from cursive.lib.ui.pagination import keyset_page
from leads.imports.uploads.forms import MappingForm, ReadingForm, UploadForm
from leads.imports.uploads.models import Upload
from leads.imports.uploads.operations import (
    MAX_BYTES,
    map_columns,
    read_otherwise,
    receive_upload,
    upload_of,
)
from leads.records.queries import address_of_job

from .files import open_signed
from .forms import PaymentForm
from .operations import ENRICHMENT, pay_enrichment, start_enrichment
from .output import ADDED
from .prices import quote_of, tariff
from .queries import Listed, enrichments_of, get_listed, listed


@require_http_methods(["GET", "POST"])
@member_required
def enrichment_list(request: MemberRequest) -> HttpResponse:
    """All lists, and a place to drop a new one."""
    form = UploadForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                upload = receive_upload(
                    workspace_id=request.workspace.id,
                    actor=request.actor,
                    file=form.cleaned_data["file"],
                    purpose=ENRICHMENT,
                    country=request.workspace.country,
                )
            except InvalidInput as refusal:
                show_refusal(form, refusal)
            else:
                return redirect("leads:enrichment_mapping", list_id=upload.id)
    page = keyset_page(
        enrichments_of(request.workspace.id),
        order=("-created_at", "-id"),
        cursor=request.GET.get("cursor"),
    )
    context = {
        "form": form,
        "action": reverse("leads:enrichments"),
        "longest": MAX_BYTES,
        "page": page,
        "lists": listed(request.workspace.id, page.items),
        "tariff": tariff(),
        "added": len(ADDED),
    }
    return render(request, "leads/enrichment/enrichment_list.html", context, status=status)


@require_http_methods(["GET", "POST"])
@member_required
def enrichment_mapping(request: MemberRequest, list_id: UUID) -> HttpResponse:
    """Say what the columns mean; then the look-up begins."""
    upload = upload_of(request.workspace.id, list_id, ENRICHMENT, lock=False)
    form = MappingForm(request.POST or None, upload=upload, purpose=ENRICHMENT)
    if request.method == "POST" and form.is_valid():
        try:
            map_columns(
                workspace_id=request.workspace.id,
                upload_id=upload.id,
                purpose=ENRICHMENT,
                fields=form.chosen(),
            )
            enrichment = start_enrichment(
                workspace_id=request.workspace.id,
                actor=request.actor,
                upload_id=upload.id,
                country=request.workspace.country,
            )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return redirect("leads:enrichment", enrichment_id=enrichment.id)
    return _mapping_page(request, upload, form, ReadingForm.of(upload))


@require_POST
@member_required
def enrichment_reading(request: MemberRequest, list_id: UUID) -> HttpResponse:
    """Say how the file is read; its columns are guessed anew."""
    upload = upload_of(request.workspace.id, list_id, ENRICHMENT, lock=False)
    reading = ReadingForm(request.POST)
    if reading.is_valid():
        try:
            read_otherwise(
                workspace_id=request.workspace.id,
                upload_id=upload.id,
                purpose=ENRICHMENT,
                country=request.workspace.country,
                **reading.said(),
            )
        except InvalidInput as refusal:
            show_refusal(reading, refusal)
        else:
            return redirect("leads:enrichment_mapping", list_id=upload.id)
    return _mapping_page(request, upload, MappingForm(upload=upload, purpose=ENRICHMENT), reading)


def _mapping_page(
    request: MemberRequest, upload: Upload, form: MappingForm, reading: ReadingForm
) -> HttpResponse:
    context = {
        "upload": upload,
        "form": form,
        "purpose": ENRICHMENT,
        "action": reverse("leads:enrichment_mapping", args=[upload.id]),
        "button": "Look them up",
        "reading": reading,
        "reading_action": reverse("leads:enrichment_reading", args=[upload.id]),
    }
    status = 400 if form.errors or reading.errors else 200
    return render(request, "leads/enrichment/enrichment_mapping.html", context, status=status)


@require_GET
@member_required
def enrichment_detail(request: MemberRequest, enrichment_id: UUID) -> HttpResponse:
    """One list: its progress, its price, its file."""
    return _detail_page(request, get_listed(request.workspace.id, enrichment_id))


@require_POST
@member_required
def enrichment_payment(request: MemberRequest, enrichment_id: UUID) -> HttpResponse:
    """Pay the price that was shown."""
    form = PaymentForm(request.POST)
    refusal: DomainError | None = None
    if form.is_valid():
        try:
            pay_enrichment(
                workspace_id=request.workspace.id,
                actor=request.actor,
                enrichment_id=enrichment_id,
                most=str(form.cleaned_data["most"]),
                leads=form.cleaned_data["leads"],
                key=form.cleaned_data["key"],
            )
            return redirect("leads:enrichment", enrichment_id=enrichment_id)
        except (Conflict, InsufficientCredits) as error:
            refusal = error
    one = get_listed(request.workspace.id, enrichment_id)
    return _detail_page(request, one, form=form, refusal=refusal)


def _detail_page(
    request: MemberRequest,
    one: Listed,
    *,
    form: PaymentForm | None = None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    quote = quote_of(request.workspace.id, one.enrichment) if one.can_be_paid else None
    if quote is not None and (form is None or refusal is not None):
        leads = form.data.get("leads") == "on" if form else True
        key = request.actor.request.request_id
        form = PaymentForm(initial={"most": quote.price, "key": key, "leads": leads})
    context: dict[str, Any] = {
        "listed": one,
        "enrichment": one.enrichment,
        "quote": quote,
        "form": form,
        "refusal": refusal,
        "leads_url": address_of_job(one.delivery.id) if one.delivery else "",
        "added": len(ADDED),
        **_progress(one.delivery or one.preview),
    }
    is_fragment = request.htmx and not request.htmx.boosted and request.method == "GET"
    page = f"leads/enrichment/enrichment_detail.html{'#outcome' if is_fragment else ''}"
    status = refusal.status if refusal else 400 if form and form.errors else 200
    return render(request, page, context, status=status)


def _progress(job: Job | None) -> dict[str, Any]:
    """What `_job_progress.html` shows."""
    if job is None:
        return {}
    names = {"stream": "events", "poll": "progress", "cancel": "cancellation", "retry": "retry"}
    urls = {f"{name}_url": reverse(f"jobs:{page}", args=[job.id]) for name, page in names.items()}
    return {"job": job, **urls}


@require_GET
def enrichment_file(request: WorkspaceRequest, token: str) -> FileResponse:
    """The finished file, for whoever has the signed link to it."""
    file, name = open_signed(token)
    answer = FileResponse(
        file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8"
    )
    # People's data: no cache on the way keeps it longer than we do.
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
