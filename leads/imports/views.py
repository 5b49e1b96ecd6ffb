"""Imports: list, upload, mapping, preview, progress, result."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import DomainError
from cursive.lib.tables.headers import MAX_COLUMNS
from cursive.lib.ui.pagination import keyset_page
from cursive.lib.ui.progress import progress_context
from leads.records.queries import address_of_job, members_of

from . import operations
from .forms import ImportUploadForm, OptionsForm
from .models import Import
from .queries import imports_of
from .uploads.forms import MappingForm, ReadingForm
from .uploads.operations import MAX_BYTES
from .uploads.purposes import IMPORT


@require_GET
@member_required
def import_list(request: MemberRequest) -> HttpResponse:
    """All imports, newest first."""
    page = keyset_page(
        imports_of(request.workspace.id),
        order=("-created_at", "-id"),
        cursor=request.GET.get("cursor"),
    )
    return render(request, "leads/imports/import_list.html", {"page": page})


@require_http_methods(["GET", "POST"])
@member_required
def import_new(request: MemberRequest) -> HttpResponse:
    """Take in a file, and go on to what its columns mean."""
    posted = request.method == "POST"
    form = ImportUploadForm(request.POST, request.FILES) if posted else ImportUploadForm()
    if posted and form.is_valid():
        try:
            made = operations.upload_import(
                workspace=request.workspace,
                actor=request.actor,
                file=form.cleaned_data["file"],
                label=form.cleaned_data["label"],
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            return redirect("leads:import_mapping", import_id=made.id)
    context = {
        "form": form,
        "action": reverse("leads:import_new"),
        "longest": MAX_BYTES,
        "widest": MAX_COLUMNS,
    }
    status = 400 if posted else 200
    return render(request, "leads/imports/import_new.html", context, status=status)


@require_http_methods(["GET", "POST"])
@member_required
def import_mapping(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """What each column means; then the preview is made."""
    found = get_object_or_404(imports_of(request.workspace.id), id=import_id)
    if found.job is not None:
        return redirect("leads:import", import_id=import_id)
    posted = request.method == "POST"
    form = MappingForm(request.POST if posted else None, upload=found.upload, purpose=IMPORT)
    if posted and form.is_valid():
        try:
            operations.start_preview(
                workspace=request.workspace,
                actor=request.actor,
                import_id=import_id,
                fields=form.chosen(),
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            return redirect("leads:import", import_id=import_id)
    reading = ReadingForm.of(found.upload)
    return _mapping_page(request, found, form, reading, 400 if posted else 200)


def _mapping_page(
    request: MemberRequest, found: Import, form: MappingForm, reading: ReadingForm, status: int
) -> HttpResponse:
    context = {
        "import": found,
        "upload": found.upload,
        "form": form,
        "purpose": IMPORT,
        "action": reverse("leads:import_mapping", args=[found.id]),
        "button": "Preview",
        "reading": reading,
        "reading_action": reverse("leads:import_reading", args=[found.id]),
    }
    return render(request, "leads/imports/import_mapping.html", context, status=status)


@require_POST
@member_required
def import_reading(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Say how the file is read, where that was found out wrongly."""
    found = get_object_or_404(imports_of(request.workspace.id), id=import_id)
    reading = ReadingForm(request.POST)
    if reading.is_valid():
        try:
            operations.read_file_otherwise(
                workspace=request.workspace, import_id=import_id, **reading.said()
            )
        except DomainError as error:
            show_refusal(reading, error)
        else:
            return redirect("leads:import_mapping", import_id=import_id)
    form = MappingForm(upload=found.upload, purpose=IMPORT)
    return _mapping_page(request, found, form, reading, 400)


@require_GET
@member_required
def import_detail(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Where the import is: preview to confirm, progress, or what it did."""
    found = get_object_or_404(imports_of(request.workspace.id), id=import_id)
    if found.state == "mapping":
        return redirect("leads:import_mapping", import_id=import_id)
    return _detail_page(request, found, OptionsForm(members=members_of(request.workspace.id)))


def _detail_page(
    request: MemberRequest, found: Import, form: OptionsForm, status: int = 200
) -> HttpResponse:
    job = found.job or found.preview_job
    context: dict[str, Any] = {
        "import": found,
        "upload": found.upload,
        "plan": found.plan,
        "samples": found.plan.get("samples", {}),
        "left_out": found.plan.get("warnings")
        or any(outcome != "new" for outcome in found.plan.get("counts", {})),
        "leads_url": address_of_job(found.job.id) if found.job else "",
        "nobody": not {"new", "owned"} & set(found.plan.get("counts", {})),
        "form": form,
        **(progress_context(job) if job is not None else {}),
    }
    fragment = "#body" if request.htmx and not request.htmx.boosted else ""
    page = f"leads/imports/import_detail.html{fragment}"
    return render(request, page, context, status=status)


@require_POST
@member_required
def import_confirmation(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Carry out what the preview shows."""
    found = get_object_or_404(imports_of(request.workspace.id), id=import_id)
    form = OptionsForm(request.POST, members=members_of(request.workspace.id))
    if form.is_valid():
        try:
            operations.confirm_import(
                workspace_id=request.workspace.id,
                actor=request.actor,
                import_id=import_id,
                options=form.options(),
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, "The import has begun.")
            return redirect("leads:import", import_id=import_id)
    if found.state == "mapping":
        return redirect("leads:import_mapping", import_id=import_id)
    return _detail_page(request, found, form, status=400)


@require_POST
@member_required
def import_removal(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Throw away an import that hasn't begun."""
    operations.discard_import(
        workspace_id=request.workspace.id, actor=request.actor, import_id=import_id
    )
    messages.success(request, "The import was thrown away, and its file with it.")
    return redirect("leads:imports")


@require_GET
@member_required
def import_rejects(request: MemberRequest, import_id: UUID) -> StreamingHttpResponse:
    """The rows that don't become leads, as a file: line, reason, values."""
    found = get_object_or_404(imports_of(request.workspace.id), id=import_id)
    return rejects_response(found)


def rejects_response(found: Import) -> StreamingHttpResponse:
    """The rows left out as a download. Raises Conflict where there are none to be had."""
    response = StreamingHttpResponse(
        operations.left_out_file(found), content_type="text/csv; charset=utf-8"
    )
    day = f"{found.created_at:%Y-%m-%d}"
    response["Content-Disposition"] = f'attachment; filename="rows-left-out-{day}.csv"'
    return response
