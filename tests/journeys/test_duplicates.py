"""Two leads that are one person: found, compared, merged, and made two again."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import NARROW, WIDE, Visitor
from tests.journeys.live import Live

EMAIL, PASSWORD = "dup@journey.example", "one person is enough"
MAKE = """
from tests import cast
from tests.journeys.people import member
made = member({email!r}, {password!r}, workspace="Dora Ltd")
grace = dict(first_name="Grace", last_name="Hopper", company_name="Navy Computing")
cast.lead(made, **grace, email="grace@navy.example", email_verified=True, tags=["navy"])
cast.lead(made, **grace | dict(first_name="Gracie"), email="gh@mail.example",
          title="Rear Admiral", phone="+12025550143", notes="Likes nanoseconds.", tags=["cobol"])
cast.lead(made, first_name="Alan", last_name="Turing", company_name="Bletchley Park")
"""
pytestmark = pytest.mark.journey


def test_merging_two_leads_and_undoing_it(live: Live, browser, shots: Path | None) -> None:
    live.make(MAKE, email=EMAIL, password=PASSWORD)
    visitor = Visitor(browser, live.url, shots)
    page = visitor.sign_in(EMAIL, PASSWORD)

    page = visitor.goto("/leads/duplicates/")
    expect(page.get_by_text("Not looked for yet")).to_be_visible()
    visitor.look("duplicates-empty")
    page.get_by_role("button", name="Find duplicates").first.click()
    page.get_by_role("link", name="Look at the duplicates").click(timeout=60_000)
    expect(page.get_by_text("1 pair")).to_be_visible()
    visitor.look("duplicates-list")

    page.get_by_role("link", name=re.compile("^Compare")).click()
    expect(page.get_by_role("table")).to_contain_text("Rear Admiral")
    visitor.look("duplicates-compare")
    page.set_viewport_size(NARROW)
    for box in page.get_by_role("checkbox").all():  # both leads, without scrolling sideways
        expect(box).to_be_in_viewport(ratio=1)
    page.set_viewport_size(WIDE)
    compared = page.url
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Merge the ticked leads").click()
    expect(page.get_by_text("2 leads are now one")).to_be_visible()
    visitor.look("duplicates-merged")

    page.get_by_role("link", name=re.compile("^Open")).click()
    expect(page.get_by_text("Merged with")).to_be_visible()
    expect(page.get_by_text("grace@navy.example").first).to_be_visible()
    page.get_by_label("Tags").fill("navy, cobol, later")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.goto(compared)
    expect(page.get_by_text("Merged already")).to_be_visible()
    visitor.look("duplicates-decided")
    page.get_by_role("link", name="See the merge").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(re.compile("stays with .*: tags"))).to_be_visible()
    visitor.look("duplicates-undone")
    page.goto(compared)
    expect(page.get_by_role("button", name="Merge the ticked leads")).to_be_visible()
    assert visitor.problems == []
