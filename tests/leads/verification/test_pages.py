"""The pages of verifications, the check on a lead's page, and the API."""

from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.keys.operations import create_key
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context
from tests import cast
from tests.leads.records.pulling import balance
from tests.leads.verification.checking import checks, fresh, named, start, work
from tests.leads.verification.doubles import MILLION
from tests.segments.calls import send

START = "/leads/verification/start/"


@pytest.fixture
def alice(acme) -> Client:
    client = Client()
    client.force_login(acme.alice)
    return client


def the_job(acme) -> Job:
    with tenant_context(acme.id):
        return Job.objects.get(kind="verification")


def test_without_leads_the_page_says_what_to_do(acme, alice, outside):
    text = alice.get("/leads/verification/").content.decode()
    assert "No leads yet" in text and "Search the database" in text


def test_the_page_has_figures_answers_jobs_and_who_is_asked(acme, alice, outside):
    work(acme, start(acme, named(acme, "ok", "ok", "invalid", "disposable")))
    cast.lead(acme)
    cast.lead(acme, email="", phone="+15125550100")
    text = alice.get("/leads/verification/").content.decode()
    assert "?f=verification_status.in.valid" in text and "1 more have no address" in text
    assert "MillionVerifier" in text and "In use" in text and "Stands by" in text
    assert "A throw-away address." in text and "Check 4 e-mail addresses" in text
    assert "built-in check is in use" not in text
    for status, count in (("valid", 2), ("invalid", 1), ("risky", 1)):
        found = alice.get(f"/leads/?f=verification_status.in.{status}").content.decode()
        assert f"{count} lead" in found
    part = alice.get("/leads/verification/", headers={"HX-Request": "true"}).content.decode()
    assert "Last answers" in part and "<html" not in part


def test_it_is_said_that_only_the_built_in_check_works(acme, alice, names):
    cast.lead(acme)
    text = alice.get("/leads/verification/").content.decode()
    assert "The built-in check is in use" in text and "never valid" in text
    dialog = alice.post(START, {"everything": "1"}).content.decode()
    assert "No mail server will be asked" in dialog


def test_a_provider_that_rests_is_shown(acme, alice, outside):
    cast.lead(acme)
    cache.set(f"breaker:{MILLION}:open", True, 60)
    assert "Resting after failures" in alice.get("/leads/verification/").content.decode()


def test_the_dialog_says_the_price_and_then_starts(acme, alice, outside):
    leads = named(acme, "ok", "invalid")
    chosen = {"lead": [str(lead.id) for lead in leads]}
    first = alice.post(START, chosen)
    text = first.content.decode()
    assert first.status_code == 200 and "At most 2 addresses × 0.02" in text and "9.96" in text
    assert checks(acme) == [] and balance(acme) == (Decimal("10.00"), 0)
    answer = alice.post(START, {**chosen, "confirmed": "1", "key": "k"})
    again = alice.post(START, {**chosen, "confirmed": "1", "key": "k"})
    assert answer.status_code == 302 and answer.url == again.url
    job = work(acme, the_job(acme))
    page = alice.get(answer.url).content.decode()
    assert job.status == "completed" and "See all results" in page
    assert "What came of it" in page and "0.04 credits" in page
    lately = alice.post(START, chosen).content.decode()
    assert "There is nothing to check" in lately and "Also those checked" in lately
    anew = alice.post(START, {**chosen, "again": "1"}).content.decode()
    assert "At most 2 addresses" in anew


def test_the_dialog_takes_the_lists_filter(acme, alice, outside):
    named(acme, "ok")
    cast.lead(acme, status="won")
    text = alice.post(START, {"everything": "1", "f": "status.in.won"}).content.decode()
    assert "All leads that match" in text and "At most 1 address " in text


def test_refusals_of_the_dialog_change_nothing(acme, alice, outside):
    assert b"No lead is chosen" in alice.post(START, {"confirmed": "1"}).content
    rival, _ = cast.rival()
    (theirs,) = named(rival, "ok")
    answer = alice.post(START, {"lead": [str(theirs.id)], "confirmed": "1"})
    assert answer.status_code == 400 and b"There is nothing to check" in answer.content
    for n in range(3):
        cast.lead(acme, email=f"ok.{n}@people.example")
    with tenant_context(acme.id):
        from credits.ledger.operations import spend

        spend(
            workspace_id=acme.id,
            amount="9.95",
            action="test",
            reference=("test", "1"),
            key="poor",
            actor=acme.actor,
        )
    poor = alice.post(START, {"everything": "1", "confirmed": "1"})
    assert poor.status_code == 402 and b"Nothing was started" in poor.content
    assert b"Missing" in poor.content
    with tenant_context(acme.id):
        assert not Job.objects.exists()
    assert balance(acme) == (Decimal("0.05"), 0)


def test_a_lead_is_checked_from_its_page(acme, alice, outside):
    (lead,) = named(acme, "ok")
    path = f"/leads/{lead.id}/verification/"
    page = alice.get(f"/leads/{lead.id}/").content.decode()
    assert "Not checked yet" in page and path in page and "Verify" in page
    answer = alice.post(path, headers={"HX-Request": "true"}).content.decode()
    job = the_job(acme)
    waiting = alice.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "every 2s" in waiting and "Being checked" in waiting
    work(acme, job)
    done = alice.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "Valid" in done and "The mailbox takes mail. MillionVerifier" in done
    assert "every 2s" not in done and "Check again" in done
    assert "Being checked" in answer and "every 2s" in answer
    assert alice.post(path).url == f"/leads/{lead.id}/"  # without JavaScript
    rival, _ = cast.rival()
    assert alice.post(f"/leads/{cast.lead(rival).id}/verification/").status_code == 404


def test_a_lead_without_an_address_has_no_button(acme, alice, outside):
    lead = cast.lead(acme, email="", phone="+15125550100")
    assert "Verify</button>" not in alice.get(f"/leads/{lead.id}/").content.decode()
    assert alice.post(f"/leads/{lead.id}/verification/").status_code == 400


@pytest.fixture
def key(acme) -> dict[str, str]:
    with tenant_context(acme.id):
        _, token = create_key(
            workspace_id=acme.id, actor=acme.actor, name="K", scopes=["read", "write"]
        )
    return {"Authorization": f"Bearer {token}"}


def test_the_api_starts_and_sums_up(acme, outside, key):
    leads = named(acme, "ok", "invalid")
    client = Client()
    body = {"ids": [str(lead.id) for lead in leads]}
    answer = send(client, "post", "/api/leads/verify", body, **key, **{"Idempotency-Key": "one"})
    twice = send(client, "post", "/api/leads/verify", body, **key, **{"Idempotency-Key": "one"})
    assert answer.status_code == 202 and answer.json()["job"]["id"] == twice.json()["job"]["id"]
    summary = send(client, "get", "/api/leads/verification/summary", **key).json()
    assert (summary["unchecked"], summary["valid"], summary["waiting"]) == (2, 0, 2)
    work(acme, the_job(acme))
    summary = send(client, "get", "/api/leads/verification/summary", **key).json()
    assert (summary["leads"], summary["unchecked"]) == (2, 0)
    assert (summary["valid"], summary["invalid"], summary["catch_all"]) == (1, 1, 0)
    assert summary["providers"][0] == {"name": "MillionVerifier", "is_resting": False}
    all_again = {"filter": {"version": 1, "all": []}, "again": True}
    assert send(client, "post", "/api/leads/verify", all_again, **key).status_code == 202
    assert fresh(acme, leads[0]).email_verified


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "ids"),
        ({"ids": []}, "ids"),
        ({"ids": "x"}, "ids"),
        ({"ids": ["x"]}, "ids"),
        ({"ids": [None]}, "ids"),
        ({"ids": ["00000000-0000-7000-8000-000000000001"] * 1_001}, "ids"),
        ({"ids": ["00000000-0000-7000-8000-000000000001"]}, "ids"),
        ({"ids": [], "filter": {}}, "ids"),
        ({"ids": ["00000000-0000-7000-8000-000000000001"], "again": 1}, "again"),
        ({"filter": {"version": 1, "all": [{"field": "iq", "op": "is_set"}]}}, "filter"),
        ({"filter": {"version": 1, "all": []}, "price": 0}, "price"),
        ([], None),
    ],
)
def test_bad_calls_name_the_field_and_change_nothing(acme, outside, key, body, field):
    named(acme, "ok")
    answer = send(Client(), "post", "/api/leads/verify", body, **key)
    assert answer.status_code == 400, answer.content
    if field and field != "filter":
        assert field in answer.json()["errors"]
    with tenant_context(acme.id):
        assert not Job.objects.exists()
    assert balance(acme) == (Decimal("10.00"), 0)
