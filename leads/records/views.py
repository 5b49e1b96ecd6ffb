"""The lead list and a lead's page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.workspaces.guards import member_required
from accounts.workspaces.models import Membership, Role
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import InvalidInput
from cursive.lib.ui.pagination import keyset_page
from leads.filters import url as filter_url
from leads.filters.registry import FIELDS
from leads.filters.sentence import sentence
from leads.filters.tree import Group

from .columns import COLUMNS, DEFAULT_EXPORT
from .forms import LeadFilterForm, LeadForm
from .models import Lead
from .operations import delete_lead, restore_lead, update_lead
from .queries import DEFAULT_SORT, SORTS, capped_count, leads_of, newer_than

COUNTED = 10_000
TIMELINE = 50
BANDS = ("employee_band", "revenue_band")


def members_of(request: MemberRequest) -> list[Membership]:
    """The workspace's members with their users, for choosing an owner."""
    return list(
        Membership.objects.filter(workspace_id=request.workspace.id)
        .select_related("user")
        .order_by("user__email")
    )


def chosen_filter(request: MemberRequest, form: LeadFilterForm) -> Group | None:
    """The filter of the address: `f=…` (any filter) together with the quick filters."""
    given = request.GET.get(filter_url.PARAMETER, "")
    groups = [filter_url.decode(given, scope="leads")] if given else []
    if not form.is_valid():
        raise InvalidInput(
            "This filter can't be used.",
            fields={name: " ".join(map(str, errors)) for name, errors in form.errors.items()},
        )
    quick = form.document()
    groups += [quick] if quick else []
    if not groups:
        return None
    return groups[0] if len(groups) == 1 else Group("all", tuple(groups))


@require_GET
@member_required
def lead_list(request: MemberRequest) -> HttpResponse:
    """The workspace's leads: filtered, sorted, page by page."""
    form = LeadFilterForm(request.GET, members=members_of(request))
    filter = chosen_filter(request, form)
    sort = request.GET.get("sort", DEFAULT_SORT)
    if sort not in SORTS:
        raise InvalidInput(
            "There is no such order.", fields={"sort": f"One of: {', '.join(SORTS)}."}
        )
    leads = leads_of(request.workspace.id, filter)
    page = keyset_page(
        leads.select_related("owner"),
        order=SORTS[sort].order,
        cursor=request.GET.get("cursor"),
    )
    context = {
        "form": form,
        "page": page,
        "count": capped_count(leads, COUNTED),
        "counted": COUNTED,
        "sorts": SORTS,
        "sort": sort,
        "filter_sentence": sentence(filter) if filter else "",
        "filter_text": filter_url.encode(filter) if filter else "",
        "now": timezone.now(),
        "columns": COLUMNS.values(),
        "default_columns": DEFAULT_EXPORT,
    }
    fragment = "#results" if request.htmx and not request.htmx.boosted else ""
    return render(request, f"leads/records/lead_list.html{fragment}", context)


@require_GET
@member_required
def lead_news(request: MemberRequest) -> HttpResponse:
    """How many leads came in since the list was shown: the line that offers to show them."""
    since = parse_datetime(request.GET.get("since", "")[:40])
    if since is None or timezone.is_naive(since):
        raise InvalidInput("since must be a moment.", fields={"since": "ISO 8601, with zone."})
    context = {"newer": newer_than(request.workspace.id, since), "now": since}
    return render(request, "leads/records/lead_list.html#news", context)


@require_http_methods(["GET", "POST"])
@member_required
def lead_detail(request: MemberRequest, lead_id: UUID) -> HttpResponse:
    """A lead: what is known, where it came from, what happened; status, owner, tags, notes."""
    lead = get_object_or_404(leads_of(request.workspace.id).select_related("owner"), id=lead_id)
    members = members_of(request)
    form = LeadForm(request.POST or None, members=members, initial=_initial(lead))
    if request.method == "POST" and form.is_valid():
        update_lead(
            workspace_id=request.workspace.id,
            lead_id=lead_id,
            actor=request.actor,
            changes=form.changes(),
        )
        messages.success(request, "Saved.")
        return redirect("leads:detail", lead_id=lead_id)
    context = {
        "lead": lead,
        "form": form,
        "words": _words(lead),
        "activities": lead.activities.order_by("-created_at", "-id")[:TIMELINE],
        "may_delete": request.membership.at_least(Role.ADMIN),
    }
    return render(request, "leads/records/lead_detail.html", context)


def _words(lead: Lead) -> dict[str, str]:
    """The lead's codes in words."""
    fields = (FIELDS[name] for name in ("seniority", "department", "industry", *BANDS))
    return {
        field.name: (field.choices or {}).get(getattr(lead, field.name), getattr(lead, field.name))
        for field in fields
    }


def _initial(lead: Lead) -> dict[str, Any]:
    return {
        "status": lead.status,
        "owner": str(lead.owner_id or ""),
        "tags": ", ".join(lead.tags),
        "notes": lead.notes,
    }


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
