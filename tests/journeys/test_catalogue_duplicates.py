"""Staff look for duplicates in the lead database: started, waited for, read."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Visitor
from tests.journeys.live import Live

EMAIL, PASSWORD = "staff@journey.example", "looks for doubles"
MAKE = """
from tests.journeys.people import staff
staff({email!r}, {password!r})
"""
pytestmark = pytest.mark.journey


def test_staff_look_at_the_best_people(live: Live, browser, shots: Path) -> None:
    """L-14: across the catalogue."""
    live.make(MAKE, email=EMAIL, password=PASSWORD)
    visitor = Visitor(browser, live.url, shots)
    page = visitor.sign_in(EMAIL, PASSWORD)

    page = visitor.goto("/admin/leads/cataloguelook/")
    page.get_by_label("Best people to look at").fill("2000")
    page.get_by_role("button", name="Look for duplicates").click()
    # The page loads anew by itself until the look is over.
    expect(page.get_by_text("the best 2,000 of 20,000 people")).to_be_visible(timeout=90_000)
    expect(page.get_by_text(re.compile("pairs?, the surest first|No two of these"))).to_be_visible()
    visitor.settle()
    visitor.picture("catalogue-duplicates")
    visitor.goto("/admin/leads/cataloguelook/")
    expect(page.get_by_text("1 look for duplicates")).to_be_visible()
    visitor.picture("catalogue-looks")
    assert visitor.problems == []
