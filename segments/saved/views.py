"""The list of segments, and what is done with one from there or from its page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access.views import member_required
from accounts.workspaces.forms import show_refusal
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import DomainError, InvalidInput, Unavailable
from cursive.lib.ui.pagination import numbered_page
from leads.filters.sentence import sentence

from . import operations
from .forms import STATUS_TABS, DetailsForm, FilterForm, ListForm, SaveForm
from .models import Segment
from .queries import count_by_status, count_people, get_segment, restorable_segment, segments_of


@require_GET
@member_required
def segment_list(request: MemberRequest) -> HttpResponse:
    """The workspace's segments, by status and name."""
    form = ListForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {"status": "", "q": ""}
    segments = segments_of(request.workspace.id, status=wanted["status"], search=wanted["q"])
    counts = count_by_status(request.workspace.id)
    context = {
        "page": numbered_page(segments, request.GET),
        "status": wanted["status"],
        "search": wanted["q"],
        "tabs": [(value, label, counts[value]) for value, label in STATUS_TABS],
        "has_any": any(counts.values()),
        "just_deleted": restorable_segment(request.workspace.id, request.GET.get("deleted", "")),
    }
    fragment = "#results" if request.htmx and not request.htmx.boosted else ""
    return render(request, f"segments/saved/segment_list.html{fragment}", context)


@require_http_methods(["GET", "POST"])
@member_required
def segment_save(request: MemberRequest) -> HttpResponse:
    """Save a search under a name: the dialog, and its answer."""
    if request.method == "POST":
        form = SaveForm(request.POST)
        if form.is_valid():
            try:
                segment = operations.create_segment(
                    workspace=request.workspace,
                    actor=request.actor,
                    name=form.cleaned_data["name"],
                    description=form.cleaned_data["description"],
                    filter=form.cleaned_data["f"],
                )
            except DomainError as error:
                show_refusal(form, error)
            else:
                _count(request, segment)
                messages.success(request, "Saved. Changes are kept by themselves from now on.")
                return redirect("segments:detail", segment_id=segment.id)
        said = ""
    else:
        given = FilterForm(request.GET)
        if not given.is_valid():
            raise InvalidInput("This filter can't be saved as it is.")
        said = sentence(given.cleaned_data["f"])
        form = SaveForm(initial={"f": request.GET.get("f", "")})
    context = {"form": form, "sentence": said, "action": reverse("segments:save")}
    return _dialog(request, context | {"title": "Save this search", "button": "Save"})


@require_http_methods(["GET", "POST"])
@member_required
def segment_details(request: MemberRequest, segment_id: UUID) -> HttpResponse:
    """Change a segment's name and description: the dialog, and its answer."""
    segment = get_segment(request.workspace.id, segment_id)
    form = DetailsForm(
        request.POST or None,
        initial={"name": segment.name, "description": segment.description},
    )
    if request.method == "POST" and form.is_valid():
        try:
            operations.update_segment(
                workspace=request.workspace,
                actor=request.actor,
                segment_id=segment.id,
                **form.cleaned_data,
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            return redirect("segments:detail", segment_id=segment.id)
    context = {"form": form, "action": reverse("segments:details", args=[segment.id])}
    return _dialog(request, context | {"title": "Name and description", "button": "Save"})


def _dialog(request: MemberRequest, context: dict[str, object]) -> HttpResponse:
    """A form as a dialog for htmx, as a page otherwise; wrong input comes back with a 400."""
    fragment = "#dialog" if request.htmx else ""
    return render(
        request,
        f"segments/saved/segment_form.html{fragment}",
        context,
        status=400 if request.method == "POST" else 200,
    )


@require_POST
@member_required
def segment_filter(request: MemberRequest, segment_id: UUID) -> HttpResponse:
    """Autosave: take the filter that is on the page."""
    form = FilterForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("This filter can't be saved as it is.")
    segment = operations.update_segment(
        workspace=request.workspace,
        actor=request.actor,
        segment_id=segment_id,
        filter=form.cleaned_data["f"],
    )
    _count(request, segment)
    if not request.htmx:
        return redirect("segments:detail", segment_id=segment.id)
    context = {"segment": segment, "is_just_saved": True}
    return render(request, "segments/saved/_saved_state.html", context)


@require_POST
@member_required
def segment_count(request: MemberRequest, segment_id: UUID) -> HttpResponse:
    """Count a segment again, from the list."""
    segment = get_segment(request.workspace.id, segment_id)
    if not _count(request, segment):
        messages.warning(request, "The lead database doesn't answer now. Try again soon.")
    return redirect("segments:list")


def _count(request: MemberRequest, segment: Segment) -> bool:
    try:
        count = count_people(request.workspace.id, segment.tree())
    except Unavailable:
        return False
    operations.note_count(workspace=request.workspace, segment_id=segment.id, count=count)
    return True


@require_POST
@member_required
def segment_copy(request: MemberRequest, segment_id: UUID) -> HttpResponse:
    """Duplicate a segment and go to the copy."""
    copy = operations.duplicate_segment(
        workspace=request.workspace, actor=request.actor, segment_id=segment_id
    )
    messages.success(request, "This is the copy. Change it as you like.")
    return redirect("segments:detail", segment_id=copy.id)


STATUS_CHANGES = {
    "pause": (operations.pause_segment, "is paused."),
    "archive": (operations.archive_segment, "is archived."),
    "resume": (operations.resume_segment, "is active again."),
}


@require_POST
@member_required
def segment_status(request: MemberRequest, segment_id: UUID, change: str) -> HttpResponse:
    """Pause, archive, or make active again."""
    operation, words = STATUS_CHANGES[change]
    segment = operation(workspace=request.workspace, actor=request.actor, segment_id=segment_id)
    messages.success(request, f"“{segment.name}” {words}")
    return redirect("segments:detail", segment_id=segment_id)


@require_POST
@member_required
def segment_deletion(request: MemberRequest, segment_id: UUID) -> HttpResponse:
    """Delete a segment; the list offers to undo it."""
    operations.delete_segment(
        workspace=request.workspace, actor=request.actor, segment_id=segment_id
    )
    return redirect(f"{reverse('segments:list')}?deleted={segment_id}")


@require_POST
@member_required
def segment_restore(request: MemberRequest, segment_id: UUID) -> HttpResponse:
    """Undo a deletion."""
    segment = operations.restore_segment(
        workspace=request.workspace, actor=request.actor, segment_id=segment_id
    )
    messages.success(request, f"“{segment.name}” is back.")
    return redirect("segments:detail", segment_id=segment_id)
