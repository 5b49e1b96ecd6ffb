"""Staff look for duplicates in the lead database: started, waited for, read."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Visitor
from tests.journeys.live import Live

EMAIL, PASSWORD = "staff@journey.example", "looks for doubles"
MAKE = """
from allauth.account.models import EmailAddress
from accounts.workspaces.models import User
from cursive.lib.tenancy import system_context
with system_context():
    who = User.objects.create_superuser({email!r}, {password!r}, name="Sam")
    EmailAddress.objects.create(user=who, email=who.email, verified=True, primary=True)
"""
pytestmark = pytest.mark.journey


def test_staff_look_at_the_best_people(live: Live, browser, shots: Path) -> None:
    """L-14: across the catalogue."""
    live.run("shell", "--command", MAKE.format(email=EMAIL, password=PASSWORD))
    visitor = Visitor(browser, live.url, shots)
    page = visitor.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("^sign in$", re.I)).click()
    page.wait_for_url(lambda url: "/accounts/login/" not in url)

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
