"""The main job, by a person with a browser: from sign-up to a file of leads."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import Visitor
from tests.journeys.live import Live

EMAIL, PASSWORD = "joan@journey.example", "a long and winding road"
STAFF, STAFF_PASSWORD = "sam@journey.example", "staff have long passwords"
MAKE_STAFF = """
from tests.journeys.people import staff
staff({email!r}, {password!r})
"""
pytestmark = pytest.mark.journey


def number(text: str) -> int:
    return int(re.sub(r"[^0-9]", "", text))


def sign_up(visitor: Visitor) -> None:
    page = visitor.goto("/")
    visitor.look("landing")
    page.get_by_role("link", name="Create your account").first.click()
    visitor.look("sign-up")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("sign up|create", re.I)).click()
    expect(page).to_have_url(re.compile("/confirm-email/"))
    visitor.look("check-your-mail")


def confirm(visitor: Visitor) -> None:
    page = visitor.goto("/mail/")
    visitor.look("mailbox")
    page.get_by_role("link", name=re.compile("confirm", re.I)).first.click()
    visitor.look("mail")
    page.locator("a[href*='confirm-email']").click()
    visitor.look("confirm")
    page.get_by_role("button", name=re.compile("confirm", re.I)).click()


def make_workspace(visitor: Visitor) -> None:
    page = visitor.page
    expect(page).to_have_url(re.compile("/workspaces/new/"))
    visitor.look("workspace-new")
    page.get_by_label(re.compile("name", re.I)).first.fill("Journey Inc")
    page.get_by_role("button", name="Make the workspace").click()
    expect(page).to_have_url(re.compile("/dashboard/"))
    visitor.look("dashboard-empty")
    for path, name in (("/leads/", "leads-empty"), ("/segments/", "segments-empty")):
        visitor.goto(path)
        visitor.look(name)


def grant_credits(visitor: Visitor) -> None:
    """Staff do it in Django admin, with a reason."""
    visitor.sign_in(STAFF, STAFF_PASSWORD)
    page = visitor.goto("/admin/credits/account/")
    page.get_by_role("link", name="Grant credits").first.click()
    page.get_by_label("Workspace").fill("Journey Inc")
    page.get_by_label("Credits").fill("400")
    page.get_by_label("Reason").fill("Journey")
    page.locator("form button[type=submit], form input[type=submit]").last.click()
    expect(page.get_by_text("400").first).to_be_visible()
    page.get_by_role("button", name=re.compile("grant", re.I)).click()
    expect(page.get_by_text("400.00 credits granted to Journey Inc.")).to_be_visible()


def walk_through_admin(visitor: Visitor) -> None:
    """Every list of staff's, with its first row and its form for a new one."""
    page = visitor.goto("/admin/")
    visitor.look("admin")
    lists = {
        path
        for path in hrefs(page, "a[href^='/admin/']")
        if re.fullmatch(r"/admin/\w+/\w+/", path) and "password" not in path
    }
    assert len(lists) >= 15
    for path in sorted(lists):
        page = visitor.goto(path)
        visitor.settle()
        rows, forms = (
            hrefs(page, "#result_list a[href*='/change/']"),
            hrefs(page, "a[href$='/add/']"),
        )
        for form in [*rows[:1], *[each for each in forms if each.startswith(path)][:1]]:
            visitor.goto(form)
            visitor.settle()
    for path, name in (
        ("/admin/accounts/workspace/", "admin-workspaces"),
        ("/admin/accounts/auditentry/", "admin-audit"),
        ("/admin/auth/group/add/", "admin-group"),
        ("/admin/credits/price/1/change/", "admin-price"),
    ):
        visitor.goto(path)
        visitor.look(name)


def hrefs(page: Page, selector: str) -> list[str]:
    """Where the links that fit lead to."""
    links = page.locator(selector)
    return [links.nth(at).get_attribute("href") or "" for at in range(links.count())]


def search(visitor: Visitor) -> int:
    """Choose filters and watch the count follow; returns how many match in the end."""
    page = visitor.goto("/segments/new/")
    total = page.locator(".tally-value").first
    everybody = number(total.inner_text())
    assert everybody == 20_000
    page.get_by_role("checkbox", name=re.compile("^United States")).check()
    expect(total).not_to_have_text(re.compile(f"{everybody:,}"))
    americans = number(total.inner_text())
    assert 0 < americans < everybody
    page.get_by_role("checkbox", name=re.compile("^Manager")).check()
    expect(total).not_to_have_text(re.compile(f"{americans:,}"))
    managers = number(total.inner_text())
    assert 500 < managers < americans
    assert "country.in.US" in page.url and "seniority.in.manager" in page.url
    page.reload()
    assert number(total.inner_text()) == managers
    expect(page.locator(".search-sentence")).to_contain_text("United States")
    visitor.look("search")
    return managers


def save(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name="Save", exact=True).click()
    page.locator("#modal").get_by_label("Name").fill("Managers in the US")
    page.locator("#modal").get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"/segments/[0-9a-f-]{36}/"))
    visitor.look("segment")


def pull(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name="Pull leads").click()
    page.locator("#modal").get_by_label(re.compile("how many|number|leads", re.I)).first.fill("500")
    expect(page.locator("#pull-price")).to_contain_text("250")
    visitor.look("pull")
    page.locator("#modal").get_by_role("button", name="Pull").click()
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=30_000)
    visitor.look("job")


def narrow(page: Page) -> None:
    """Filter the list by the sidebar, the search box and its order: the address holds them all."""
    page.get_by_role("checkbox", name="New", exact=True).check()
    expect(page).to_have_url(re.compile(r"f=status\.in\.new$"))
    page.get_by_role("searchbox", name="Search").fill("ann")
    expect(page).to_have_url(re.compile(r"f=status\.in\.new;any\(first_name\.contains\.ann"))
    page.get_by_label("Sort").select_option("name")
    expect(page).to_have_url(re.compile(r"any\(first_name\.contains\.ann.*&sort=name$"))
    expect(page.locator("tbody tr").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("ann")


def export(visitor: Visitor) -> list[dict[str, str]]:
    page = visitor.goto("/leads/")
    expect(page.get_by_text("500 leads", exact=True)).to_be_visible()
    visitor.look("leads")
    narrow(page)
    visitor.look("leads-filtered")
    page.get_by_role("link", name="Clear all").click()
    expect(page.get_by_text("500 leads", exact=True)).to_be_visible()
    page.locator("tbody a").first.click()
    visitor.look("lead")
    page.go_back()
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("button", name="Export all").click()
    visitor.look("export")
    page.get_by_role("button", name="Export", exact=True).click()
    link = page.get_by_role("link", name="Download CSV")
    expect(link).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        link.click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def look_around(visitor: Visitor, page: Page) -> None:
    """The other pages that a member sees."""
    for path, name in (
        ("/dashboard/", "dashboard"),
        ("/segments/", "segments"),
        ("/jobs/", "jobs"),
        ("/credits/", "credits"),
        ("/settings/", "settings"),
        ("/settings/people/", "people"),
        ("/settings/profile/", "profile"),
        ("/settings/keys/", "keys"),
        ("/settings/audit/", "audit"),
        ("/accounts/email/", "account-email"),
        ("/accounts/2fa/", "account-mfa"),
    ):
        visitor.goto(path)
        visitor.look(name)


def test_from_sign_up_to_a_file_of_leads(live: Live, browser, shots):
    live.make(MAKE_STAFF, email=STAFF, password=STAFF_PASSWORD)
    joan, sam = Visitor(browser, live.url, shots), Visitor(browser, live.url, shots)
    sign_up(joan)
    confirm(joan)
    make_workspace(joan)
    grant_credits(sam)
    walk_through_admin(sam)
    search(joan)
    save(joan)
    pull(joan)
    rows = export(joan)
    assert len(rows) == 500
    assert len({row["email"] for row in rows}) == 500
    assert {(row["country"], row["seniority"]) for row in rows} == {("US", "manager")}
    page = joan.goto("/credits/")
    expect(page.get_by_text("150.00").first).to_be_visible()
    look_around(joan, page)
    live.run("check_ledger")  # ends with 1, which `run` refuses, when something differs
    assert joan.problems + sam.problems == []
