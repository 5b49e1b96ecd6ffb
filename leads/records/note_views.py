"""Notes and timeline of a lead's page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import MemberRequest

from .notes import add_note, delete_note, restore_note


@require_POST
@member_required
def note_new(request: MemberRequest, lead_id: UUID) -> HttpResponse:
    """Write a note."""
    add_note(
        workspace_id=request.workspace.id,
        lead_id=lead_id,
        actor=request.actor,
        text=request.POST.get("text", ""),
    )
    messages.success(request, "The note is saved.")
    return redirect(f"{reverse('leads:detail', args=[lead_id])}#notes")


@require_POST
@member_required
def note_deletion(request: MemberRequest, lead_id: UUID, note_id: UUID) -> HttpResponse:
    """Delete a note; the page offers to undo it."""
    delete_note(
        workspace_id=request.workspace.id, lead_id=lead_id, note_id=note_id, actor=request.actor
    )
    return redirect(f"{reverse('leads:detail', args=[lead_id])}?deleted-note={note_id}#notes")


@require_POST
@member_required
def note_restore(request: MemberRequest, lead_id: UUID, note_id: UUID) -> HttpResponse:
    """Undo a deletion."""
    restore_note(
        workspace_id=request.workspace.id, lead_id=lead_id, note_id=note_id, actor=request.actor
    )
    messages.success(request, "The note is back.")
    return redirect(f"{reverse('leads:detail', args=[lead_id])}#notes")
