"""Buying by a person with a browser: from an empty balance to credits and a receipt."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Visitor
from tests.journeys.live import Live

EMAIL, PASSWORD = "bea@journey.example", "buying needs no salesman"
MAKE = """
from tests.journeys.people import member
member({email!r}, {password!r}, workspace="Bea Ltd")
"""
pytestmark = pytest.mark.journey


def go_to_payment(visitor: Visitor, package: str, *, keep: bool = False) -> None:
    page = visitor.page
    page.get_by_role("link", name=re.compile("^Buy")).first.click()
    dialog = page.get_by_role("dialog", name="Buy credits")
    expect(dialog).to_be_visible()
    dialog.get_by_label(package).check()
    if keep:
        dialog.get_by_label("Keep the card for auto-reload").check()
    visitor.look(f"buy-{package.lower()}")
    dialog.get_by_role("button", name="Go to payment").click()
    expect(page).to_have_url(re.compile("/c/pay/"))


def test_buying_growth(live: Live, browser, shots: Path | None) -> None:
    live.make(MAKE, email=EMAIL, password=PASSWORD)
    visitor = Visitor(browser, live.url, shots)
    visitor.sign_in(EMAIL, PASSWORD)
    page = visitor.goto("/credits/")
    expect(page.get_by_text("No credits yet")).to_be_visible()
    expect(page.get_by_text("Test payments").first).to_be_visible()
    visitor.look("credits-empty")
    # Leaving the payment page buys nothing.
    go_to_payment(visitor, "Starter")
    page.get_by_role("link", name=re.compile("cancel", re.I)).click()
    expect(page.get_by_text("You left the payment page.")).to_be_visible()
    # Paying it does, as soon as Stripe's word has come.
    go_to_payment(visitor, "Growth", keep=True)
    page.get_by_role("button", name="Pay $199.00").click()
    expect(page).to_have_url(re.compile("/credits/purchases/.*returned=1"))
    expect(page.get_by_text("500 credits are yours")).to_be_visible(timeout=30_000)
    expect(page.locator("#balance")).to_contain_text("500")
    visitor.look("bought")
    visitor.goto("/credits/")
    expect(page.get_by_role("cell", name=re.compile("Credits bought.*Growth"))).to_be_visible()
    expect(page.get_by_role("cell", name="+500.00")).to_be_visible()
    visitor.look("credits-bought")
    visitor.goto("/credits/purchases/")
    visitor.look("purchases")
    visitor.goto("/credits/auto-reload/")
    visitor.look("auto-reload")
    page.get_by_label("When the balance falls under").fill("25")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("when the balance falls under 25")).to_be_visible()
    visitor.goto("/mail/")
    page.get_by_role("link", name=re.compile("Receipt CUR-.*500 credits")).first.click()
    expect(page.get_by_text("$199.00")).to_be_visible()
    assert visitor.problems == []


def test_seeing_it_confirmed(live: Live, browser, shots: Path | None) -> None:
    """While no worker works the page says that it is being confirmed, and then that it is."""
    visitor = Visitor(browser, live.url, shots)
    visitor.sign_in(EMAIL, PASSWORD)
    page = visitor.goto("/credits/")
    live.kill("worker")
    try:
        go_to_payment(visitor, "Starter")
        page.get_by_role("button", name="Pay $49.00").click()
        expect(page.get_by_text("Confirming your payment")).to_be_visible()
        visitor.look("confirming")
        expect(page.get_by_text("Confirming your payment")).to_be_visible()
    finally:
        live.start_worker()
    expect(page.get_by_text("100 credits are yours")).to_be_visible(timeout=90_000)
    expect(page.locator("#balance")).to_contain_text("600")
    assert visitor.problems == []


def test_subscribing_to_pro(live: Live, browser, shots: Path | None) -> None:
    """C-13: Stripe's checkout, the month's credits once, a receipt; then the plan is cancelled."""
    visitor = Visitor(browser, live.url, shots)
    visitor.sign_in(EMAIL, PASSWORD)
    page = visitor.goto("/credits/plan/")
    visitor.look("plans")
    page.get_by_role("button", name="Subscribe to Pro").click()
    expect(page).to_have_url(re.compile("/c/pay/"))
    page.get_by_role("button", name=re.compile("^(Subscribe|Pay)")).first.click()
    expect(page).to_have_url(re.compile("/credits/plan/confirmation/"))
    expect(page.get_by_text("You are on the plan")).to_be_visible(timeout=60_000)
    visitor.look("subscribed")
    visitor.goto("/credits/")
    expect(page.get_by_role("cell", name="+100.00")).to_have_count(2)  # Starter, and Pro's month
    expect(page.get_by_role("cell", name=re.compile("Credits of the plan"))).to_have_count(1)
    visitor.look("credits-plan")
    visitor.goto("/usage/")
    visitor.look("usage")
    visitor.goto("/mail/")
    expect(page.get_by_role("link", name=re.compile("Receipt.*plan", re.I)).first).to_be_visible()
    page = visitor.goto("/credits/plan/")
    page.get_by_role("button", name="Cancel the plan").click()
    expect(page).to_have_url(re.compile("/p/session/"))
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("cancel", re.I)).first.click()
    if not page.url.startswith(live.url):
        page.get_by_role("link", name=re.compile("^Go back")).first.click()
    expect(page).to_have_url(re.compile("/credits/plan/"))
    expect(page.get_by_text("then Free").first).to_be_visible(timeout=60_000)
    visitor.look("plan-cancelled")
    live.run("check_ledger")
    assert visitor.problems == []
