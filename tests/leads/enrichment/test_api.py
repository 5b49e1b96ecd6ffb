"""L-20 by REST: send, read, pay, download."""

import csv
import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context
from leads.enrichment.models import Enrichment
from leads.imports.uploads.models import Upload
from tests.leads.enrichment.lists import as_csv, people, run_job_of, stored_files
from tests.leads.records.pulling import balance


@pytest.fixture
def alice(acme) -> Client:
    client = Client()
    client.force_login(acme.alice)
    return client


def send(client: Client, content: bytes, key: str = "", name: str = "list.csv", **fields: str):
    headers = {"Idempotency-Key": key} if key else {}
    body = {"file": SimpleUploadedFile(name, content), **fields}
    return client.post("/api/enrichment", body, headers=headers)


def pay(client: Client, id: str, body: dict | None = None, key: str = ""):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(
        f"/api/enrichment/{id}/payment", body or {}, "application/json", headers=headers
    )


def test_from_a_file_to_a_file(acme, alice):
    sent = send(alice, as_csv(people(110), strangers=10))
    assert sent.status_code == 202
    document = sent.json()
    assert document["status"] == "matching" and document["quote"] is None
    assert document["mapping"]["E-mail"] == "email" and document["mapping"]["Score"] is None
    id, url = document["id"], f"/api/enrichment/{document['id']}"
    assert alice.get(f"{url}/download").status_code == pay(alice, id).status_code == 409

    run_job_of(acme, document["preview_job"])
    document = alice.get(url).json()
    assert document["status"] == "ready" and document["rows"] == 120
    assert document["quote"] == {
        "people": 110,
        "owned": 0,
        "new": 110,
        "price": "27.50",
        "available": "100.00",
    }
    assert pay(alice, id, {"max_credits": "27.49"}).status_code == 409
    for wrong in ({"max_credits": "a lot"}, {"leads": "perhaps"}, [1]):
        assert pay(alice, id, wrong).status_code == 400
    assert balance(acme) == (100, 0)
    paid = pay(alice, id, {"max_credits": "27.50", "leads": False}, key="p")
    assert paid.status_code == 202
    assert pay(alice, id, {"leads": False}, key="p").json()["job"]["id"] == paid.json()["job"]["id"]
    assert pay(alice, id).status_code == 409
    assert balance(acme) == (Decimal("72.50"), Decimal("27.50"))

    run_job_of(acme, paid.json()["job"]["id"])
    document = alice.get(f"/api/enrichment/{paid.json()['job']['id']}").json()  # by the job's id
    assert (document["id"], document["status"]) == (id, "completed")
    assert document["result"]["charged"] == "27.50"
    answer = alice.get(f"{url}/download")
    assert answer.status_code == 302 and answer.url == document["download_url"]
    file = Client().get(answer.url)
    assert file["Content-Disposition"] == 'attachment; filename="list-enriched.csv"'
    text = b"".join(file.streaming_content).decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(text)))) == 120
    listed = alice.get("/api/enrichment").json()
    assert listed["total"] == 1 and listed["data"][0]["id"] == id


def test_the_same_key_is_the_same_list(acme, alice):
    content = as_csv(people(1))
    first, second = send(alice, content, key="k"), send(alice, content, key="k")
    assert first.json()["id"] == second.json()["id"]
    assert send(alice, content, key="k", name="other.csv").status_code == 409
    assert send(alice, content, key="k", mapping='{"Note": null}').status_code == 409
    assert send(alice, content, key="\t!\x7f").status_code in {400, 202}
    with tenant_context(acme.id):
        assert Upload.objects.count() == Enrichment.objects.count() <= 2


def test_past_the_limit_of_the_day_no_file_is_kept(acme, alice, files):
    for _ in range(20):
        assert send(alice, as_csv(people(1))).status_code == 202
    assert send(alice, as_csv(people(2))).status_code == 429
    with tenant_context(acme.id):
        assert Upload.objects.count() == Enrichment.objects.count() == 20
    assert len(stored_files(files)) == 20


def test_a_list_without_rows_says_why_and_is_none_of_the_days(acme, alice):
    """L-20: what nobody was looked up for isn't counted."""
    for _ in range(21):
        sent = send(alice, b"First name,Last name,E-mail\n")
        assert sent.status_code == 400
        assert "no rows below its column names" in sent.json()["detail"]
    assert alice.get("/api/enrichment").json()["data"] == []
    for _ in range(20):
        assert send(alice, as_csv(people(1))).status_code == 202
    assert send(alice, as_csv(people(1))).status_code == 429


def test_columns_may_be_said(acme, alice):
    document = send(
        alice, b"A,B\nx,nobody@nowhere.example\n", mapping='{"A": null, "B": "work_email"}'
    ).json()
    assert document["mapping"] == {"A": None, "B": "work_email"}


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"", {}),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 200, {}),
        (b"City\nAustin\n", {}),
        (b"Mail\na@b.example\n", {"mapping": "[1]"}),
        (b"Mail\na@b.example\n", {"mapping": '{"Male": "email"}'}),
        (b"Mail\na@b.example\n", {"mapping": '{"Mail": "iq"}'}),
        (b"Mail\na@b.example\n", {"mapping": '{"Mail": "industry"}'}),
        (b"Mail\na@b.example\n", {"mapping": "[" * 100_000}),
    ],
)
def test_what_is_refused_leaves_nothing(acme, alice, files, content, fields):
    answer = send(alice, content, **fields)
    assert answer.status_code == 400, answer.content
    with tenant_context(acme.id):
        assert not Enrichment.objects.exists() and not Job.objects.exists()
        assert not Upload.objects.exists()
    assert stored_files(files) == []
    assert alice.post("/api/enrichment", {}).status_code == 400
    assert alice.post("/api/enrichment", {}, "application/json").status_code in {400, 415}


def test_a_preview_tells_no_address_apart(acme, alice):
    """ADR 0024: repeating rows, or asking by addresses alone, says no more than one count."""
    found = people(3)
    rows = [person for at, person in enumerate(found) for _ in range(2**at)]
    document = send(alice, as_csv(rows, strangers=4)).json()
    run_job_of(acme, document["preview_job"])
    document = alice.get(f"/api/enrichment/{document['id']}").json()
    assert document["people"] == document["quote"]["new"] == 3
    said = str(document) + str(alice.get(f"/api/jobs/{document['preview_job']}").json())
    assert "found" not in said and "ambiguous" not in said and "7" not in str(document["quote"])
    mails = ("E-mail\n" + "\n".join(person.email for person in found)).encode()
    document = send(alice, mails).json()
    run_job_of(acme, document["preview_job"])
    page = alice.get(f"/enrichment/{document['id']}/").content.decode()
    with tenant_context(acme.id):
        assert Enrichment.objects.get(id=document["id"]).sample == []
    assert not any(person.last_name in page for person in found)
