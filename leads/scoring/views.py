"""The page about scores: how they are spread, and whom they are for."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.profiles.models import BusinessProfile
from accounts.profiles.operations import change_profile
from accounts.profiles.queries import default_profile
from accounts.workspaces.forms import show_refusal
from accounts.workspaces.guards import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import DomainError
from leads.filters import url as filter_url
from leads.filters.tree import Condition, Group

from . import charts, outcomes, queries
from .forms import IcpForm
from .rule import MOST, Icp
from .wording import NAMES

PAGE = "leads/scoring/scoring.html"


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def scoring(request: MemberRequest) -> HttpResponse:
    """How scores are spread and came about; whom they are for, tried before it is saved.

    What is sent with `try` is shown with its effect; nothing is written.
    """
    profile = default_profile(request.workspace.id)
    posted = request.method == "POST"
    form = IcpForm.of(profile, request.POST if posted else None) if profile else None
    status = 200
    if posted and profile is not None and form is not None:
        is_valid = form.is_valid()
        if is_valid and "try" not in request.POST and _save(request, profile, form):
            return redirect("leads:scoring")
        status = 200 if form.is_valid() else 400
    context = {
        "profile": profile,
        "form": form,
        **_effect(request, form if posted else None),
    }
    if request.htmx and not request.htmx.boosted:
        return render(request, f"{PAGE}#effect", context, status=status)
    now = context["now"]
    won, lost, may_fit = outcomes.fit_state(request.workspace.id)
    manages = request.membership.at_least(Role.ADMIN)
    context |= {
        "trend": charts.trend_of(queries.trend_of(request.workspace.id), now),
        "parts": [(NAMES[part], most) for part, most in MOST.items()],
        "job": queries.running_job(request.workspace.id),
        "fitted": queries.fitted_of(request.workspace.id),
        **{"won": won, "lost": lost, "may_fit": may_fit, "manages": manages},
    }
    return render(request, PAGE, context, status=status)


@require_POST
@member_required(role=Role.ADMIN)
def fit(request: MemberRequest) -> HttpResponse:
    """Fit a score to the won and lost leads, and measure it."""
    try:
        found = outcomes.fit_score(workspace_id=request.workspace.id, actor=request.actor)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Fitted to {found.outcomes:,} outcomes.")
    return redirect("leads:scoring")


@require_POST
@member_required(role=Role.ADMIN)
def fitted_use(request: MemberRequest) -> HttpResponse:
    """Score by the fitted score from now on."""
    outcomes.use_fitted(workspace_id=request.workspace.id, actor=request.actor, is_on=True)
    messages.success(request, "The fitted score is in use. The scores follow in a moment.")
    return redirect("leads:scoring")


@require_POST
@member_required(role=Role.ADMIN)
def fitted_removal(request: MemberRequest) -> HttpResponse:
    """Score by the rule again."""
    outcomes.use_fitted(workspace_id=request.workspace.id, actor=request.actor, is_on=False)
    messages.success(request, "The rule is in use again. The scores follow in a moment.")
    return redirect("leads:scoring")


def _save(request: MemberRequest, profile: BusinessProfile, form: IcpForm) -> bool:
    """Whether what was sent could be saved; if not, the form says why."""
    try:
        change_profile(
            workspace_id=request.workspace.id,
            actor=request.actor,
            profile_id=profile.id,
            values=form.cleaned_data,
        )
    except DomainError as error:
        show_refusal(form, error)
        return False
    messages.success(request, "Saved. The scores follow in a moment.")
    return True


def _effect(request: MemberRequest, form: IcpForm | None) -> dict[str, Any]:
    """How scores are spread now and, where a form is tried and can be read, how they would be."""
    if form is None or not form.is_valid():
        now = queries.distribution_of(request.workspace.id)
        return {
            "now": now,
            "effect": None,
            "bars": charts.bars_of(now),
            "bands": [(band, _list_of(band)) for band in charts.bands_of(now)],
        }
    effect = queries.effect_of(request.workspace.id, Icp.of(form.cleaned_data))
    return {
        "now": effect.now,
        "effect": effect,
        "said": charts.said(effect),
        "bars": charts.bars_of(effect.now, effect.then),
        "bands": [(band, _list_of(band)) for band in charts.bands_of(effect.now, effect.then)],
    }


def _list_of(band: charts.Band) -> str:
    """Where the leads of a band are listed."""
    conditions = (Condition("score", "gte", band.low), Condition("score", "lte", band.high))
    return f"{reverse('leads:list')}?{filter_url.to_query(Group('all', conditions))}"
