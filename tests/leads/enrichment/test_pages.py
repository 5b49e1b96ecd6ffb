"""L-18, L-20 in the browser's view: upload, map, price, pay."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cursive.lib.tenancy import tenant_context
from leads.enrichment.models import Enrichment
from tests import cast
from tests.leads.enrichment.lists import again, as_csv, look_up, people, run_job_of, send
from tests.leads.records.pulling import balance


@pytest.fixture
def alice(acme) -> Client:
    client = Client()
    client.force_login(acme.alice)
    return client


def upload(client: Client, content: bytes, name: str = "my list.csv"):
    return client.post("/enrichment/", {"file": SimpleUploadedFile(name, content)})


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_from_the_upload_to_the_file(acme, alice):
    assert "at least 25.00" in text_of(alice.get("/enrichment/"))
    mapping = upload(alice, as_csv(people(150), strangers=10)).url
    page = text_of(alice.get(mapping))
    assert "my list.csv" in page and "First name" in page and "=row 0" in page
    chosen = {"column_1": "email", "column_2": "first_name", "column_3": "last_name"}
    detail = alice.post(mapping, chosen).url
    with tenant_context(acme.id):
        (enrichment,) = Enrichment.objects.all()
    assert "Look up my list.csv" in text_of(alice.get(detail))
    run_job_of(acme, enrichment.preview_job_id)
    page = text_of(alice.get(detail, headers={"HX-Request": "true"}))
    assert "Found 150 of 160, 37.50" in page and "<html" not in page and "Pay 37.50" in page
    assert "Ready to pay" in text_of(alice.get("/enrichment/"))

    paid = alice.post(f"{detail}payment/", {"most": "37.50", "key": "k", "leads": "on"})
    assert paid.status_code == 302 and paid.url == detail
    enrichment = again(acme, enrichment)
    assert "Enrich my list.csv" in text_of(alice.get(detail))
    run_job_of(acme, enrichment.delivery_job_id)
    page = text_of(alice.get(detail))
    assert "Download CSV" in page and "37.50" in page and "150 of 160" in page
    link = f"/leads/?f=job_id.in.{enrichment.delivery_job_id}"
    assert f'href="{link}">150</a>' in page
    cast.lead(acme, first_name="Somebody")
    assert "150 leads" in text_of(alice.get(link))
    assert "Enriched" in text_of(alice.get("/enrichment/"))
    assert "Download CSV" in text_of(alice.get(f"/jobs/{enrichment.delivery_job_id}/"))
    assert "See the price" in text_of(alice.get(f"/jobs/{enrichment.preview_job_id}/"))
    assert "Batch enrichment" in text_of(alice.get("/credits/"))


def test_too_few_credits(acme, alice):
    """C-4: the page says what is missing, and a try all the same is refused and changes nothing."""
    enrichment = look_up(acme, acme.actor, as_csv(people(500)))
    detail = f"/enrichment/{enrichment.id}/"
    page = text_of(alice.get(detail))
    assert "Missing" in page and "25.00" in page and "Buy credits" in page and "Pay 125" not in page
    answer = alice.post(f"{detail}payment/", {"most": "125.00", "leads": "on"})
    assert answer.status_code == 402 and "Nothing was charged" in text_of(answer)
    assert balance(acme) == (100, 0) and again(acme, enrichment).delivery_job_id is None


def test_a_price_that_has_changed_is_shown_anew(acme, alice):
    enrichment = look_up(acme, acme.actor, as_csv(people(120)))
    answer = alice.post(f"/enrichment/{enrichment.id}/payment/", {"most": "29.99"})
    assert answer.status_code == 409 and "Pay 30.00" in text_of(answer)
    assert alice.post(f"/enrichment/{enrichment.id}/payment/", {}).status_code == 400
    assert balance(acme) == (100, 0)


def test_the_sample_is_masked(acme, alice):
    """ADR 0014, 0024: only who is found by name and company, and never whole."""
    shown = [person for person in people(300) if person.linkedin_url and person.phone][:8]
    rows = "\n".join(f"{person.linkedin_url},{person.email}" for person in shown)
    enrichment = look_up(acme, acme.actor, f"LinkedIn,Mail\n{rows}\n".encode())
    assert enrichment.people == 8 and len(enrichment.sample) == 5
    page = text_of(alice.get(f"/enrichment/{enrichment.id}/"))
    assert "•••••@" in page and shown[0].last_name in page
    assert not any(person.email in page or person.phone in page for person in shown)


def test_nobody_found(acme, alice):
    enrichment = look_up(acme, acme.actor, as_csv([], strangers=2))
    page = text_of(alice.get(f"/enrichment/{enrichment.id}/"))
    assert "Nobody found" in page and f"/enrichment/uploads/{enrichment.upload_id}/" in page


def test_refusals_stand_at_the_form(acme, alice, files):
    answer = upload(alice, b"\x89PNG\r\n\x1a\n" + b"\x00" * 200, "list.csv")
    assert answer.status_code == 400 and "image" in text_of(answer)
    list_id = send(acme, acme.actor, b"City;Mail\nAustin;a@b.example\n").id
    url = f"/enrichment/uploads/{list_id}/"
    answer = alice.post(url, {"column_0": "city"})
    assert answer.status_code == 400 and "No column says who a row is" in text_of(answer)
    answer = alice.post(f"{url}reading/", {"delimiter": ",", "header": "yes"})
    assert answer.status_code == 302 and "City;Mail" in text_of(alice.get(url))
    assert alice.post(f"{url}reading/", {"delimiter": "x"}).status_code == 400
    with tenant_context(acme.id):
        assert not Enrichment.objects.exists()


def test_an_old_list(acme, alice):
    enrichment = look_up(acme, acme.actor, as_csv(people(1)))
    with tenant_context(acme.id):
        Enrichment.objects.filter(id=enrichment.id).update(created_at="2026-01-01T00:00:00Z")
    assert "no longer kept" in text_of(alice.get(f"/enrichment/{enrichment.id}/"))
    assert "Expired" in text_of(alice.get("/enrichment/"))


def test_somebody_elses_list(acme, alice):
    rival, _ = cast.rival()
    enrichment = look_up(acme, acme.actor, as_csv(people(1)))
    carol = Client()
    from accounts.workspaces.models import User

    carol.force_login(User.objects.get(name="Carol"))
    for url in (
        f"/enrichment/{enrichment.id}/",
        f"/enrichment/uploads/{enrichment.upload_id}/",
        f"/api/enrichment/{enrichment.id}",
    ):
        assert carol.get(url).status_code == 404
    answer = carol.post(f"/enrichment/{enrichment.id}/payment/", {"most": "25.00"})
    assert answer.status_code == 404
    assert balance(acme) == (Decimal(100), 0) and balance(rival) == (0, 0)
