"""Enriching a list by a person with a browser: found, price, pay, download."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Visitor
from tests.journeys.live import Live

EMAIL, PASSWORD = "eve@journey.example", "lists want to be filled"
MAKE = """
from tests.journeys.people import member
member({email!r}, {password!r}, workspace="Eve Ltd", credits=100)
"""
# 245 people whom the database has by their addresses or by name and company, 55 whom it hasn't.
LIST = """
import csv
from leads.catalogue.local import local_source
people = [record.person for record in local_source().records(range(1, 900)).values()]
people = [one for one in people if one.email and one.first_name and one.last_name]
with open({path!r}, "w", newline="", encoding="utf-16") as file:
    write = csv.writer(file, delimiter=";").writerow
    write(["Seen on", "Contact", "First", "Last", "Domain", "Remark"])
    for at, one in enumerate(people[:245]):
        write([f"2026-0{{at % 9 + 1}}-01", one.email, one.first_name, one.last_name,
               one.company_domain or "", "=1+1"])
    for at in range(55):
        write(["", f"stranger{{at}}@nowhere.example", "", "", "", "naïve; quoted"])
"""
pytestmark = pytest.mark.journey


def test_three_hundred_rows(live: Live, browser, shots: Path | None, tmp_path: Path) -> None:
    live.make(MAKE, email=EMAIL, password=PASSWORD)
    path = tmp_path / "fair visitors.csv"
    live.make(LIST, path=str(path))
    visitor = Visitor(browser, live.url, shots)
    page = visitor.sign_in(EMAIL, PASSWORD)

    page.get_by_role("link", name="Enrichment").first.click()
    expect(page.get_by_role("heading", name="Enrich a list")).to_be_visible()
    visitor.look("enrichment-empty")
    page.get_by_label("File").set_input_files(path)
    expect(page.get_by_text(re.compile("fair visitors.csv, "))).to_be_visible()
    page.get_by_role("button", name="Upload").click()
    expect(page).to_have_url(re.compile("/enrichment/uploads/"))
    expect(page.get_by_label("Contact")).to_have_value("email")
    visitor.look("enrichment-mapping")
    page.get_by_role("button", name="Look them up").click()

    expect(page.get_by_role("heading", name="Found 245 of 300, 61.25")).to_be_visible(
        timeout=60_000
    )
    visitor.look("enrichment-price")
    page.get_by_role("button", name=re.compile("^Pay 61.25")).click()
    link = page.get_by_role("link", name="Download CSV")
    expect(link).to_be_visible(timeout=60_000)
    visitor.look("enrichment-done")
    with page.expect_download() as downloading:
        link.click()
    assert downloading.value.suggested_filename == "fair visitors-enriched.csv"
    with Path(downloading.value.path()).open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:6] == ["Seen on", "Contact", "First", "Last", "Domain", "Remark"]
    assert len([name for name in header if name.startswith("cursive_")]) >= 40
    assert len(rows) == 300 and rows[0][5] == "'=1+1" and rows[299][5] == "naïve; quoted"
    matched = header.index("cursive_match")
    assert sum(row[matched] == "e-mail address" for row in rows) == 245

    visitor.goto("/credits/")
    expect(page.locator("#balance")).to_contain_text("38.75")
    visitor.goto("/enrichment/")
    expect(page.get_by_role("cell", name="Enriched")).to_be_visible()
    visitor.look("enrichment-list")
    live.run("check_ledger")
    assert visitor.problems == []
