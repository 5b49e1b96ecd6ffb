"""A verification by a person with a browser: chosen leads, all of them, one lead."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Visitor
from tests.journeys.live import Live
from tests.leads.verification.doubles import MILLION

EMAIL, PASSWORD = "vera@journey.example", "does the mail arrive"
MAKE = """
from tests import cast
from tests.journeys.people import member
made = member({email!r}, {password!r}, workspace="Vera Ltd", credits=10)
kinds = ["ok", "ok", "ok", "invalid", "catch_all", "disposable", "unknown"]
for n in range(70):
    cast.lead(made, first_name=f"Person {{n}}", email=f"{{kinds[n % 7]}}.{{n}}@people.example")
"""
pytestmark = pytest.mark.journey


def test_a_verification(asking_live: Live, outside, browser, shots: Path | None) -> None:
    live, outside.seconds = asking_live, 0.05
    live.make(MAKE, email=EMAIL, password=PASSWORD)
    vera = Visitor(browser, live.url, shots)
    vera.sign_in(EMAIL, PASSWORD)
    page = vera.goto("/leads/verification/")
    expect(page.get_by_role("link", name="70 leads")).to_be_visible()
    vera.look("verification-empty")

    # Two that are ticked in the list.
    page = vera.goto("/leads/")
    for box in page.locator("tbody input[name=lead]").all()[:2]:
        box.check()
    page.get_by_role("button", name="Verify", exact=True).click()
    page.get_by_role("button", name="Verify chosen").click()
    expect(page.get_by_text("At most 2 addresses × 0.02")).to_be_visible()
    vera.look("verification-price")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.locator("[data-job-over=completed]")).to_be_visible(timeout=60_000)

    # All others; those two are left out, unless the answer was 'unknown'.
    vera.goto("/leads/verification/")
    page.get_by_role("button", name="Verify all leads").click()
    expect(page.get_by_text(re.compile("At most (68|69|70) addresses × 0.02"))).to_be_visible()
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.locator("[data-job-over=completed]")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("What came of it")).to_be_visible()
    vera.look("verification-done")
    page.get_by_role("link", name="See all results").click()
    expect(page.get_by_role("link", name="Catch-all")).to_be_visible()
    vera.look("verification")
    page.get_by_role("link", name="Invalid", exact=True).click()
    expect(page.get_by_text("10 leads", exact=True)).to_be_visible()
    expect(page.locator("#balance")).to_contain_text("8.8")

    # One again, on its page, which shows it without being loaded anew.
    page.locator("tbody a").first.click()
    expect(page.get_by_text("The mailbox doesn't exist. MillionVerifier")).to_be_visible()
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("Being checked")).to_be_visible()
    expect(page.get_by_role("button", name="Check again")).to_be_visible(timeout=60_000)
    vera.look("verification-lead")
    # The answer that was kept served: nobody was asked twice but for the one that said nothing.
    asked = [each for each in outside.calls[MILLION] if each.endswith("@people.example")]
    assert len(set(asked)) == 70
    live.run("check_ledger")
    assert vera.problems == []
