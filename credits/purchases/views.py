"""The purchase dialog, the page that Checkout returns to, purchases, auto-reload."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.access.views import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from credits.ledger.queries import balance_of
from credits.prices.queries import packages
from credits.stripe.providers import StripeRefused, StripeUnavailable, test_payments
from cursive.lib.errors import DomainError, tell_limits
from cursive.lib.ui.pagination import keyset_page

from .forms import AutoReloadForm, BuyForm
from .models import AutoReload, CreditPurchase
from .operations import start_checkout
from .providers import forget_method
from .queries import can_be_paid, get_purchase, purchases_of
from .reloads import forget_card, reload_of, set_auto_reload

PAGE_SIZE = 25
# After that long without Stripe's word the page says that it takes longer, and asks less often.
PATIENCE = timedelta(minutes=2)


@require_http_methods(["GET", "POST"])
@member_required(role=Role.ADMIN)
def buy(request: MemberRequest) -> HttpResponse:
    """The packages as a dialog or page; the chosen one leads on to Stripe's page (C-8)."""
    offers = packages()
    popular = next((offer.code for offer in offers if offer.popular), "")
    asked = {"package": request.GET.get("package", popular), "keep_card": "keep" in request.GET}
    form = BuyForm(request.POST or None, offers=offers, initial=asked)
    refusal: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            return _go_on(request, _start(request, form.cleaned_data))
        except DomainError as error:
            refusal = error
    context = {
        "page_title": "Buy credits",
        "form": form,
        "offers": offers,
        "chosen": form["package"].value(),
        "refusal": refusal,
        "is_test": test_payments(),
    }
    status = refusal.status if refusal else 400 if request.method == "POST" else 200
    fragment = "#dialog" if request.htmx else ""
    response = render(request, f"credits/purchases/buy.html{fragment}", context, status=status)
    return tell_limits(response, refusal)


def _start(request: MemberRequest, given: dict[str, Any]) -> CreditPurchase:
    here = request.build_absolute_uri
    return start_checkout(
        workspace=request.workspace,
        actor=request.actor,
        package=given["package"],
        key=str(given["key"]),
        success_url=here(reverse("credits:returned")) + "?session={CHECKOUT_SESSION_ID}",
        cancel_url=here(reverse("credits:overview")) + "?checkout=cancelled",
        keep_card=given["keep_card"],
    )


def _go_on(request: MemberRequest, purchase: CreditPurchase) -> HttpResponseRedirect:
    """To Stripe's page; to ours where the same form was sent before and it is paid since."""
    if can_be_paid(purchase):
        return HttpResponseRedirect(purchase.checkout_url)
    return redirect("credits:purchase", purchase_id=purchase.id)


@require_safe
@member_required
def returned(request: MemberRequest) -> HttpResponse:
    """Where Stripe's page sends who has paid: on to the purchase, which waits for Stripe's word."""
    session_id = request.GET.get("session", "").replace("\x00", "")[:255]
    found = purchases_of(request.workspace.id).filter(session_id=session_id).first()
    if found is None:
        return redirect("credits:overview")
    return redirect(f"{reverse('credits:purchase', args=[found.id])}?returned=1")


@require_safe
@member_required
def purchase(request: MemberRequest, purchase_id: UUID) -> HttpResponse:
    """One purchase; while it is being confirmed the page asks again by itself (C-8)."""
    found = get_purchase(request.workspace.id, purchase_id)
    confirming = "returned" in request.GET and not found.is_over
    context = {
        "page_title": found.package_name,
        "purchase": found,
        "confirming": confirming,
        "is_late": confirming and found.created_at < timezone.now() - PATIENCE,
        "can_be_paid": can_be_paid(found) and not confirming,
        "balance": balance_of(request.workspace.id),
        "is_test": test_payments(),
    }
    fragment = "#state" if request.htmx and not request.htmx.boosted else ""
    response = render(request, f"credits/purchases/purchase.html{fragment}", context)
    response["Cache-Control"] = "no-store"
    if fragment and found.was_paid:
        # The part that asked is replaced by now, so the page itself hears it.
        trigger_client_event(response, "balance-changed", {"target": "body"})
    return response


@require_safe
@member_required
def purchases(request: MemberRequest) -> HttpResponse:
    """Everything that was bought, or nearly, newest first."""
    page = keyset_page(
        purchases_of(request.workspace.id),
        order=CreditPurchase.NEWEST_FIRST,
        cursor=request.GET.get("cursor"),
        page_size=PAGE_SIZE,
    )
    context = {"page_title": "Purchases", "page": page, "is_test": test_payments()}
    return render(request, "credits/purchases/purchase_list.html", context)


@require_http_methods(["GET", "POST"])
@member_required(role=Role.ADMIN)
def auto_reload(request: MemberRequest) -> HttpResponse:
    """When to buy which package by itself; 'off' switches it off (C-14)."""
    reload = reload_of(request.workspace.id)
    off = request.method == "POST" and "off" in request.POST
    data = None if off else request.POST or None
    form = AutoReloadForm(data, offers=packages(), reload=reload)
    refusal: DomainError | None = None
    if off or form.is_valid():
        try:
            return _set_reload(request, None if off else form.cleaned_data, reload)
        except DomainError as error:
            refusal = error
    context = {
        "page_title": "Auto-reload",
        "form": form,
        "reload": reload,
        "refusal": refusal,
        "balance": balance_of(request.workspace.id),
        "is_test": test_payments(),
    }
    status = refusal.status if refusal else 400 if request.method == "POST" else 200
    response = render(request, "credits/purchases/auto_reload.html", context, status=status)
    return tell_limits(response, refusal)


def _set_reload(
    request: MemberRequest, given: dict[str, Any] | None, reload: AutoReload
) -> HttpResponse:
    """Switch it on with what was given, or off where nothing was."""
    set_auto_reload(
        workspace=request.workspace,
        actor=request.actor,
        enabled=given is not None,
        threshold=given["threshold"] if given else reload.threshold,
        package=given["package"] if given else reload.package_code,
    )
    messages.success(request, f"Auto-reload is {'on' if given else 'off'}.")
    return redirect("credits:overview")


@require_POST
@member_required(role=Role.ADMIN)
def card_removal(request: MemberRequest) -> HttpResponse:
    """Forget the kept card, here and at Stripe; auto-reload is off then."""
    method = forget_card(workspace=request.workspace, actor=request.actor)
    if method:
        # What counts is that we don't know it any more; Stripe may be down, or have lost it too.
        with suppress(StripeUnavailable, StripeRefused):
            forget_method(method)
    messages.success(request, "The card is removed.")
    return redirect("credits:auto_reload")
