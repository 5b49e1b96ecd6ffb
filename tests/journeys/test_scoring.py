"""Scores by a person with a browser: try another ideal customer, save it, see the leads change."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Visitor
from tests.journeys.live import Live

EMAIL, PASSWORD = "sue@journey.example", "scores follow the customer"
MAKE = """
from accounts.profiles.operations import create_profile
from cursive.lib.actors import Actor
from cursive.lib.tenancy import tenant_context
from leads.catalogue.local import local_source
from leads.filters.tree import EVERYBODY
from leads.records.acquisition import acquire_people, candidates_of
from tests.journeys.people import member
made = member({email!r}, {password!r}, workspace="Sue Ltd")
with tenant_context(made.id):
    values = {{"name": "Sue", "sells": "Scores", "titles": ["Nobody in particular"]}}
    create_profile(workspace_id=made.id, actor=Actor.system("test"), values=values)
    people = local_source().take(EVERYBODY, limit=300, order="score", owned=None).records
    acquire_people(workspace_id=made.id, candidates=candidates_of(people), source="database")
"""
pytestmark = pytest.mark.journey


def test_trying_and_saving_an_ideal_customer(live: Live, browser, shots: Path | None) -> None:
    live.make(MAKE, email=EMAIL, password=PASSWORD)
    visitor = Visitor(browser, live.url, shots)
    page = visitor.sign_in(EMAIL, PASSWORD)
    visitor.goto("/settings/profile/")
    page.get_by_role("link", name="Try its effect on scores").click()
    expect(page.get_by_text(re.compile(r"^300 leads, .* on average$"))).to_be_visible()
    visitor.look("scoring")
    # What is typed is tried at once, and nothing is saved.
    page.get_by_label("Job titles").fill("Manager\nDirector\nEngineer")
    expect(page.get_by_text(re.compile("leads rise, 0 fall"))).to_be_visible()
    expect(page.get_by_role("columnheader", name="After saving").first).to_be_visible()
    visitor.look("scoring-tried")
    best = page.get_by_role("row", name=re.compile("^60–79"))
    promised = best.get_by_role("cell").nth(1).inner_text()
    assert promised != best.get_by_role("cell").nth(0).inner_text()
    page.get_by_role("button", name="Save and score").click()
    expect(page.get_by_text("Saved. The scores follow in a moment.")).to_be_visible()
    for _ in range(60):
        visitor.goto("/settings/scoring/")
        if best.get_by_role("cell").nth(0).inner_text() == promised:
            break
        page.wait_for_timeout(500)
    expect(best.get_by_role("cell").nth(0)).to_have_text(promised)
    # A band leads to its leads, and a lead says why.
    page.get_by_role("link", name="60–79").click()
    expect(page.get_by_text(re.compile(rf"^{promised} leads?$"))).to_be_visible()
    page.locator("a.cell-main").first.click()
    expect(page.get_by_role("heading", name="Score")).to_be_visible()
    expect(page.get_by_text("E-mail verified", exact=False).first).to_be_visible()
    visitor.look("lead-scored")
    assert visitor.problems == []
