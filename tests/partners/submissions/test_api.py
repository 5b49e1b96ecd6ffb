"""P-8: handing in and following submissions by API."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cursive.lib.tenancy import tenant_context
from leads.imports.uploads.models import Upload
from partners.submissions.models import Submission
from partners.submissions.queries import submissions_of
from tests import cast, market
from tests.partners.submissions.handing import client_of, on_sale, people, row, work


@pytest.fixture
def api(petra):
    return client_of(petra, petra.actor)


def send(api, content: str, **data: str):
    file = SimpleUploadedFile("people.csv", content.encode())
    return api.post("/api/partner/leads/upload", {"file": file, **market.DETAILS, **data})


def test_upload_follow_and_rejects(petra, api):
    mapping = {"Mail": "work_email", "Company": None}
    answer = send(api, people(50) + row(1), mapping=json.dumps(mapping), max_sales="3")
    assert answer.status_code == 202, answer.content
    body = answer.json()
    assert (body["number"], body["status"], body["price_cents"]) == ("S-0001", "validating", 120)
    assert body["max_sales"] == 3 and body["categories"] == ["software", "saas"]
    assert body["columns"]["Mail"] == "work_email" and body["columns"]["Company"] is None
    path = f"/api/partner/submissions/{body['id']}"
    assert api.get(f"{path}/rejects").status_code == 409
    with tenant_context(petra.id):
        job = submissions_of(petra.id).get().job
    work(petra, job)
    body = api.get(path).json()
    assert (body["status"], body["valid"], body["rows"]) == ("ready", 50, 51)
    assert body["duplicates"] == {"in_file": 1, "own": 0, "others": 0, "marketplace": 0}
    assert body["quality"]["total"] == sum(
        points for name, points in body["quality"].items() if name != "total"
    )
    assert body["job"]["status"] == "completed"
    rejects = b"".join(api.get(f"{path}/rejects").streaming_content).decode()
    assert rejects.splitlines()[1].startswith("52,,The same person")
    on_sale(petra, people(50, 100))
    page = api.get("/api/partner/submissions?pageSize=1").json()
    assert (page["total"], page["data"][0]["number"], page["data"][0]["on_sale"]) == (
        2,
        "S-0002",
        50,
    )


@pytest.mark.parametrize(
    ("data", "field"),
    [
        *(({"price": price}, "price") for price in ("0", "0.05", "5.01", "abc")),
        ({"guarantee": "no"}, "guarantee"),
        ({"source": ""}, "source"),
        ({"collected_on": "2999-01-01"}, "collected_on"),
        ({"collected_on": "soon"}, "collected_on"),
        ({"max_sales": "0"}, "max_sales"),
        ({"categories": "x" * 41}, "categories"),
        ({"categories": ",".join(map(str, range(11)))}, "categories"),
        ({"mapping": "[1]"}, "mapping"),
        ({"mapping": '{"Nope": "email"}'}, "mapping"),
        ({"mapping": '{"Mail": null}'}, "mapping"),
        ({"mapping": '{"Mail": "tags"}'}, "mapping"),
        ({"mapping": '{"Mail": "mailbox"}'}, "mapping"),
        ({"mapping": '{"Mail": "city", "First": "city"}'}, "mapping"),
        ({"color": "red"}, "color"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_kept(petra, api, files, data, field):
    answer = send(api, people(50), **data)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][field].endswith((".", "?")), "a sentence that says what to do"
    with tenant_context(petra.id):
        assert not Submission.objects.exists() and not Upload.objects.exists()
    assert not [path for path in files.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", ["", "Mail\n", "\x00\x01PK"])
def test_a_file_that_cannot_be_read_is_named(petra, api, files, content):
    answer = send(api, content)
    assert answer.status_code == 400
    assert answer.json()["errors"]["file"].endswith("."), answer.content
    with tenant_context(petra.id):
        assert not Submission.objects.exists() and not Upload.objects.exists()
    assert not [path for path in files.rglob("*") if path.is_file()]


def test_an_unknown_field_is_answered_with_those_that_are_taken(petra, api):
    for claim in ("xyzzy", "email_verified"):
        said = send(api, people(50), mapping=f'{{"Mail": "{claim}"}}').json()["errors"]["mapping"]
        assert f"There is no field '{claim}'." in said
        assert "quality_score" not in said and "email_verified," not in said


def test_no_file_the_same_file_and_who_is_no_partner(petra, api):
    assert "file" in api.post("/api/partner/leads/upload", dict(market.DETAILS)).json()["errors"]
    assert send(api, people(50)).status_code == 202
    again = send(api, people(50))
    assert again.status_code == 409 and "S-0001" in again.json()["detail"]
    acme, alice = cast.acme()
    theirs = client_of(acme, cast.actor_for(alice))
    assert send(theirs, people(50)).status_code == 403
    with tenant_context(petra.id):
        assert Submission.objects.count() == 1
