"""The way of a file through the browser: upload, mapping, preview, confirmation, result."""

import csv
import gzip
import html
import io
import random
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cursive.lib.tenancy import tenant_context
from leads.imports.models import Import
from leads.imports.uploads import operations as uploads
from leads.imports.uploads.models import Upload
from tests import cast
from tests.cursive.lib.tables.builders import write_workbook
from tests.leads.imports.importing import again, leads, preview, run, work
from tests.leads.imports.test_imports import MESSY


@pytest.fixture
def browser(acme):
    client = Client()
    client.force_login(acme.alice)
    return client


def only(acme) -> Import:
    with tenant_context(acme.id):
        return Import.objects.select_related("upload", "preview_job", "job").get()


def send(client, content: bytes, name: str = "people.csv", **data: str):
    return client.post("/leads/imports/new/", {"file": SimpleUploadedFile(name, content), **data})


def test_the_whole_way(acme, browser):
    cast.lead(acme, first_name="Cy", email="cy@known.example")
    assert b"No imports yet" in browser.get("/leads/imports/").content
    page = browser.get("/leads/imports/new/")
    assert b"data-dropzone" in page.content and b"Sample file" in page.content
    answer = send(browser, MESSY.encode(), label="Fair")
    found = only(acme)
    assert answer.status_code == 302 and answer.url == f"/leads/imports/{found.id}/mapping/"
    page = browser.get(answer.url).content.decode()
    assert "ANN@Acme.example" in page and "Semicolon-separated" in page
    assert '<option value="email" selected>' in page and "Guessed: called" in page
    chosen = {
        f"column_{at}": field
        for at, field in enumerate(
            ["first_name", "last_name", "work_email", "phone", "company_name", ""]
        )
    }
    answer = browser.post(answer.url, chosen)
    assert answer.url == f"/leads/imports/{found.id}/"
    assert b"data-job-stream" in browser.get(answer.url).content
    work(acme, only(acme).preview_job)
    page = browser.get(answer.url).content.decode()
    assert "Import 2 people" in page and "The e-mail address is not valid" in page
    assert "ann@acme.example" in page and "Cy" in page and "1 row left out" in page
    fragment = browser.get(answer.url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and "Import 2 people" in fragment
    answer = browser.post(
        f"/leads/imports/{found.id}/confirmation/",
        {"existing": "skip", "tags": "fair, Fair", "status": "new", "owner": ""},
    )
    assert answer.status_code == 302
    work(acme, only(acme).job)
    page = browser.get(f"/leads/imports/{found.id}/").content.decode()
    assert "Imported" in page and "What was left out, as CSV" in page
    link = html.unescape(re.search(r'href="(/leads/\?f=[^"]+)"', page)[1])
    assert link == f"/leads/?f=job_id.in.{only(acme).job.id}"
    listed = browser.get(link).content.decode()
    assert "2 leads" in listed and "ann@acme.example" in listed
    assert "cy@known.example" not in listed and "Came in with: Import of people.csv" in listed
    assert sorted(lead.first_name for lead in leads(acme)) == ["=cmd()", "Ann", "Cy"]
    assert b"Fair" in browser.get("/leads/imports/").content
    rejects = browser.get(f"/leads/imports/{found.id}/rejects/")
    assert "attachment" in rejects["Content-Disposition"]
    text = b"".join(rejects.streaming_content).decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(text))] == ["Line", "3", "4", "6"]


def test_a_refused_file_says_why_on_the_form(acme, browser):
    answer = send(browser, b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
    said = answer.content.decode()
    assert answer.status_code == 400 and "This file was not taken" in said
    assert "This file is a PNG image, not CSV. Choose the table itself, saved as CSV or" in said
    for wide in (501, 1_200):
        answer = send(browser, (",".join(f"c{n}" for n in range(wide)) + "\n").encode() * 2)
        said = answer.content.decode()
        assert answer.status_code == 400 and f"{wide:,} columns; at most 500 are read" in said
        assert "At most 200 MB and 500 columns" in said
    answer = browser.post("/leads/imports/new/", {})
    assert answer.status_code == 400 and b"Choose a file." in answer.content
    with tenant_context(acme.id):
        assert not Import.objects.exists() and not Upload.objects.exists()


def test_too_large(acme, browser, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_BYTES", 10)
    answer = send(browser, MESSY.encode())
    assert answer.status_code == 400 and b"Split it" in answer.content
    with tenant_context(acme.id):
        assert not Import.objects.exists()


def test_a_mapping_that_cannot_be(acme, browser):
    send(browser, MESSY.encode())
    found = only(acme)
    answer = browser.post(
        f"/leads/imports/{found.id}/mapping/", {"column_0": "title", "column_1": "title"}
    )
    assert answer.status_code == 400 and b"is the Job title already" in answer.content
    answer = browser.post(f"/leads/imports/{found.id}/mapping/", {})
    assert answer.status_code == 400 and b"No column is used" in answer.content
    assert only(acme).preview_job is None


def test_reading_it_otherwise(acme, browser):
    send(browser, b"Name;Mail\nAnn;ann@acme.example\n")
    found = only(acme)
    path = f"/leads/imports/{found.id}/reading/"
    assert browser.post(path, {"delimiter": ",", "header": "no"}).status_code == 302
    assert only(acme).upload.columns == ["Column 1"]
    assert browser.post(path, {"delimiter": "x"}).status_code == 400
    assert only(acme).upload.delimiter == ","


def test_saying_in_which_line_the_names_are(acme, browser):
    """L-18: where what is above them looks like names, too."""
    send(browser, b"Alpha,Beta\nMail,Name\nann@acme.example,Ann Lee\n")
    found = only(acme)
    path = f"/leads/imports/{found.id}/reading/"
    wrong = browser.post(path, {"header": "no", "header_line": "2"})
    assert wrong.status_code == 400 and b"Leave this empty" in wrong.content
    for line in ("0", "101", "x", "50"):
        assert browser.post(path, {"header_line": line}).status_code == 400
        assert only(acme).upload.columns == ["Alpha", "Beta"]
    assert browser.post(path, {"header_line": "2"}).status_code == 302
    page = browser.get(f"/leads/imports/{found.id}/mapping/").content.decode()
    assert "column names in line 2" in page and 'name="header_line" value="2"' in page
    found = only(acme)
    assert found.upload.columns == ["Mail", "Name"]
    browser.post(f"/leads/imports/{found.id}/mapping/", {"column_0": "email", "column_1": ""})
    found = only(acme)
    work(acme, found.preview_job)
    assert again(acme, found).plan["counts"] == {"new": 1}


def test_a_file_that_breaks_in_the_middle(acme, browser):
    found = preview(acme, cut_off(60_000))
    assert found.state == "preview_failed"
    page = browser.get(f"/leads/imports/{found.id}/").content
    assert b"damaged or cut off" in page and b"Upload another file" in page
    assert leads(acme) == []


def cut_off(rows: int) -> bytes:
    """A packed file that was cut off far behind its beginning."""
    chosen = random.Random(1)
    text = "Mail\n" + "".join(f"{chosen.random()}@a.example\n" for _ in range(rows))
    packed = gzip.compress(text.encode(), 1)
    return packed[: len(packed) // 2]


def test_nobody_to_import(acme, browser):
    found = preview(acme, "Mail,City\nx,Rome\ny,Oslo\n")
    page = browser.get(f"/leads/imports/{found.id}/").content
    assert b"There is nobody to import" in page and b"Change the columns" in page
    answer = browser.post(f"/leads/imports/{found.id}/confirmation/", {"existing": "skip",
                          "status": "new"})  # fmt: skip
    assert answer.status_code == 400 and again(acme, found).job is None


def test_options_are_checked_on_the_page(acme, browser):
    found = preview(acme, MESSY)
    path = f"/leads/imports/{found.id}/confirmation/"
    answer = browser.post(path, {"existing": "skip", "status": "new", "tags": "x" * 41})
    assert answer.status_code == 400 and b"At most 40 characters a tag" in answer.content
    assert again(acme, found).job is None


def test_an_import_that_has_begun_is_not_mapped_again(acme, browser):
    found = run(acme, MESSY)
    assert browser.get(f"/leads/imports/{found.id}/mapping/").status_code == 302
    answer = browser.post(f"/leads/imports/{found.id}/reading/", {"header": "no"})
    assert answer.status_code == 400 and b"has begun" in answer.content


def test_imports_of_another_workspace_are_not_there(acme, browser):
    rival, carol = cast.rival()
    rival.actor = cast.actor_for(carol)
    found = preview(rival, MESSY)
    for path in ("", "mapping/", "rejects/"):
        assert browser.get(f"/leads/imports/{found.id}/{path}").status_code == 404
    assert browser.post(f"/leads/imports/{found.id}/confirmation/").status_code == 404
    assert again(rival, found).job is None


def test_throwing_an_import_away(acme, browser):
    """From the mapping and from the preview; not once it has begun."""
    found = preview(acme, MESSY)
    address = f"/leads/imports/{found.id}/"
    for page in (address, f"{address}mapping/"):
        assert f'action="{address}removal/"' in browser.get(page).content.decode()
    answer = browser.post(f"{address}removal/")
    assert answer.status_code == 302 and answer.url == "/leads/imports/"
    assert b"The import was thrown away" in browser.get(answer.url).content
    with tenant_context(acme.id):
        assert not Import.objects.exists() and not Upload.objects.exists()
    begun = run(acme, MESSY)
    address = f"/leads/imports/{begun.id}/"
    assert b"removal/" not in browser.get(address).content
    assert browser.post(f"{address}removal/").status_code == 409
    assert only(acme).id == begun.id


def test_a_file_without_rows_is_refused(acme, browser, tmp_path):
    """Nothing of it is kept, and it says what was read."""
    far = '<row r="{}"><c r="{}{}" t="inlineStr"><is><t>{}</t></is></c></row>'
    book = write_workbook(
        tmp_path,
        {
            "People": far.format(1, "A", 1, "Email")
            + "<row/>" * 300
            + far.format(400, "F", 400, "note")
        },
        texts=[],
    )
    for content, name in ((b"email,first name\r\n\r\n", "a.csv"), (book.read_bytes(), "a.xlsx")):
        answer = send(browser, content, name)
        text = html.unescape(answer.content.decode())
        assert answer.status_code == 400
        assert "This file has no rows below its column names (" in text, text
    with tenant_context(acme.id):
        assert not Import.objects.exists() and not Upload.objects.exists()
    invalid = preview(acme, "email,first name\nnobody,Ann\n")
    assert invalid.state_label == "Nobody in it"
