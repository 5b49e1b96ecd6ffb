"""The page of the plan, the doors to Stripe's pages, and the public price list."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.access.views import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from credits.prices.queries import cheapest_mix, packages, plans, price_of, prices
from credits.stripe.providers import test_payments
from cursive.lib.errors import DomainError, tell_limits

from .checkout import open_portal, start_subscription
from .forms import CalculatorForm, PortalForm, SubscribeForm
from .queries import confirming_since, recent_invoices, standing_of

# After that long without Stripe's word the page says that it takes longer, and asks less often.
PATIENCE = timedelta(minutes=2)
# Back from the portal the page asks every 5 seconds, for 2 minutes.
MOST_ASKED = 24


@require_safe
@member_required
def plan(request: MemberRequest) -> HttpResponse:
    """The plan, what it gives, what others give, and what was paid."""
    return _plan_page(request)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(role=Role.ADMIN)
def subscribe(request: MemberRequest) -> HttpResponse:
    """On to Stripe's checkout of a plan; by GET, as after a refusal, to the plan's page."""
    if request.method != "POST":
        return redirect("credits:plan")
    form = SubscribeForm(request.POST)
    if not form.is_valid():
        return _plan_page(request, form.refusal())
    try:
        url = start_subscription(
            workspace=request.workspace,
            actor=request.actor,
            plan_code=form.cleaned_data["plan"],
            key=form.cleaned_data["key"],
            success_url=_address("credits:plan_confirmation") + "?session={CHECKOUT_SESSION_ID}",
            cancel_url=_address("credits:plan"),
        )
    except DomainError as refusal:
        return _plan_page(request, refusal)
    return redirect(url)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(role=Role.ADMIN)
def portal(request: MemberRequest) -> HttpResponse:
    """On to Stripe's page where the plan is changed and cancelled; by GET to ours."""
    if request.method != "POST":
        return redirect("credits:plan")
    form = PortalForm(request.POST)
    door = form.cleaned_data["door"] if form.is_valid() else ""
    try:
        url = open_portal(
            workspace=request.workspace,
            actor=request.actor,
            return_url=f"{_address('credits:plan')}?back=1",
            door=door,
        )
    except DomainError as refusal:
        return _plan_page(request, refusal)
    return redirect(url)


@require_safe
@member_required
def confirmation(request: MemberRequest) -> HttpResponse:
    """Where Stripe's checkout comes back to: 'confirming' until its events are here (C-8)."""
    standing = standing_of(request.workspace.id)
    granted = standing.is_granted()
    begun = (
        None
        if granted
        else confirming_since(request.workspace.id, standing, request.GET.get("session", ""))
    )
    if not granted and begun is None:
        to = reverse("credits:plan")
        return HttpResponseClientRedirect(to) if request.htmx else redirect(to)
    fragment = "#state" if request.htmx and not request.htmx.boosted else ""
    context = {
        "standing": standing,
        "granted": granted,
        "is_late": begun is not None and begun < timezone.now() - PATIENCE,
        "is_test": test_payments(),
    }
    response = render(request, f"credits/plans/confirmation.html{fragment}", context)
    if granted and request.htmx:
        trigger_client_event(response, "balance-changed")
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """Packages, plans, prices and the calculator, for everybody."""
    form = CalculatorForm(request.GET if "credits" in request.GET else None)
    wanted = form.wanted()
    mix = cheapest_mix(wanted) if wanted else None
    context = {
        "packages": packages(),
        "plans": plans(),
        "prices": prices(),
        "form": form,
        "mix": mix,
        "leads": int(mix.credits / price_of("pull")) if mix else 0,
    }
    fragment = "#mix" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"credits/plans/pricing.html{fragment}", context)


def _plan_page(request: MemberRequest, refusal: DomainError | None = None) -> HttpResponse:
    standing = standing_of(request.workspace.id)
    asked = _times_asked(request)
    context = {
        "standing": standing,
        "plans": plans(),
        "invoices": recent_invoices(request.workspace.id),
        "key": SubscribeForm.new_key(),
        "ask_again": asked + 1 if 0 < asked < MOST_ASKED else 0,
        "problem": refusal.message if refusal else "",
        "is_test": test_payments(),
    }
    fragment = "#regions" if request.htmx and not request.htmx.boosted else ""
    status = refusal.status if refusal else 200
    response = render(request, f"credits/plans/plan.html{fragment}", context, status=status)
    return tell_limits(response, refusal)


def _times_asked(request: MemberRequest) -> int:
    """How often the page has asked since Stripe's portal sent somebody back; 0 for who wasn't."""
    raw = request.GET.get("back", "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 4 else 0


def _address(route: str) -> str:
    return f"{settings.BASE_URL}{reverse(route)}"
