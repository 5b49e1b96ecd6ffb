"""M-2 by a person with a browser: filter live, choose, save, and never see what is sold."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Visitor
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
from cursive.lib.tenancy import system_context
from marketplace.listings.models import Listing
from marketplace.listings.operations import mark_sold
with system_context():
    mark_sold(listing_ids=[Listing.objects.filter(country="FJ").order_by("id")[0].id])
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
    page.get_by_label("Choose all on this page").check()
    expect(page.get_by_text("4 chosen")).to_be_visible()
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
    assert visitor.problems == []
