"""X-3: every refusal is a problem document for the API and a page for people."""

import pytest
from django.test import Client

from tests import cast


@pytest.fixture
def alice(db) -> Client:
    _, owner = cast.acme()
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    return client


def test_an_unknown_api_route_is_a_problem_document(alice):
    answer = alice.get("/api/nothing")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "request_id"} <= set(body) and body["request_id"]


def test_an_unknown_page_is_our_own(alice):
    answer = alice.get("/nothing/")
    assert answer.status_code == 404 and b"Cursive" in answer.content


def test_htmx_gets_an_inline_message_and_a_toast(alice):
    answer = alice.get("/leads/?sort=best", headers={"HX-Request": "true"})
    assert answer.status_code == 400 and b"<html" not in answer.content
    assert "There is no such order" in answer["HX-Trigger"]


def test_anonymous_calls_are_told_to_sign_in(db):
    answer = Client().get("/api/jobs")
    assert answer.status_code == 401 and answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["status"] == 401


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'{"a": NaN', b"[" * 100_000, b'{"status": "\\ud800"}', b"null"]
)
def test_unreadable_bodies_are_400(alice, body):
    """X-5."""
    job = "01890000-0000-7000-8000-000000000000"
    answer = alice.patch(f"/api/leads/{job}", body, "application/json")
    assert answer.status_code in {400, 404}


def test_a_huge_body_is_refused(alice):
    """X-5."""
    body = b'{"notes": "' + b"x" * 3_000_000 + b'"}'
    answer = alice.patch(
        "/api/leads/01890000-0000-7000-8000-000000000000", body, "application/json"
    )
    assert answer.status_code == 413


def test_health_needs_no_sign_in(db):
    answer = Client().get("/api/health")
    assert answer.json()["checks"]["database"] == "ok"


def test_an_address_that_cannot_be_shown_names_what_is_wrong_with_it(alice):
    """X-3: which part, what it may be, and the way on."""
    answer = alice.get("/leads/?sort=bad&f=")
    text = answer.content.decode()
    assert answer.status_code == 400
    assert "<code>sort</code>: One of: newest, oldest, score, name, company." in text
    assert 'href="/leads/"' in text
