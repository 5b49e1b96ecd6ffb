"""Working on many leads by a person with a browser: choose, tag all that match, undo."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import Visitor
from tests.journeys.live import Live

EMAIL, PASSWORD = "bo@journey.example", "many leads make light work"
LEADS = 5_000
MAKE = """
from cursive.lib.tenancy import tenant_context
from leads.records.models import Lead
from tests.journeys.people import member
made = member({email!r}, {password!r}, workspace="Bo Ltd")
with tenant_context(made.id):
    Lead.objects.bulk_create(
        (
            Lead(
                workspace_id=made.id, first_name="Person", last_name=f"{{n:05}}", source="upload",
                email=f"p{{n}}@people.example", company_name="Acme",
                title="Engineer" if n else "x" * 200,
                dedup_hash=f"{{n:064}}", country="US" if n < {leads} else "DE",
            )
            for n in range({leads} + 100)
        ),
        batch_size=1_000,
    )
"""
pytestmark = pytest.mark.journey


def boxes(page: Page):
    return page.locator('input[name="lead"][type="checkbox"]')


def choose_with_the_keyboard(visitor: Visitor) -> None:
    """Space ticks, Shift and Space a range, arrows move; then a status, and its undo."""
    page = visitor.goto("/leads/?sort=name")
    bar = page.get_by_role("toolbar", name="With the chosen leads")
    expect(bar).to_be_hidden()
    skip = page.get_by_role("link", name="Skip the filters")
    skip.focus()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#results').contains(document.activeElement)")
    export = page.get_by_role("button", name="Export", exact=True)
    export.click()
    expect(page.get_by_role("button", name="Export chosen")).to_be_disabled()
    export.click()
    boxes(page).nth(1).focus()
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")
    expect(bar).to_be_visible()
    expect(bar.get_by_text("4 chosen")).to_be_visible()
    visitor.look("bulk-chosen")
    bar.get_by_role("button", name="Set status").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Status").select_option(label="Contacted")
    visitor.look("bulk-status")
    dialog.get_by_role("button", name="Set status").click()
    expect(page.get_by_text("Set status to Contacted: done for 4 leads.")).to_be_visible()
    expect(page.locator("tbody").get_by_text("Contacted")).to_have_count(4)
    visitor.look("bulk-done")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone for 4 leads.").first).to_be_visible()
    expect(page.locator("tbody").get_by_text("Contacted")).to_have_count(0)


def read_a_long_title(visitor: Visitor) -> None:
    """A word of 200 letters doesn't make the page wider than the screen."""
    page = visitor.goto("/leads/?sort=name")
    page.get_by_role("link", name="Person 00000").click()
    expect(page.get_by_role("heading", name="Person 00000")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def tag_all_that_match(visitor: Visitor) -> None:
    page = visitor.goto("/leads/?f=country.in.US")
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name=re.compile("^Choose all 5,000 leads")).click()
    bar = page.get_by_role("toolbar", name="With the chosen leads")
    expect(bar.get_by_text("All 5,000 leads that match", exact=True)).to_be_visible()
    bar.get_by_role("button", name="Add tags").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("All 5,000 leads that match")).to_be_visible()
    dialog.get_by_label("Tags").fill("spring, vip")
    visitor.look("bulk-tags")
    dialog.get_by_role("button", name="Add tags").click()
    expect(page).to_have_url(re.compile("/leads/bulk/"))
    expect(page.get_by_text("5,000 of 5,000")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    visitor.look("bulk-run")


def test_tagging_five_thousand_and_undoing_it(live: Live, browser, shots: Path | None) -> None:
    live.make(MAKE, email=EMAIL, password=PASSWORD, leads=LEADS)
    visitor = Visitor(browser, live.url, shots)
    visitor.sign_in(EMAIL, PASSWORD)
    choose_with_the_keyboard(visitor)
    read_a_long_title(visitor)
    tag_all_that_match(visitor)
    page, run = visitor.page, visitor.page.url
    visitor.goto("/leads/?f=tags.has_all.spring,vip")
    expect(page.get_by_text("5,000 leads", exact=True)).to_be_visible()
    page.goto(run)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    visitor.look("bulk-undone")
    visitor.goto("/leads/?f=tags.has_any.spring")
    expect(page.get_by_text("No lead matches")).to_be_visible()
    write_a_note(visitor)
    assert visitor.problems == []


def write_a_note(visitor: Visitor) -> None:
    page = visitor.goto("/leads/?sort=name")
    page.locator("tbody a.cell-main").first.click()
    page.get_by_label("New note").fill("Wants a demo on Friday.")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_label("Notes, newest first")).to_contain_text("Wants a demo on Friday.")
    page.locator("#timeline").get_by_role("link", name="Notes", exact=True).click()
    expect(page.locator("#timeline")).to_contain_text("Note: Wants a demo on Friday.")

    visitor.look("lead-notes")
