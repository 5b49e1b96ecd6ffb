"""A lead edited by a person with a browser, a filter by keyboard, ways back, and staff's jobs."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import NARROW, WIDE, Visitor
from tests.journeys.live import Live

EMAIL, STAFF, PASSWORD = "edda@journey.example", "jobs@journey.example", "puts things right"
MAKE = """
from datetime import timedelta
from allauth.account.models import EmailAddress
from django.utils import timezone
from accounts.workspaces.models import User
from accounts.workspaces.operations import create_workspace
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
with system_context():
    who = User.objects.create_user({email!r}, {password!r}, name="Edda")
    sam = User.objects.create_superuser({staff!r}, {password!r}, name="Sam")
    for user in (who, sam):
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
made = create_workspace(actor=Actor("user", who.email, user_id=who.id), name="Edda Ltd")
cast.lead(made, first_name="Grace", last_name="Hopper", email="grace@navy.example")
cast.lead(made, first_name="Ada", last_name="Lovelace", email="ada@engine.example", title="Poet")
now = timezone.now()
with tenant_context(made.id):
    Job.objects.bulk_create(
        Job(workspace=made, kind="export", title=f"Export of {{n}} leads with a name that is long",
            status=["completed", "failed"][n % 2], total=n, processed=n, created_by_label=who.email,
            started_at=now - timedelta(minutes=9), finished_at=now)
        for n in range(40)
    )
"""
pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def made(live: Live) -> Live:
    live.make(MAKE, email=EMAIL, staff=STAFF, password=PASSWORD)
    return live


def signed_in(live: Live, browser, shots: Path | None, email: str, path: str) -> Visitor:
    visitor = Visitor(browser, live.url, shots)
    page = visitor.goto(f"/accounts/login/?next={path}")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("^sign in$", re.I)).click()
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    return visitor


def test_a_lead_is_edited(made: Live, browser, shots: Path | None) -> None:
    edda = signed_in(made, browser, shots, EMAIL, "/leads/")
    page = edda.page
    page.get_by_role("link", name="Ada Lovelace").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    edda.look("lead-edit")
    page.get_by_label("Title", exact=True).fill("VP of Engineering")
    page.get_by_label("E-mail", exact=True).fill("grace@navy.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Open that lead")).to_be_visible()
    expect(page.get_by_label("Title", exact=True)).to_have_value("VP of Engineering")
    # The refusal is a 409, which the browser notes.
    edda.problems = [one for one in edda.problems if "status of 409" not in one]
    edda.look("lead-edit-refused")
    page.get_by_label("E-mail", exact=True).fill("Ada@Analytical.Example")
    page.get_by_label("Phone", exact=True).fill("(512) 555-0100")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    for text in ("ada@analytical.example", "+15125550100", "Engineering"):
        expect(page.get_by_text(text).first).to_be_visible()
    edda.look("lead-edited")
    assert edda.problems == []


def test_an_option_is_one_tab_stop(made: Live, browser, shots: Path | None) -> None:
    """Tab goes from choice to choice, the arrow to leaving one out."""
    edda = signed_in(made, browser, shots, EMAIL, "/leads/")
    page = edda.page
    if page.locator("#panel-status").get_attribute("open") is None:
        page.locator("#panel-status > summary").click()
    boxes = page.locator("#options-status .option-main input")
    expect(boxes).to_have_count(5)
    boxes.nth(0).focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(boxes.nth(2)).to_be_focused()
    page.keyboard.press("ArrowRight")
    out = page.locator("#options-status .option-not input").nth(2)
    expect(out).to_be_focused()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(r"status\.not_in\.qualified"))
    edda.settle()
    expect(out).to_be_focused()
    page.keyboard.press("Tab")
    expect(boxes.nth(3)).to_be_focused()
    edda.look("filter-by-keyboard")
    assert edda.problems == []


def test_addresses_of_buttons_lead_back(made: Live, browser, shots: Path | None) -> None:
    edda = signed_in(made, browser, shots, EMAIL, "/leads/exports/")
    page = edda.page
    expect(page.get_by_role("heading", name="This can't be opened by itself")).to_be_visible()
    edda.look("not-to-be-opened")
    page.get_by_role("link", name="Go to the page it belongs to").click()
    expect(page.get_by_role("link", name="Ada Lovelace")).to_be_visible()
    edda.goto("/leads/?sort=bad")
    expect(page.get_by_text("One of: newest, oldest")).to_be_visible()
    edda.look("bad-order")
    page.get_by_role("link", name="Open the page anew").click()
    expect(page.get_by_role("link", name="Ada Lovelace")).to_be_visible()
    edda.problems = [one for one in edda.problems if not re.search("status of 40[05]", one)]
    assert edda.problems == []


def test_staff_see_the_jobs(made: Live, browser, shots: Path | None) -> None:
    """N-10: all columns on a laptop, short cards on a phone, and what can be done with a job."""
    sam = signed_in(made, browser, shots, STAFF, "/admin/")
    page = sam.goto("/admin/cursive/job/")
    expect(page.locator("#result_list tbody tr").first).to_be_visible()
    last = page.locator("#result_list thead th").last.bounding_box()
    assert last is not None and last["x"] + last["width"] <= WIDE["width"]
    page.locator("#action-toggle").check()
    expect(page.get_by_text("Select all jobs that match")).to_be_visible()
    sam.settle()
    sam.picture("staff-jobs-1280")
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollHeight") < 9_000
    sam.picture("staff-jobs-390")
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="dark")
    page.get_by_role("link", name=re.compile("Export of 39 leads")).click()
    sam.picture("staff-job-dark")
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("The job is back in the queue.")).to_be_visible()
    sam.picture("staff-job")
    assert sam.problems == []
