"""Pages of the business inside Django admin (N-8, N-9)."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from cursive.lib.errors import InvalidInput
from cursive.lib.ui.formatting import format_cents, format_credits, format_number

from .queries import MONTHS, SORTS, business_overview, plan_choices, users_page

SORT_LABELS = {
    "activity": "Most active",
    "revenue": "Highest revenue",
    "joined": "Newest",
    "email": "By address",
}
WIDTH = 100


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The business at a glance: plans, recurring revenue, credits, month by month."""
    found = business_overview()
    most = max((month.mrr_cents for month in found.months), default=0) or 1
    months = [(month, round(WIDTH * month.mrr_cents / most)) for month in found.months]
    now = found.this_month
    cards = [
        ("MRR", format_cents(found.mrr_cents), f"{format_cents(now.new_mrr_cents)} new this month"),
        (
            "Paying workspaces",
            format_number(found.customers),
            f"of {format_number(found.workspaces)}",
        ),
        ("Revenue this month", format_cents(now.revenue_cents), "refunds taken off"),
        (
            "Credits outstanding",
            format_credits(found.credits_outstanding),
            f"{format_credits(now.credits.spent)} spent this month",
        ),
    ]
    context = _context(
        request, "Business overview", found=found, months=months, span=MONTHS, cards=cards
    )
    return render(request, "analytics/staff/overview.html", context)


@require_safe
def users(request: HttpRequest) -> HttpResponse:
    """Everybody who uses the product, to search, filter by plan and sort."""
    refusal = ""
    try:
        page = users_page(request.GET.dict())
    except InvalidInput as error:
        page, refusal = users_page({}), " ".join(error.fields.values()) or error.message
    query = request.GET.copy()
    query.pop("page", None)
    context = _context(
        request,
        "Users of the product",
        page=page,
        refusal=refusal,
        plans=plan_choices(),
        sorts=[(name, SORT_LABELS[name]) for name in SORTS],
        given=request.GET,
        query=query.urlencode(),
    )
    return render(request, "analytics/staff/users.html", context)


def _context(request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
    return {**admin.site.each_context(request), "title": title, **more}


PAGES: list[URLPattern] = [
    path("overview/", admin.site.admin_view(overview), name="business_overview"),
    path("overview/users/", admin.site.admin_view(users), name="business_users"),
]
# django-unfold's site asks for further pages by this name.
admin.site.extra_urls = lambda: PAGES  # type: ignore[attr-defined]
