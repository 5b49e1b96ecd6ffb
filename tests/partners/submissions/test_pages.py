"""The way of a file through the portal, and through staff's pages (P-2 to P-5)."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.audit.models import AuditEntry
from cursive.lib.tenancy import atomic, system_context, tenant_context
from marketplace.listings.operations import mark_sold
from partners.program.models import Partner
from partners.submissions.models import Submission
from partners.submissions.queries import submissions_of
from tests import cast, market
from tests.partners.submissions.handing import (
    HEAD,
    again,
    hand_in,
    in_review,
    listings,
    on_sale,
    people,
    row,
    validated,
    work,
)

MAPPED = {
    f"column_{at}": field
    for at, field in enumerate(
        ["first_name", "last_name", "email", "phone", "company_name", "title", "linkedin_url", ""]
    )
}


@pytest.fixture
def browser(petra):
    client = Client()
    client.force_login(petra.user)
    return client


@pytest.fixture
def staff(petra, settings):
    settings.STAFF_MFA_REQUIRED = False
    client = Client()
    client.force_login(cast.staff())
    return client


def send(browser, content: str, **details: str):
    file = SimpleUploadedFile("people.csv", content.encode())
    return browser.post("/partner/submissions/new/", {"file": file, **market.DETAILS, **details})


def only(petra) -> Submission:
    with tenant_context(petra.id):
        return submissions_of(petra.id).get()


def test_the_whole_way(petra, browser, staff):
    assert b"Nothing handed in yet" in browser.get("/partner/submissions/").content
    page = browser.get("/partner/submissions/new/").content
    assert b"data-dropzone" in page and b"no quality is above 60" in page
    content = people(51) + row(1) + row(80, mail="nowhere", phone="12")
    answer = send(browser, content)
    found = only(petra)
    path = f"/partner/submissions/{found.id}/"
    assert answer.status_code == 302 and answer.url == f"{path}mapping/"
    page = browser.get(answer.url).content.decode()
    assert "tags or notes" not in page and "intent topics" in page
    assert "Semicolon" in page and "p0@fine.example" in page and "Your own" not in page
    nobody = dict.fromkeys(MAPPED, "")
    refused = browser.post(answer.url, nobody | {"column_0": "first_name"})
    assert refused.status_code == 400 and b"every lead needs one" in refused.content
    assert browser.post(answer.url, MAPPED).url == path
    assert b"data-job-stream" in browser.get(path).content
    work(petra, only(petra).job)
    page = browser.get(path).content.decode()
    assert "Submit 51 leads for review" in page and "no quality is above 60" in page
    assert "further up" in page and "e-mail address is not valid" in page.replace("&#x27;", "'")
    fragment = browser.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and "Submit 51 leads" in fragment
    rejects = browser.get(f"{path}rejects/")
    assert b"".join(rejects.streaming_content).startswith(b"\xef\xbb\xbfLine,Field,Why")
    assert 'filename="S-0001-rejects.csv"' in rejects["Content-Disposition"]
    assert browser.post(f"{path}review/").status_code == 302
    assert b"Our staff look at it" in browser.get(path).content

    listed = staff.get("/admin/partners/submission/").content.decode()
    assert "S-0001" in listed and "In review" in listed
    page = staff.get(f"/admin/partners/submission/{found.id}/change/").content.decode()
    assert "A sample of its people" in page and "@fine.example" in page
    assert "The partner so far" in page and "1 submission with 53 rows" in page
    with system_context():
        seen = AuditEntry.objects.get(action="view", resource="submission")
        assert (seen.workspace_id, seen.actor_label) == (petra.id, "sam@cast.example")
    decide = f"/admin/partners/submission/{found.id}/review/"
    assert f'href="{decide}"' in page
    assert "51 valid leads of 53 rows" in staff.get(decide).content.decode()
    for unheeded in (
        {"decision": "all", "number": "50"},
        {"decision": "all", "code": "duplicate"},
        {"decision": "reject", "code": "duplicate", "quality": "10"},
    ):
        refused = staff.post(decide, unheeded)
        assert refused.status_code == 200 and b"eave " in refused.content
        assert b"Approve those chosen below" in refused.content
        assert only(petra).status == "review"
    chosen = {"decision": "part", "number": "50", "code": "outside_coverage", "text": "US only."}
    assert staff.post(decide, chosen).status_code == 302
    assert only(petra).status == "publishing"
    assert b"data-job-stream" in browser.get(path).content
    work(petra, only(petra).change_job)
    page = browser.get(path).content.decode()
    assert "50 of 51 leads went on sale" in page and "US only." in page
    assert "Low quality" not in page and "Outside coverage" in page
    assert "50" in staff.get("/admin/partners/submission/").content.decode()


def test_what_was_typed_stays_and_each_field_says_what_to_do(petra, browser):
    """Bad input of prices, and what else a file needs."""
    for price in ("0", "0.05", "5.01", "abc"):
        page = send(browser, people(50), price=price, source="Fair 7")
        text = page.content.decode()
        assert page.status_code == 400 and "0.10 to 5.00" in text
        assert f'value="{price}"' in text and 'value="Fair 7"' in text
        # The field is at fault, and not the file.
        assert "file was not taken" not in text and "Choose another file" not in text
        assert "chosen again" in text and 'aria-invalid="true"' in text
    page = send(browser, people(50), collected_on="2999-01-01", max_sales="0", source="x")
    text = page.content.decode()
    assert "none that is still to come" in text and "whole number from 1" in text
    unticked = {"file": SimpleUploadedFile("a.csv", b"Mail\n"), **market.DETAILS}
    unticked.pop("guarantee")
    page = browser.post("/partner/submissions/new/", unticked)
    assert page.status_code == 400 and b"only taken with the guarantee" in page.content
    page = send(browser, "<html><body>Sign in</body></html>")
    assert page.status_code == 400 and b"HTML page" in page.content
    assert b"file was not taken" in page.content
    page = send(browser, people(50), categories="saas, www.evil.example")
    assert page.status_code == 400 and b"buyers see them" in page.content
    with tenant_context(petra.id):
        assert not Submission.objects.exists()
    send(browser, people(50))
    page = send(browser, people(50))
    assert page.status_code == 400 and b"S-0001" in page.content
    assert only(petra).number == 1


def test_reading_otherwise(petra, browser):
    send(browser, people(50))
    found = only(petra)
    path = f"/partner/submissions/{found.id}/"
    answer = browser.post(f"{path}reading/", {"header": "no"})
    assert answer.url == f"{path}mapping/" and not only(petra).upload.has_header
    wrong = browser.post(f"{path}reading/", {"header": "no", "header_line": "3"})
    assert wrong.status_code == 400 and only(petra).upload.header_line is None
    assert browser.get(path).url == f"{path}mapping/"


def test_price_withdrawal_and_sales(petra, browser):
    found = on_sale(petra, people(50))
    path = f"/partner/submissions/{found.id}/"
    with system_context(), atomic():
        mark_sold(listing_ids=[listings(found)[0].id])
    page = browser.get(path).content.decode()
    assert "On sale" in page and re.search(r"we suggest \$\d\.\d\d", page)
    bad = browser.post(f"{path}price/", {"price": "5.01"})
    assert bad.status_code == 400 and 'value="5.01"' in bad.content.decode()
    assert b"0.10 to 5.00" in bad.content
    assert browser.post(f"{path}price/", {"price": "0.90"}).status_code == 302
    assert "$0.90" in browser.get("/partner/submissions/").content.decode()
    asked = browser.get(f"{path}withdrawal/")
    assert b"Take 49 leads of S-0001 off sale?" in asked.content
    assert {each.status for each in listings(found)} == {"listed", "sold_out"}
    browser.post(f"{path}withdrawal/")
    assert {each.status for each in listings(found)} == {"withdrawn", "sold_out"}
    assert b"49 are withdrawn" in browser.get(path).content


def test_giving_up_asks(petra, browser):
    found = validated(petra, people(50))
    path = f"/partner/submissions/{found.id}/"
    assert b"Give up S-0001?" in browser.get(f"{path}closing/").content
    assert len(listings(found)) == 50
    assert browser.post(f"{path}closing/").url == "/partner/submissions/"
    assert listings(found) == [] and b"Given up" in browser.get(path).content


def test_refused_rejected_and_failed_files_say_why(petra, browser, staff, files):
    refused = validated(petra, people(3))
    page = browser.get(f"/partner/submissions/{refused.id}/").content.decode()
    assert "Only 3 leads are valid" in page
    found = in_review(petra, people(50))
    decide = f"/admin/partners/submission/{found.id}/review/"
    for data, said in (
        ({"decision": "reject"}, "Choose a reason"),
        ({"decision": "reject", "code": "other"}, "the partner reads it"),
        ({"decision": "part"}, "Say which part"),
        ({"decision": "part", "quality": "100"}, "None of its leads is chosen"),
        ({}, "required"),
    ):
        assert said in staff.post(decide, data).content.decode()
    assert again(petra, found).status == "review"
    staff.post(decide, {"decision": "reject", "code": "duplicate"})
    page = browser.get(f"/partner/submissions/{found.id}/").content.decode()
    assert "Not approved" in page and "Duplicate" in page
    assert staff.post(decide, {"decision": "all"}).status_code == 200
    lost = hand_in(petra, people(50, 100))
    for path in files.rglob("*"):
        if path.name == str(lost.upload_id):
            path.unlink()
    work(petra, lost.job)
    page = browser.get(f"/partner/submissions/{lost.id}/").content.decode()
    assert "no longer kept" in page and "Try again" in page


def test_a_suspended_partner_reads_and_changes_nothing(petra, browser):
    found = on_sale(petra, people(50))
    with tenant_context(petra.id):
        Partner.objects.update(status=Partner.Status.SUSPENDED, status_reason="Complaints.")
    path = f"/partner/submissions/{found.id}/"
    assert b"Change the price" not in browser.get(path).content
    for page in (path, "/partner/submissions/", "/partner/submissions/new/"):
        shown = browser.get(page).content.decode()
        assert "Your sales are suspended" in shown and "Complaints." in shown
        assert "Hand in a file</a>" not in shown and 'type="file"' not in shown
    for name, data in (("price", {"price": "2"}), ("withdrawal", {}), ("closing", {})):
        assert browser.post(f"{path}{name}/", data).status_code == 403
    assert send(browser, HEAD).status_code == 403
    assert {each.status for each in listings(found)} == {"listed"}


def test_the_list_and_a_page_ask_a_bounded_number_of_queries(
    petra, browser, django_assert_max_num_queries
):
    for start in (0, 100, 200):
        on_sale(petra, people(50, start))
    browser.get("/partner/submissions/")
    with django_assert_max_num_queries(16):
        page = browser.get("/partner/submissions/").content.decode()
    assert "S-0003" in page
    with django_assert_max_num_queries(16):
        browser.get(f"/partner/submissions/{only_first(petra).id}/")


def only_first(petra) -> Submission:
    with tenant_context(petra.id):
        return submissions_of(petra.id).get(number=1)
