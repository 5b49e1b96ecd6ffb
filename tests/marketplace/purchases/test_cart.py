"""M-3: the cart, what it says of what lies in it, and buying it."""

import html
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.workspaces.models import Membership, Role
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.filters.tree import EVERYBODY
from marketplace.listings.models import Listing
from marketplace.listings.operations import reprice_listings, withdraw_listings
from marketplace.purchases import cart as carts
from marketplace.purchases.models import CartItem
from marketplace.purchases.operations import purchase_cart, request_digest
from marketplace.purchases.queries import cart_of
from tests import cast, market
from tests.marketplace.purchases.buying import again, all_is_well, buyer

CART = "/marketplace/cart/"
MARKET = "/marketplace/"
ADD, BUY = "/marketplace/cart/items/", "/marketplace/cart/purchase/"


def add(client: Client, *listings: Listing, **more: object):
    return client.post(ADD, {"listing": [one.id for one in listings], **more})


def page(client: Client, path: str = CART) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def button(text: str) -> dict[str, str]:
    """What the button of the page sends."""
    found = {
        name: re.search(rf'name="{name}" value="([^"]+)"', text)[1]
        for name in ("key", "shown", "agreed")
    }
    left_out = re.search(r'name="left_out" value="([^"]+)"', text)
    return found | {"left_out": left_out[1] if left_out else ""}


def test_an_empty_cart_says_what_to_do(alice):
    assert "Your cart is empty" in page(alice)


def test_chosen_leads_lie_in_the_cart_with_their_total(alice, acme, seller):
    two = [market.listing(seller, price_cents=100), market.listing(seller, price_cents=33)]
    answer = add(alice, *two, back="/leads/?f=x")
    assert (answer.status_code, answer["Location"]) == (302, "/leads/?f=x")
    text = page(alice)
    assert "2 leads put into your cart" in text
    assert "Buy 2 leads for 2.66 credits" in text and "$1.33" in text and "997.34" in text
    assert two[0].name in text and "Lovelace" not in text and "@company" not in text  # M-1
    add(alice, two[0])
    assert acme.cart() == [one.id for one in two]


@pytest.mark.parametrize("query", ["", "?f=quality_score.gte.60&sort=price", "?second"])
def test_one_comes_back_to_the_list_as_it_was(alice, acme, seller, query):
    """M-3: with the filter, the order and the page; told how many lie in the cart, and where."""
    made = [market.listing(seller, price_cents=cents) for cents in range(10, 70)]
    if query == "?second":  # page
        query = html.unescape(re.search(r'href="(\?[^"]*cursor=[^"]+)"', page(alice, MARKET))[1])
    text = page(alice, MARKET + query)
    backs = re.findall(r'name="back" value="([^"]*)"', text)
    assert len(backs) == 2
    ids = re.findall(r'name="listing" value="([^"]*)"', text)[:2]
    said = "2 leads put into your cart", "1 lead put into your cart"
    for back, sent, words in zip(
        backs, ({"listing": ids}, {"count": "1", "order": "price"}), said, strict=True
    ):
        answer = alice.post(ADD, {**sent, "back": html.unescape(back)}, follow=True)
        assert answer.status_code == 200
        assert f'href="{CART}"' in answer.content.decode() and words in answer.content.decode()
        assert re.findall(r'name="listing" value="([^"]*)"', answer.content.decode())[:2] == ids
    assert len(acme.cart()) == 3 and {int(each) for each in ids} <= {one.id for one in made}


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "javascript:x", "", "f=", "x/y", "?f="]
)
def test_one_never_comes_back_to_another_site(alice, seller, back):
    assert add(alice, market.listing(seller), back=back)["Location"] == CART


def test_the_bar_above_a_search(alice, seller):
    """What the search page includes, as htmx gets it."""
    made = market.listing(seller, price_cents=50)
    answer = alice.post(ADD, {"listing": made.id}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert '<div id="cart-bar"' in text and "<strong>1 lead</strong>" in text and "$0.50" in text
    assert "1 lead put into your cart" in answer["HX-Trigger"]


def test_the_first_of_a_search(alice, acme, seller):
    best = [market.listing(seller, quality=quality) for quality in (50, 90, 70)]
    alice.post(ADD, {"count": "2", "order": "quality"})
    assert acme.cart() == [best[1].id, best[2].id]


def test_the_first_again_are_the_next_ones(alice, acme, seller):
    """M-3: bulk add goes on where the cart ends; past the last one it says that all lie in it."""
    made = [market.listing(seller, quality=quality) for quality in (50, 90, 70)]
    best = [made[1].id, made[2].id, made[0].id]
    alice.post(ADD, {"listing": best[1]})
    for count, cart, said in (
        (1, [best[1], best[0]], "1 lead put into your cart"),
        (
            1,
            [best[1], best[0], best[2]],
            "1 lead put into your cart. 2 before it lay in it already",
        ),
        (2, [best[1], best[0], best[2]], "All 3 that match lie in your cart already"),
    ):
        answer = alice.post(ADD, {"count": count, "order": "quality"}, follow=True)
        assert acme.cart() == cart
        assert said in answer.content.decode()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"listing": "abc"},
        {"listing": "-1"},
        {"listing": str(2**63)},
        {"listing": "²"},
        {"count": "0"},
        {"count": "1001"},
        {"count": "abc"},
        {"count": "5", "filter": "{nonsense"},
    ],
)
def test_what_cant_go_into_a_cart(alice, acme, seller, sent):
    market.listing(seller)
    assert alice.post(ADD, sent).status_code == 400
    assert acme.cart() == []


def test_what_cant_be_bought_doesnt_go_in(alice, acme, seller):
    draft = market.listing(seller, on_sale=False)
    own = market.listing(market.partner("Lists", owner=cast.user("Ann"))[0])
    with system_context():
        Listing.objects.filter(id=own.id).update(seller_id=acme.workspace.id)
    answer = alice.post(ADD, {"listing": [draft.id, own.id, 999]}, follow=True)
    assert "3 can&#x27;t be bought any more" in answer.content.decode()
    assert acme.cart() == []


def test_a_cart_holds_at_most_1000(acme, seller):
    made = market.listings(seller, [market.person() for _ in range(3)])
    with tenant_context(acme.workspace.id):
        CartItem.objects.bulk_create(
            CartItem(workspace=acme.workspace, user=acme.user, listing_id=n, price_cents=10)
            for n in range(1_000_001, 1_000_999)
        )
        added = carts.add_listings(
            workspace_id=acme.workspace.id, actor=acme.actor, listing_ids=[one.id for one in made]
        )
        with pytest.raises(InvalidInput, match="1 to 1,000"):
            carts.add_found(
                workspace=acme.workspace, actor=acme.actor, filter=EVERYBODY, order="", count=1_001
            )
    assert (added.added, added.full) == (2, 1)
    assert len(acme.cart()) == 1_000


def test_taking_out_can_be_undone(alice, acme, seller):
    first, second, third = (market.listing(seller) for _ in range(3))
    add(alice, first, second, third)
    answer = alice.post("/marketplace/cart/removal/", {"listing": second.id}, follow=True)
    assert "1 lead taken out" in answer.content.decode()
    assert acme.cart() == [first.id, third.id]
    alice.post("/marketplace/cart/removal/undo/")
    assert acme.cart() == [first.id, second.id, third.id]
    alice.post("/marketplace/cart/removal/", {"which": "all"})
    assert acme.cart() == []
    alice.post("/marketplace/cart/removal/undo/")
    assert len(acme.cart()) == 3
    again_there = alice.post("/marketplace/cart/removal/undo/", follow=True)
    assert "nothing to put back" in again_there.content.decode()


def test_a_cart_is_ones_own(alice, acme, seller):
    """X-1: another member's of the same workspace is another cart, and so is a stranger's."""
    made = market.listing(seller)
    add(alice, made)
    other, bob = buyer("Globex", "Gus"), cast.user("Bob")
    with system_context():
        Membership.objects.create(workspace=acme.workspace, user=bob, role=Role.MEMBER)
    for who in (other.user, bob):
        client = Client()
        client.force_login(who)
        assert "Your cart is empty" in page(client)
        client.post("/marketplace/cart/removal/", {"listing": made.id})
    assert acme.cart() == [made.id]


@pytest.fixture
def changed(acme, alice, seller):
    """A cart whose listings were sold, withdrawn, made dearer and cheaper, reserved, or are owned
    by now; and one that is as it was."""
    names = ("sold", "gone", "dear", "cheap", "kept", "owned", "fine")
    made = {name: market.listing(seller, price_cents=100) for name in names}
    with system_context():
        person = made["owned"].person.record
    cast.lead(acme.workspace, email=person["email"])
    add(alice, *made.values())
    other = buyer("Globex", "Gus")
    other.buy([made["sold"]])
    with system_context(), atomic():
        withdraw_listings(seller_id=seller.id, listing_ids=[made["gone"].id], reason="Invalid.")
        reprice_listings(seller_id=seller.id, listing_ids=[made["dear"].id], price_cents=150)
        reprice_listings(seller_id=seller.id, listing_ids=[made["cheap"].id], price_cents=50)
        Listing.objects.filter(id=made["kept"].id).update(
            reserved_for=other.workspace.id, reserved_until="2999-01-01T00:00:00Z"
        )
    return made


def test_the_cart_says_what_has_changed(alice, changed):
    """Bad input: withdrawn, sold, repriced while in a cart: each row says it, with both prices."""
    text = page(alice)
    for said in (
        "Sold meanwhile.",
        "Taken off sale.",
        "was $1.00, now $1.50",
        "was $1.00, now $0.50",
        "Somebody is paying for it",
        "Yours already",
        "1 person is among your leads already",
        "1 lead costs more than when you chose it",
        "Buy 2 leads for 3 credits",
    ):
        assert said in text, said
    assert "1 sold meanwhile, 1 taken off sale, 1 dearer than what you saw" in text


def test_what_one_bought_oneself_is_not_sold_meanwhile(alice, acme, seller):
    """M-3: in another tab, say; it is theirs, and the cart says in which order."""
    made = market.listing(seller)
    add(alice, made)
    order = acme.buy([made])
    text = page(alice)
    assert "Yours already" in text and "Sold meanwhile" not in text
    assert f'<a href="{reverse("marketplace:order", args=[order.id])}">{order.number}</a>' in text
    before = acme.snapshot()
    answer = alice.post(
        BUY, {"key": order.id, "shown": request_digest({made.id: 100}), "agreed": "0"}
    )
    assert answer.status_code == 409 and order.number in answer.content.decode()
    assert acme.snapshot() == before


def test_buying_a_changed_cart_leaves_out_what_cant_be_had(alice, acme, changed):
    answer = alice.post(BUY, button(page(alice)), follow=True)
    (order,) = acme.orders()
    assert answer.redirect_chain == [(reverse("marketplace:order", args=[order.id]), 302)]
    assert (order.leads, order.credits) == (2, Decimal("3.00"))
    assert {reason: len(ids) for reason, ids in order.left_out.items()} == {
        **{"sold": 1, "withdrawn": 1, "repriced": 1, "reserved": 1, "owned": 1}
    }
    text = answer.content.decode()
    assert "2 leads are yours. Left out: 1 sold meanwhile" in text
    # What may still be had stays in the cart.
    assert acme.cart() == [changed["dear"].id, changed["kept"].id]
    all_is_well()


def test_a_higher_price_is_paid_once_it_is_agreed_to(alice, acme, changed):
    alice.post("/marketplace/cart/prices/")
    assert "Buy 3 leads for 6 credits" in page(alice)
    alice.post(BUY, button(page(alice)))
    assert acme.orders()[0].credits == Decimal("6.00")


def test_what_cant_be_bought_is_taken_out_together(alice, acme, changed):
    alice.post("/marketplace/cart/removal/", {"which": "lost"})
    left = {name for name, each in changed.items() if each.id in acme.cart()}
    assert left == {"dear", "cheap", "kept", "fine"}
    assert 'value="lost"' not in page(alice)  # what may still be had isn't lost
    answer = alice.post("/marketplace/cart/removal/", {"which": "lost"}, follow=True)
    text = answer.content.decode()
    assert "Nothing was taken out." in text and "taken out.</span>" not in text
    assert len(acme.cart()) == 4


def test_pressed_twice_it_is_bought_once(alice, acme, seller):
    """Bad input: a double click."""
    made = market.listing(seller)
    add(alice, made)
    sent = button(page(alice))
    first, second = alice.post(BUY, sent), alice.post(BUY, sent)
    assert first["Location"] == second["Location"]
    assert (len(acme.orders()), len(acme.leads()), acme.balance()) == (1, 1, 998)
    assert again(made).sold == 1


def test_two_tabs(alice, acme, seller):
    """Bad input: what was put in or bought in another tab isn't bought unseen."""
    first, second = market.listing(seller), market.listing(seller)
    add(alice, first)
    old = button(page(alice))
    add(alice, second)
    new = button(page(alice))
    before = acme.snapshot()
    refused = alice.post(BUY, old)
    assert refused.status_code == 409
    text = refused.content.decode()
    assert "Your cart has changed since this page was shown" in text and "Buy 2 leads" in text
    assert acme.snapshot() == before
    assert alice.post(BUY, new).status_code == 302
    before = acme.snapshot()
    assert alice.post(BUY, old).status_code == 409
    assert acme.snapshot() == before and len(acme.orders()) == 1


def test_a_used_key_with_another_cart(alice, acme, seller):
    """Bad input."""
    add(alice, market.listing(seller))
    used = button(page(alice))
    alice.post(BUY, used)
    add(alice, market.listing(seller))
    before = acme.snapshot()
    answer = alice.post(BUY, {**button(page(alice)), "key": used["key"]})
    assert answer.status_code == 409 and b"used for another purchase" in answer.content
    assert acme.snapshot() == before


def test_a_form_that_was_changed_is_refused(alice, acme, seller):
    add(alice, market.listing(seller))
    sent = button(page(alice))
    for bad in (
        {**sent, "price": "0"},
        {**sent, "key": "x"},
        {**sent, "agreed": "NaN"},
        {**sent, "left_out": "1,x"},
        {"key": sent["key"], "shown": sent["shown"]},
        {"key": sent["key"]},
    ):
        assert alice.post(BUY, bad).status_code == 400
    assert acme.orders() == []


def test_a_cart_of_nothing_buys_nothing(acme):
    with tenant_context(acme.workspace.id):
        shown = cart_of(acme.workspace.id, acme.user.id).shown
        with pytest.raises(InvalidInput, match="empty"):
            purchase_cart(
                workspace=acme.workspace,
                actor=acme.actor,
                key="k",
                shown=shown,
                agreed=Decimal("0"),
            )
        with pytest.raises(Conflict):
            purchase_cart(
                workspace=acme.workspace, actor=acme.actor, key="k", shown="x", agreed=Decimal("0")
            )
    assert acme.orders() == []


def test_too_few_credits(seller):
    """C-4: nothing changes; the page says what is missing, and which package covers it."""
    poor = buyer(credits=1)
    client = Client()
    client.force_login(poor.user)
    made = market.listing(seller, price_cents=100)
    add(client, made)
    text = page(client)
    assert "You are 1 credits short" in text and "Starter covers it: 100 credits for $49" in text
    assert "Buy credits and go on" in text and 'name="shown"' not in text
    with tenant_context(poor.workspace.id):
        shown = cart_of(poor.workspace.id, poor.user.id).shown
    before = poor.snapshot()
    sent = {"key": "01890000-0000-7000-8000-000000000001", "shown": shown, "agreed": "2.00"}
    answer = client.post(BUY, sent)
    assert answer.status_code == 402 and b"Nothing was bought" in answer.content
    assert poor.snapshot() == before


def test_a_full_cart_takes_few_queries(alice, acme, seller, django_assert_max_num_queries):
    add(alice, *market.listings(seller, [market.person() for _ in range(30)]))
    page(alice)
    with django_assert_max_num_queries(13), django_assert_max_num_queries(6, using="admin"):
        page(alice)
