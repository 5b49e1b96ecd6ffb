"""A lead's page, and what is done with one lead."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import DomainError
from cursive.lib.ui.pagination import keyset_page
from leads.filters.registry import FIELDS
from leads.filters.wording import named
from leads.scoring.queries import fitted_of
from leads.scoring.wording import explain

from .editing import edit_lead
from .forms import LeadForm, RecordForm
from .models import TRASH_KEPT, Lead
from .operations import delete_lead, restore_lead, update_lead
from .queries import (
    leads_of,
    members_of,
    merged_into,
    notes_of,
    restorable_note,
    timeline_of,
    trash_of,
)
from .wording import place_of, words_of


@require_http_methods(["GET", "POST"])
@member_required
def lead_detail(request: MemberRequest, lead_id: UUID) -> HttpResponse:
    """A lead: what is known, where it came from, what happened; status, owner, tags, notes."""
    lead = leads_of(request.workspace.id).select_related("owner").filter(id=lead_id).first()
    if lead is None:
        return _elsewhere(request, lead_id)
    members = members_of(request.workspace.id)
    posted = request.method == "POST"
    form = LeadForm(request.POST if posted else None, members=members, initial=_initial(lead))
    if posted and form.is_valid():
        changes = form.changes()
        try:
            update_lead(
                workspace_id=request.workspace.id,
                lead_id=lead_id,
                actor=request.actor,
                changes=changes,
                seen={name: getattr(lead, name) for name in changes},
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("leads:detail", lead_id=lead_id)
    context = {
        "lead": lead,
        "form": form,
        "words": words_of(lead),
        "place": place_of(lead),
        "factors": explain(lead.score_factors),
        "fitted": fitted_of(request.workspace.id),
        "topics": [named(FIELDS["intent_topics"], topic) for topic in lead.intent_topics],
        "timeline": timeline_of(
            lead, kind=request.GET.get("kind", ""), cursor=request.GET.get("cursor")
        ),
        "notes": notes_of(lead),
        "deleted_note": restorable_note(lead, request.GET.get("deleted-note", "")),
        "is_admin": request.membership.at_least(Role.ADMIN),
        "may_delete": request.membership.at_least(Role.ADMIN),
    }
    status = (409 if form.conflicts else 400) if posted else 200
    fragment = "#timeline" if request.htmx and not (posted or request.htmx.boosted) else ""
    return render(request, f"leads/records/lead_detail.html{fragment}", context, status=status)


@require_http_methods(["GET", "POST"])
@member_required
def lead_edit(request: MemberRequest, lead_id: UUID) -> HttpResponse:
    """Edit what the lead's record says; what was typed stays where it can't be used."""
    lead = leads_of(request.workspace.id).filter(id=lead_id).first()
    if lead is None:
        return _elsewhere(request, lead_id)
    form = RecordForm.of(lead, request.POST if request.method == "POST" else None)
    status, other = 200, None
    if form.is_bound and form.is_valid():
        changes = form.changes()
        try:
            edit_lead(
                workspace=request.workspace,
                actor=request.actor,
                lead_id=lead_id,
                values=changes,
                seen={name: getattr(lead, name) for name in changes},
            )
        except DomainError as error:
            show_refusal(form, error)
            status, other = error.status, error.extra.get("lead")
        else:
            messages.success(request, "Saved.")
            return redirect("leads:detail", lead_id=lead_id)
    elif form.is_bound:
        status = 409 if form.conflicts else 400
    context = {"lead": lead, "form": form, "other": other}
    return render(request, "leads/records/lead_edit.html", context, status=status)


def _elsewhere(request: MemberRequest, lead_id: UUID) -> HttpResponse:
    """To the lead that a merged one is part of. Raises Http404 for any other that isn't there."""
    survivor = merged_into(request.workspace.id, lead_id)
    if survivor is None:
        raise Http404
    lost = " What you changed wasn't saved." if request.method == "POST" else ""
    messages.info(request, f"The lead that you asked for was merged into this one.{lost}")
    return redirect("leads:detail", lead_id=survivor)


def _initial(lead: Lead) -> dict[str, Any]:
    return {
        "status": lead.status,
        "owner": str(lead.owner_id or ""),
        "tags": ", ".join(lead.tags),
        "notes": lead.notes,
    }


@require_GET
@member_required
def lead_trash(request: MemberRequest) -> HttpResponse:
    """The deleted leads, last deleted first: who can still be brought back, and for how long."""
    page = keyset_page(
        trash_of(request.workspace.id),
        order=("-deleted_at", "-id"),
        cursor=request.GET.get("cursor"),
    )
    context = {
        "page": page,
        "kept": TRASH_KEPT.days,
        "may_restore": request.membership.at_least(Role.ADMIN),
    }
    return render(request, "leads/records/lead_trash.html", context)


@require_POST
@member_required(role=Role.ADMIN)
def lead_deletion(request: MemberRequest, lead_id: UUID) -> HttpResponse:
    """Put a lead in the trash and offer to take it out again."""
    lead = delete_lead(workspace_id=request.workspace.id, lead_id=lead_id, actor=request.actor)
    context = {"lead": lead, "undo": reverse("leads:restore", args=[lead.id])}
    return render(request, "leads/records/lead_deleted.html", context)


@require_POST
@member_required(role=Role.ADMIN)
def lead_restore(request: MemberRequest, lead_id: UUID) -> HttpResponse:
    """Take a lead out of the trash."""
    restore_lead(workspace_id=request.workspace.id, lead_id=lead_id, actor=request.actor)
    messages.success(request, "The lead is back.")
    return redirect("leads:detail", lead_id=lead_id)
