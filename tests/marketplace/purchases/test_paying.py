"""Paying by card where the balance is short: the package, the reservation, and back to the cart."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.workspaces.models import Membership, Role
from credits.ledger.operations import set_frozen
from credits.purchases.models import CreditPurchase
from cursive.lib.tenancy import system_context, tenant_context
from leads.filters.tree import EVERYBODY
from marketplace.listings.models import Listing
from marketplace.listings.search import find
from marketplace.purchases.operations import NothingToBuy
from marketplace.purchases.paying import (
    release_unpaid,
    reserve_listings,
    start_cart_checkout,
)
from marketplace.purchases.queries import packages_for
from marketplace.purchases.standing import is_reserved_by_others
from tests import cast, market
from tests.credits.books import at_once
from tests.credits.stripe import paying
from tests.credits.stripe.paying import local_stripe
from tests.marketplace.purchases.buying import again, all_is_well, buyer
from tests.marketplace.purchases.test_cart import BUY, CART, add, button, page

__all__ = ["local_stripe"]

CHECKOUT = "/marketplace/cart/checkout/"
KEY = "01890000-0000-7000-8000-000000000001"


@pytest.fixture
def poor(db):
    """Acme with half a credit."""
    return buyer(credits="0.50")


@pytest.fixture
def client(poor) -> Client:
    browser = Client()
    browser.force_login(poor.user)
    return browser


def reserve(who, *listings) -> int:
    with tenant_context(who.workspace.id):
        return reserve_listings(
            workspace_id=who.workspace.id,
            actor=who.actor,
            listing_ids=[one.id for one in listings],
        )


def test_pay_and_buy_with_one_click(client, poor, seller, local_stripe):
    """From a short balance to the order, without losing the cart."""
    made = [market.listing(seller, price_cents=500) for _ in range(11)]  # 110 credits
    add(client, *made)
    dialog = page(client, CHECKOUT)
    assert 'value="growth" required checked' in dialog and 'value="starter"' not in dialog
    assert "109.50 credits short of 110" in dialog
    answer = client.post(CHECKOUT, {"package": "growth", "key": KEY})
    with system_context():
        purchase = CreditPurchase.objects.get()
    assert answer["Location"] == purchase.checkout_url
    assert {again(one).reserved_for for one in made} == {poor.workspace.id}
    local_stripe.pay(purchase.session_id)
    back = f"/marketplace/cart/paid/?session={purchase.session_id}"
    text = page(client, back)
    assert "Confirming your payment" in text and 'hx-trigger="every 2s"' in text
    paying.settle(local_stripe)
    text = client.get(back, headers={"HX-Request": "true"}).content.decode()
    assert "500 credits are yours" in text and "every 2s" not in text
    assert "Buy 11 leads for 110 credits" in text
    assert client.post(BUY, button(text)).status_code == 302
    assert (poor.orders()[0].leads, str(poor.balance())) == (11, "390.50")
    assert {again(one).reserved_for for one in made} == {None}
    all_is_well()


def test_no_more_is_kept_than_the_package_pays_for(client, poor, seller, local_stripe):
    """And nothing of whom the workspace owns."""
    made = [market.listing(seller, price_cents=500) for _ in range(12)]
    with system_context():
        cast.lead(poor.workspace, email=made[0].person.record["email"])
    add(client, *made)
    client.post(CHECKOUT, {"package": "growth", "key": KEY})
    assert [one for one in made if again(one).reserved_for] == made[1:]
    with system_context():
        Listing.objects.update(reserved_for=None, reserved_until=None)
    # 100 credits and a half pay for 10 of the 11.
    with tenant_context(poor.workspace.id):
        start_cart_checkout(
            workspace=poor.workspace,
            actor=poor.actor,
            package="starter",
            key="k",
            success_url="http://localhost/",
            cancel_url="http://localhost/",
        )
    assert [one for one in made if again(one).reserved_for] == made[1:11]


def test_stripe_comes_back_to_the_cart(client, poor, seller, local_stripe):
    add(client, market.listing(seller))
    client.post(CHECKOUT, {"package": "starter", "key": KEY})
    (params,) = [
        sent for method, at, sent, _ in local_stripe.calls if at == "/v1/checkout/sessions"
    ]
    assert params["success_url"].endswith("/marketplace/cart/paid/?session={CHECKOUT_SESSION_ID}")
    assert params["cancel_url"].endswith("/marketplace/cart/?checkout=cancelled")
    assert "Your cart is as it was" in page(client, f"{CART}?checkout=cancelled")
    assert client.get("/marketplace/cart/paid/?session=nonsense").status_code == 404


def test_the_smallest_package_that_covers_it(db):
    for missing, proposed, covers in (
        ("0.01", "starter", True),
        ("100", "starter", True),
        ("100.01", "growth", True),
        ("5000", "enterprise", True),
        ("5000.01", "enterprise", False),
    ):
        choice = packages_for(Decimal(missing))
        assert (choice.proposed, choice.covers) == (proposed, covers), missing


def test_what_is_wrong_with_the_form(client, poor, seller, local_stripe):
    add(client, market.listing(seller))
    for sent in ({"package": "gold", "key": KEY}, {"key": KEY}, {"package": "growth"}):
        assert client.post(CHECKOUT, sent).status_code == 400
    changed = client.post(CHECKOUT, {"package": "growth", "key": KEY, "price": "1"})
    assert changed.status_code == 400
    with system_context():
        assert not CreditPurchase.objects.exists()
        assert not Listing.objects.filter(reserved_for__isnull=False).exists()


def test_where_stripe_doesnt_answer_nothing_is_kept(client, poor, seller, settings):
    settings.STRIPE_LOCAL_URL = "http://127.0.0.1:9"
    made = market.listing(seller)
    add(client, made)
    answer = client.post(CHECKOUT, {"package": "starter", "key": KEY})
    assert answer.status_code == 503 and b"Nothing was bought" in answer.content
    assert again(made).reserved_for is None and poor.cart() == [made.id]


def test_members_are_told_whom_to_ask(poor, seller):
    bob = cast.user("Bob")
    with system_context():
        Membership.objects.create(workspace=poor.workspace, user=bob, role=Role.MEMBER)
    browser = Client()
    browser.force_login(bob)
    add(browser, market.listing(seller))
    assert "ask one of them" in page(browser)
    assert browser.get(CHECKOUT).status_code == 403


def test_enough_credits_need_no_package(alice, acme, seller):
    add(alice, market.listing(seller))
    assert "You have enough credits" in page(alice, CHECKOUT)


def test_reserved_for_15_minutes_and_no_longer(poor, seller):
    """Nothing is reserved longer, by asking again, nor again right after."""
    made = market.listing(seller)
    began = timezone.now()
    assert reserve(poor, made) == 1
    until = again(made).reserved_until
    assert timedelta(minutes=14, seconds=50) < until - began <= timedelta(minutes=15, seconds=10)
    assert reserve(poor, made) == 0
    assert again(made).reserved_until == until
    other = buyer("Globex", "Gus")
    for minutes in (16, 55):  # then it rests, whoever asks: two who take turns keep it no longer
        pass_minutes(made, minutes)
        assert reserve(poor, made) == reserve(other, made) == 0
        assert not is_reserved_by_others(
            again(made), buyer_id=other.workspace.id, now=timezone.now()
        )
    pass_minutes(made, 5)
    assert reserve(other, made) == 1


def test_who_pays_takes_one_place_of_several(poor, seller):
    """M-1: of three places two are free to others, and the kept one survives their purchases."""
    made = market.listing(seller, max_sales=3, price_cents=20)
    assert reserve(poor, made) == 1
    others = [buyer(f"Buyer {at}", f"User {at}") for at in range(3)]
    for each in others[:2]:
        assert find(EVERYBODY, buyer_id=each.workspace.id, limit=9) == [made.id]
        assert each.buy([made]).leads == 1
    before = others[2].snapshot()
    with pytest.raises(NothingToBuy) as refused:
        others[2].buy([made])
    assert refused.value.left_out == {"reserved": [made.id]} and others[2].snapshot() == before
    assert find(EVERYBODY, buyer_id=others[2].workspace.id, limit=9) == []
    assert find(EVERYBODY, buyer_id=poor.workspace.id, limit=9) == [made.id]
    assert poor.buy([made]).leads == 1
    assert (again(made).status, again(made).reserved_for) == ("sold_out", None)
    all_is_well()


@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_a_payment_that_is_given_up_keeps_nothing(client, poor, seller, local_stripe, how):
    """At once, for everybody; and no second checkout keeps it again right after."""
    made = market.listing(seller)
    add(client, made)
    client.post(CHECKOUT, {"package": "starter", "key": KEY})
    other = buyer("Globex", "Gus")
    assert find(EVERYBODY, buyer_id=other.workspace.id, limit=9) == []
    if how == "cancelled":
        page(client, f"{CART}?checkout=cancelled")
    else:
        with system_context():
            purchase = CreditPurchase.objects.get()
        local_stripe.expire(purchase.session_id)
        paying.settle(local_stripe)
    assert again(made).reserved_until <= timezone.now()
    client.post(CHECKOUT, {"package": "starter", "key": KEY[:-1] + "2"})
    assert find(EVERYBODY, buyer_id=other.workspace.id, limit=9) == [made.id]
    assert other.buy([made]).leads == 1


def test_only_what_is_ones_own_is_released(client, poor, seller, local_stripe):
    """Somebody else's visit to the address, or an older payment's end, gives up nothing."""
    made = market.listing(seller)
    add(client, made)
    client.post(CHECKOUT, {"package": "starter", "key": KEY})
    until = again(made).reserved_until
    other = buyer("Globex", "Gus")
    stranger = Client()
    stranger.force_login(other.user)
    add(stranger, made)
    page(stranger, f"{CART}?checkout=cancelled")
    with system_context():
        old = CreditPurchase.objects.get()
    old.created_at -= timedelta(minutes=5)
    release_unpaid(old)
    assert again(made).reserved_until == until


def pass_minutes(listing: Listing, minutes: int) -> None:
    """As time does."""
    until = again(listing).reserved_until - timedelta(minutes=minutes)
    with system_context():
        Listing.objects.filter(id=listing.id).update(reserved_until=until)


def test_only_what_is_free_is_reserved(poor, seller):
    free, sold, draft, theirs = (
        market.listing(seller),
        market.listing(seller),
        market.listing(seller, on_sale=False),
        market.listing(seller),
    )
    other = buyer("Globex", "Gus")
    other.buy([sold])
    assert reserve(other, theirs) == 1
    assert reserve(poor, free, sold, draft, theirs) == 1
    assert again(theirs).reserved_for == other.workspace.id
    assert again(sold).reserved_for is again(draft).reserved_for is None


def test_others_cant_buy_what_is_reserved_until_time_is_over(poor, seller):
    made = market.listing(seller)
    reserve(poor, made)
    other = buyer("Globex", "Gus")
    before = other.snapshot()
    with pytest.raises(NothingToBuy) as refused:
        other.buy([made])
    assert refused.value.left_out == {"reserved": [made.id]}
    assert other.snapshot() == before
    pass_minutes(made, 16)
    assert other.buy([made]).leads == 1


@pytest.mark.faults
def test_two_who_want_to_pay_for_the_same(poor, seller):
    """At once, and in opposite orders: each listing is kept for one of them."""
    made = [market.listing(seller) for _ in range(6)]
    both = (poor, buyer("Globex", "Gus"))
    kept = at_once(2, lambda at: reserve(both[at], *made[:: 1 - 2 * at]))
    assert sorted(kept) == [0, 6]
    assert len({again(one).reserved_for for one in made}) == 1


def test_what_comes_free_meanwhile_is_not_bought_unseen(client, seller):
    """M-3, M-4: others had reserved it when the cart was shown."""
    rich = buyer("Initech", "Ira")
    client.force_login(rich.user)
    mine, kept = market.listing(seller), market.listing(seller, price_cents=450)
    add(client, mine, kept)
    assert reserve(buyer("Globex", "Gus"), kept) == 1
    text = page(client)
    assert "Buy 1 lead for 2 credits" in text
    with system_context():
        Listing.objects.filter(id=kept.id).update(reserved_until=timezone.now())
    before = rich.snapshot()
    refused = client.post(BUY, {**button(text), "left_out": ""})
    assert refused.status_code == 409 and rich.snapshot() == before
    assert "costs 11.00 credits now, and you agreed to 2.00." in refused.content.decode()

    said = client.post(BUY, button(text), follow=True).content.decode()
    (order,) = rich.orders()
    assert (order.leads, order.credits, order.left_out) == (1, 2, {"freed": [kept.id]})
    assert "Left out: 1 free again since you looked" in said
    assert rich.cart() == [kept.id] and "Buy 1 lead for 9 credits" in page(client)


def test_while_spending_is_frozen_the_cart_says_so(client, poor, seller):
    """C-12."""
    add(client, market.listing(seller, price_cents=25))
    sent = button(page(client))
    with tenant_context(poor.workspace.id):
        set_frozen(
            workspace_id=poor.workspace.id, frozen=True, actor=poor.actor, reason="A dispute"
        )
    before = poor.snapshot()
    answer = client.post(BUY, sent)
    assert answer.status_code == 403 and poor.snapshot() == before
    assert "Nothing was bought" in answer.content.decode() and len(poor.cart()) == 1
