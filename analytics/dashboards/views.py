"""The front page for visitors, and the page that a member starts on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.workspaces.guards import member_required
from accounts.workspaces.requests import MemberRequest
from credits.prices.queries import packages, plans, prices

from .queries import overview


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What Cursive is and what it costs; members go on to their dashboard."""
    if request.user.is_authenticated:
        return redirect("dashboard")
    context = {"packages": packages(), "prices": prices(), "plans": plans()}
    return render(request, "landing/index.html", context)


@require_safe
@member_required
def dashboard(request: MemberRequest) -> HttpResponse:
    """Balance, leads, segments and jobs at a glance."""
    context = overview(request.workspace.id)
    return render(request, "analytics/dashboards/dashboard.html", context)
