"""A member imports a messy file: map, preview, run, and the file of rows left out."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Visitor
from tests.journeys.live import Live

EMAIL, PASSWORD = "ines@journey.example", "columns of every kind"
MAKE = """
from accounts.workspaces.models import Workspace
from cursive.lib.tenancy import system_context
from tests.journeys.people import member
made = member({email!r}, {password!r}, workspace="Columns Inc")
with system_context():
    Workspace.objects.filter(id=made.id).update(country="DE")
"""
pytestmark = pytest.mark.journey
PEOPLE = 300


def messy() -> bytes:
    """A file from Excel in German: semicolons, Latin-1, a formula, doubles, rows of nobody."""
    rows = ["Vorname;Nachname;E-Mail;Telefon;Firma;Stichwort"]
    for n in range(PEOPLE):
        rows.append(f"Jürgen;Müller{n};j.mueller{n}@firma{n % 9}.example;030 {90182 + n};Firma;x")
    rows[5:5] = ["Bob;Ray;keine Adresse;;;x", '=HYPERLINK("x");;;;;x']
    rows.append(rows[1])
    return "\r\n".join(rows).encode("latin-1")


def test_a_messy_file_becomes_leads(live: Live, browser, shots, tmp_path):
    live.make(MAKE, email=EMAIL, password=PASSWORD)
    ines = Visitor(browser, live.url, shots)
    ines.sign_in(EMAIL, PASSWORD)
    page = ines.goto("/leads/imports/")
    ines.look("imports-empty")
    page.get_by_role("link", name="Import a file").first.click()
    path = tmp_path / "kontakte.csv"
    path.write_bytes(messy())
    page.locator("input[type=file]").set_input_files(str(path))
    page.get_by_label("Where it is from").fill("Messe 2026")
    ines.look("import-new")
    page.get_by_role("button", name="Upload").click()
    expect(page).to_have_url(re.compile(r"/imports/[0-9a-f-]{36}/mapping/"))
    expect(page.get_by_label("Vorname")).to_have_value("first_name")
    expect(page.get_by_label("E-Mail")).to_have_value("email")
    ines.look("import-mapping")
    page.get_by_label("E-Mail").select_option("work_email")
    page.get_by_role("button", name="Preview").click()
    button = page.get_by_role("button", name=f"Import {PEOPLE} people")
    expect(button).to_be_visible(timeout=30_000)
    expect(page.get_by_text("The e-mail address is not valid").first).to_be_visible()
    ines.look("import-preview")
    page.get_by_label("Tags").fill("messe")
    button.click()
    link = page.get_by_role("link", name="What was left out, as CSV")
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=30_000)
    expect(link).to_be_visible(timeout=30_000)
    ines.look("import-done")
    with page.expect_download() as download:
        link.click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Line"] for row in rows] == ["6", "7", str(PEOPLE + 4)]
    assert rows[1]["Vorname"] == '\'=HYPERLINK("x")'
    page.get_by_role("link", name="See the leads").click()
    expect(page.get_by_text(f"{PEOPLE} leads", exact=True)).to_be_visible()
    ines.goto("/leads/imports/")
    ines.look("imports")
    assert json.dumps(ines.problems) == "[]"
