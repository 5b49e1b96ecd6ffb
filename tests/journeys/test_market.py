"""M-2 by a person with a browser: filter live, choose, save, and never see what is sold."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import NARROW, WIDE, Visitor
from tests.journeys.live import Live

EMAIL, PASSWORD = "mia@journey.example", "the market is open today"
MAKE = """
from tests import market
from tests.journeys.people import member
from accounts.workspaces.models import User
from cursive.lib.tenancy import system_context
member({email!r}, {password!r}, workspace="Mia Ltd")
with system_context():
    owner = User.objects.create_user("seller@journey.example", "unused password")
seller, _ = market.partner("Market Lists", owner=owner)
for country in ("IS", "FJ"):
    market.listings(seller, [market.person(country=country) for _ in range(4)], quality=93)
"""
SELL = """
from tests.journeys.people import member
from cursive.lib.actors import Actor
from cursive.lib.tenancy import system_context
from marketplace.listings.models import Listing
from marketplace.purchases.operations import purchase_listings
rival = member("rival@journey.example", "unused password", workspace="Rival Ltd", credits=10)
with system_context():
    sold = Listing.objects.filter(country="FJ").order_by("id")[0].id
purchase_listings(
    workspace=rival, actor=Actor.system("test"), listing_ids=[sold], key="rival"
)
"""
pytestmark = pytest.mark.journey


def test_browsing_the_market(live: Live, browser, shots: Path | None) -> None:
    live.make(MAKE, email=EMAIL, password=PASSWORD)
    visitor = Visitor(browser, live.url, shots)
    page = visitor.sign_in(EMAIL, PASSWORD)
    visitor.goto("/marketplace/")
    page.locator("#panel-country").get_by_label("Fiji").first.check()
    expect(page.get_by_text("4 leads on sale", exact=True)).to_be_visible()
    page.get_by_role("link", name="90+").click()
    expect(page).to_have_url(re.compile(r"f=quality_score\.gte\.90;country\.in\.FJ"))
    visitor.look("market")
    # One box for the page, and the bar follows.
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        # A click, which needs the box to be seen and to be the size of a finger or a pointer.
        page.get_by_label("Choose all on this page").click()
        expect(page.get_by_text("4 chosen")).to_be_visible()
        if size == NARROW:
            page.get_by_role("button", name="Choose none").click()
    page.get_by_role("button", name="Choose none").click()
    expect(page.get_by_role("button", name="Add to cart")).to_be_hidden()
    # Somebody buys one: the next search knows.
    live.make(SELL)
    page.get_by_label("Sort").select_option("price")
    expect(page.get_by_text("3 leads on sale", exact=True)).to_be_visible()
    page.get_by_role("button", name="Saved").click()
    page.get_by_role("link", name="Save this filter").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("Islands")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("“Islands” is saved.")).to_be_visible()
    _choose(visitor)
    _pay_and_buy(visitor)
    live.run("check_ledger")
    live.run("check_partner_ledger")
    assert visitor.problems == []


def _choose(visitor: Visitor) -> None:
    """M-3: rows that are ticked, then back on the list as it was; one is taken out again."""
    page = visitor.page
    as_it_was = re.compile(r"/marketplace/\?f=quality_score\.gte\.90;country\.in\.FJ&sort=price$")
    for at in range(2):
        page.locator("tbody input[name=listing]").nth(at).check()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_text("2 leads put into your cart")).to_be_visible()
    expect(page).to_have_url(as_it_was)
    expect(page.get_by_text("3 leads on sale", exact=True)).to_be_visible()
    page.get_by_role("link", name="Go to the cart").click()
    page.get_by_role("button", name=re.compile("^Take out Ada")).first.click()
    expect(page.get_by_text("1 lead taken out.")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)


def _pay_and_buy(visitor: Visitor) -> None:
    """M-4: the balance is short; the right package, the payment, and the cart that was kept."""
    page = visitor.page
    expect(page.get_by_text("Starter covers it")).to_be_visible()
    page.get_by_role("link", name="Buy credits and go on").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label(re.compile("Starter"))).to_be_checked()
    visitor.look("cart-checkout")
    dialog.get_by_role("button", name="Go to payment").click()
    page.get_by_role("button", name="Pay $49.00").click()
    expect(page).to_have_url(re.compile("/marketplace/cart/paid/"))
    expect(page.get_by_text("100 credits are yours.")).to_be_visible(timeout=60_000)
    visitor.look("cart-paid")
    page.get_by_role("button", name="Buy 1 lead for 2 credits").click()
    expect(page).to_have_url(re.compile(r"/marketplace/orders/[0-9a-f-]{36}/"))
    expect(page.get_by_text("1 lead is yours.")).to_be_visible()
    expect(page.locator("#balance")).to_contain_text("98")
