"""The cart, buying it, and paying for it by card."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from accounts.access.views import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from credits.ledger.operations import InsufficientCredits, SpendingFrozen
from credits.purchases.queries import can_be_paid, purchases_of
from credits.stripe.providers import test_payments
from cursive.lib.errors import Conflict, DomainError, InvalidInput, NotFound, tell_limits
from cursive.lib.ui.pagination import numbered_page
from cursive.lib.ui.toasts import add_toast
from marketplace import limits

from . import cart as carts
from . import operations
from .forms import AddForm, CheckoutForm, PurchaseForm, RemovalForm
from .paying import release_reserved, start_cart_checkout
from .queries import Cart, cart_of, packages_for
from .standing import counts_of, in_words

# Where one looks for leads.
MARKET = "/marketplace/"
ROWS = 100


@require_POST
@member_required
def cart_add(request: MemberRequest) -> HttpResponse:
    """Put chosen listings, or the first of a search, into the cart; then back to the search."""
    limits.use(limits.OTHER, request)
    form = AddForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(" ".join(str(said) for some in form.errors.values() for said in some))
    given = form.cleaned_data
    if form.is_search:
        added = carts.add_found(
            workspace=request.workspace,
            actor=request.actor,
            filter=given["filter"],
            order=given["order"],
            count=given["count"],
        )
    else:
        added = carts.add_listings(
            workspace_id=request.workspace.id, actor=request.actor, listing_ids=form.ids
        )
    said = _added(added)
    if request.htmx and not request.htmx.boosted:
        response = render(request, "marketplace/purchases/_cart_bar.html")
        add_toast(response, said, level="success" if added.added else "warning")
        return response
    (messages.success if added.added else messages.warning)(request, said)
    return HttpResponseRedirect(_back(request, given["back"]))


def _added(added: carts.Added) -> str:
    """What became of what was put in, in a sentence or more."""
    leads = f"{added.added:,} {'lead' if added.added == 1 else 'leads'}"
    if added.is_all_there:
        return (
            f"All {added.there:,} that match lie in your cart already. Change the filter to find"
            " others."
        )
    said = [f"{leads} put into your cart." if added.added else "Nothing was put into your cart."]
    if added.there:
        before = " before it" if added.added == 1 else " before them"
        which = before if added.is_search and added.added else ""
        said.append(f"{added.there:,}{which} lay in it already.")
    if added.gone:
        said.append(f"{added.gone:,} can't be bought any more.")
    if added.full:
        said.append(f"{added.full:,} found no room: a cart holds {operations.MOST:,}.")
    return " ".join(said)


def _back(request: MemberRequest, asked: str) -> str:
    """The page that the form says it was on, else the one it came from; never another site's."""
    host = {request.get_host()}
    for address in (asked, request.headers.get("Referer", "")):
        parts = urlsplit(address)
        # A path alone passes for an address, and a browser reads it as beginning here.
        if parts.path.startswith("/") and url_has_allowed_host_and_scheme(address, host):
            return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return reverse("marketplace:cart")


@require_GET
@member_required
def cart(request: MemberRequest) -> HttpResponse:
    """What lies in the cart, what of it can be bought, and the total."""
    limits.use(limits.OTHER, request)
    if request.GET.get("checkout") == "cancelled":
        # Stripe's page can only lead here; whoever comes twice gives up nothing more.
        release_reserved(
            workspace_id=request.workspace.id, user_id=request.user.id, actor=request.actor
        )
    return _cart_page(request)


def _cart_page(request: MemberRequest, refusal: DomainError | None = None) -> HttpResponse:
    """The cart as it is now; with what was refused, where something was."""
    mine = cart_of(request.workspace.id, request.user.id)
    # What needs a look comes first, however long the cart is.
    rows = sorted(mine.rows, key=lambda row: row.is_bought)
    context = {
        "cart": mine,
        "page": numbered_page(rows, request.GET, default_size=ROWS, max_size=ROWS),
        "form": PurchaseForm.of(mine),
        "refusal": refusal,
        "short": isinstance(refusal, InsufficientCredits),
        "proposal": packages_for(mine.missing) if mine.missing else None,
        "most": operations.MOST,
        "market_url": MARKET,
        "is_cancelled": request.GET.get("checkout") == "cancelled",
    }
    status = refusal.status if refusal else 200
    response = render(request, "marketplace/purchases/cart.html", context, status=status)
    response["Cache-Control"] = "no-store"  # 'back' shows the cart as it is, with a key of its own
    return tell_limits(response, refusal)


@require_POST
@member_required
def cart_removal(request: MemberRequest) -> HttpResponse:
    """Take listings out; the cart offers to put them back."""
    limits.use(limits.OTHER, request)
    form = RemovalForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("Choose what to take out of your cart.")
    ids: list[int] | None = form.ids
    if form.cleaned_data["which"] == "all":
        ids = None
    elif form.cleaned_data["which"] == "lost":
        lost = cart_of(request.workspace.id, request.user.id).lost
        ids = [row.item.listing_id for row in lost]
    if not carts.remove_items(
        workspace_id=request.workspace.id, actor=request.actor, listing_ids=ids
    ):
        messages.info(request, "Nothing was taken out.")
        return redirect("marketplace:cart")
    return redirect(f"{reverse('marketplace:cart')}?removed=1")


@require_POST
@member_required
def cart_put_back(request: MemberRequest) -> HttpResponse:
    """Undo the last removal."""
    limits.use(limits.OTHER, request)
    back = carts.put_back(workspace_id=request.workspace.id, actor=request.actor)
    said = f"{back:,} {'lead is' if back == 1 else 'leads are'} back in your cart."
    messages.success(request, said if back else "There was nothing to put back.")
    return redirect("marketplace:cart")


@require_POST
@member_required
def cart_prices(request: MemberRequest) -> HttpResponse:
    """Agree to what everything in the cart costs now."""
    limits.use(limits.OTHER, request)
    carts.accept_prices(workspace_id=request.workspace.id, actor=request.actor)
    messages.success(request, "Your cart has the prices of now.")
    return redirect("marketplace:cart")


@require_POST
@member_required
def cart_purchase(request: MemberRequest) -> HttpResponse:
    """Buy what lies in the cart (M-4), and go to the order."""
    form = PurchaseForm(request.POST)
    if not form.is_valid():
        limits.use(limits.OTHER, request)
        return _cart_page(request, InvalidInput("This page was changed. Look at your cart again."))
    key = f"cart:{form.cleaned_data['key']}"
    try:
        with limits.purchase(request, key) as counted:
            order = operations.purchase_cart(
                workspace=request.workspace,
                actor=request.actor,
                key=key,
                shown=form.cleaned_data["shown"],
                agreed=form.cleaned_data["agreed"],
                not_meant=form.cleaned_data["left_out"],
            )
            counted.is_new = not order.is_repeat
    except (Conflict, InvalidInput, InsufficientCredits, SpendingFrozen) as error:
        return _cart_page(request, error)
    if not order.is_repeat:
        said = f"{order.leads:,} {'lead is' if order.leads == 1 else 'leads are'} yours."
        left_out = in_words(counts_of(order.left_out))
        messages.success(request, f"{said} Left out: {left_out}." if left_out else said)
    return redirect("marketplace:order", order_id=order.id)


@require_http_methods(["GET", "POST"])
@member_required(role=Role.ADMIN)
def cart_checkout(request: MemberRequest) -> HttpResponse:
    """The package that covers the cart, as a dialog or page; it leads on to Stripe's page."""
    limits.use(limits.OTHER, request)
    mine = cart_of(request.workspace.id, request.user.id)
    choice = packages_for(mine.missing)
    form = CheckoutForm(
        request.POST or None, offers=choice.offers, initial={"package": choice.proposed}
    )
    refusal: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            return _to_payment(request, form.cleaned_data)
        except DomainError as error:
            refusal = error
    context = {
        "cart": mine,
        "choice": choice,
        "chosen": form["package"].value(),
        "form": form,
        "refusal": refusal,
        "is_test": test_payments(),
    }
    status = refusal.status if refusal else 400 if request.method == "POST" else 200
    fragment = "#dialog" if request.htmx else ""
    page = f"marketplace/purchases/checkout.html{fragment}"
    return tell_limits(render(request, page, context, status=status), refusal)


def _to_payment(request: MemberRequest, given: dict[str, Any]) -> HttpResponse:
    here = request.build_absolute_uri
    purchase = start_cart_checkout(
        workspace=request.workspace,
        actor=request.actor,
        package=given["package"],
        key=f"cart:{given['key']}",
        success_url=here(reverse("marketplace:cart_paid")) + "?session={CHECKOUT_SESSION_ID}",
        cancel_url=here(reverse("marketplace:cart")) + "?checkout=cancelled",
    )
    if can_be_paid(purchase):
        return HttpResponseRedirect(purchase.checkout_url)
    return redirect(f"{reverse('marketplace:cart_paid')}?session={purchase.session_id}")


@require_GET
@member_required
def cart_paid(request: MemberRequest) -> HttpResponse:
    """Where Stripe's page sends who has paid: waits for Stripe's word, then one click buys."""
    session_id = request.GET.get("session", "").replace("\x00", "")[:255]
    found = purchases_of(request.workspace.id).filter(session_id=session_id).first()
    if found is None:
        raise NotFound("There is no such payment.")
    mine: Cart = cart_of(request.workspace.id, request.user.id)
    context = {
        "purchase": found,
        "cart": mine,
        "form": PurchaseForm.of(mine),
        "address": f"{reverse('marketplace:cart_paid')}?session={session_id}",
        "is_test": test_payments(),
    }
    fragment = "#state" if request.htmx and not request.htmx.boosted else ""
    response = render(request, f"marketplace/purchases/paid.html{fragment}", context)
    response["Cache-Control"] = "no-store"
    if fragment and found.was_paid:
        # The part that asked is replaced by now, so the page itself hears it.
        trigger_client_event(response, "balance-changed", {"target": "body"})
    return response
