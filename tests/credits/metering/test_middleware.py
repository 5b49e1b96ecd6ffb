"""Every API call is counted, limited and recorded, whatever becomes of it (C-17, C-19)."""

import logging
import math
import time
from contextlib import contextmanager

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import include, path
from rest_framework.views import APIView

from credits.metering import recording
from credits.metering.operations import known_terms
from cursive.lib import limits
from cursive.lib.errors import TooMany
from tests.credits.books import superuser


class Breaks(APIView):
    def get(self, request, thing):
        raise IntegrityError("no such luck")

    def post(self, request, thing):
        raise TooMany("Slowly.", retry_after=7, limit=5, remaining=0, reset=99)


urlpatterns = [
    path("api/breaks/<uuid:thing>", Breaks.as_view(), name="api-breaks"),
    path("", include("cursive.urls")),
]
UUID = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def more_routes(settings) -> None:
    settings.ROOT_URLCONF = __name__


def figures(answer) -> tuple[int, int, int]:
    names = ("Limit", "Remaining", "Reset")
    return tuple(int(answer[f"X-RateLimit-{name}"]) for name in names)


def test_every_answer_carries_the_figures(acme, more_routes):
    """C-19."""
    asked = [
        ("/api/credits/balance", 200),
        (f"/api/leads/{UUID}", 404),
        ("/api/credits/transactions?page=x", 400),
        ("/api/nothing-of-the-kind", 404),
        (f"/api/breaks/{UUID}", 500),
        ("/api/credits/packages", 200),
    ]
    for number, (url, status) in enumerate(asked, 1):
        answer = acme.get(url)
        assert answer.status_code == status
        limit, remaining, reset = figures(answer)
        assert (limit, remaining) == (100, 100 - number)
        assert 0 < reset - time.time() <= 61
    assert acme.total() == len(asked)


def test_calls_are_recorded_by_route(acme, more_routes):
    """C-17."""
    acme.get()
    acme.get(f"/api/breaks/{UUID}")
    acme.get("/api/nothing-of-the-kind")
    acme.browser().get("/api/leads")
    recorded = acme.calls()
    assert [(one.endpoint, one.method, one.status) for one in recorded] == [
        ("api-credits-balance", "GET", 200),
        ("api-breaks", "GET", 500),
        ("unknown", "GET", 404),
        ("api-leads", "GET", 200),
    ]
    assert [one.key_id for one in recorded] == [acme.key.id] * 3 + [None]
    assert [one.user_id for one in recorded] == [None] * 3 + [acme.owner.id]
    assert all(one.counted and 0 < one.duration_ms < 60_000 for one in recorded)
    assert acme.total() == 4


def test_pages_and_strangers_are_no_calls(acme):
    acme.browser().get("/credits/")
    acme.browser().get("/api/health")
    for headers in ({}, {"Authorization": "Bearer cur_live_nonsense"}):
        answer = Client().get("/api/credits/balance", headers=headers)
        assert answer.status_code == 401
        assert "X-RateLimit-Limit" not in answer
    assert acme.total() == 0
    assert acme.calls() == []


@pytest.mark.parametrize(("before", "statuses"), [(999, [200, 429, 429])])
def test_past_the_plan(acme, before, statuses):
    """C-19: calls 1,000, 1,001 and 1,002 of Free."""
    acme.used_before(before)
    answers = [acme.get() for _ in statuses]
    assert [one.status_code for one in answers] == statuses
    end = math.ceil(known_terms(acme.id).period_end.timestamp())
    assert [figures(one) for one in answers] == [(1000, 0, end)] * 3
    refusal = answers[1]
    assert refusal["Content-Type"] == "application/problem+json"
    assert abs(int(refusal["Retry-After"]) - (end - time.time())) < 5
    body = refusal.json()
    assert (body["status"], body["code"], body["limit"]) == (429, "too_many", 1000)
    assert "Free plan are used up" in body["detail"]
    assert {one.endpoint for one in acme.calls()} == {"api-credits-balance"}
    recorded = acme.calls()
    assert [(one.status, one.counted) for one in recorded] == [
        (200, True),
        (429, False),
        (429, False),
    ]
    assert acme.total() == 1000, "refused calls are no use"


def test_past_the_minute(acme, settings):
    settings.API_RATE = "3/minute"
    answers = [acme.get() for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [figures(one)[:2] for one in answers] == [(3, 2), (3, 1), (3, 0), (3, 0)]
    assert 0 < int(answers[-1]["Retry-After"]) <= 61
    assert acme.total() == 3
    assert acme.browser().get("/api/leads").status_code == 429, "one limit for a workspace"
    assert acme.browser().get("/leads/").status_code == 200, "pages have their own"


def test_a_refused_call_does_nothing(acme, settings):
    settings.API_RATE = "1/minute"
    acme.get()
    body = {"name": "Widgets", "sells": "Widgets"}
    bearer = {"Authorization": f"Bearer {acme.token}"}
    answer = acme.client.post(
        "/api/business-profiles", body, content_type="application/json", headers=bearer
    )
    assert answer.status_code == 429
    settings.API_RATE = "9/minute"
    assert acme.get("/api/business-profiles").json()["total"] == 0


def test_a_limit_of_the_view_tells_its_own_figures(acme, more_routes):
    bearer = {"Authorization": f"Bearer {acme.token}"}
    answer = acme.client.post(f"/api/breaks/{UUID}", headers=bearer)
    assert answer.status_code == 429
    assert figures(answer) == (5, 0, 99)
    assert answer["Retry-After"] == "7"


def test_listeners_hear_of_refusals(acme, settings):
    """A-8."""
    heard = []

    def listen(limit: limits.Limit, subject: str) -> None:
        heard.append((limit.name, subject))

    limits.register_refusal_listener(listen)
    try:
        settings.API_RATE = "1/minute"
        acme.get()
        acme.get()
        acme.used_before(1000)
        acme.count()
    finally:
        limits._listeners.remove(listen)
    assert heard[0] == ("api", str(acme.id))
    assert {subject for _, subject in heard} == {str(acme.id)}


def test_without_redis_calls_are_answered_counted_and_recorded(acme, store_down):
    """C-17: open, and exact."""
    acme.used_before(998)
    answers = [acme.get() for _ in range(4)]
    assert [one.status_code for one in answers] == [200] * 4
    assert [figures(one)[:2] for one in answers] == [(1000, n) for n in (1, 0, 0, 0)]
    assert acme.written() == 1002
    assert len(acme.calls()) == 4


def test_a_call_that_is_rolled_back_was_a_call(acme, more_routes, store_down):
    assert acme.get(f"/api/breaks/{UUID}").status_code == 500
    assert acme.written() == 1


@contextmanager
def table_gone(name: str):
    """The database refuses everything about a table."""
    with superuser() as connection:
        connection.execute(f"ALTER TABLE {name} RENAME TO away")
    try:
        yield
    finally:
        with superuser() as connection:
            connection.execute(f"ALTER TABLE away RENAME TO {name}")


def test_recording_that_fails_fails_no_call(acme):
    logging.disable(logging.CRITICAL)
    try:
        with table_gone("credits_apicall"):
            assert acme.get().status_code == 200
            assert not recording.write_now()
            assert acme.get().status_code == 200
    finally:
        logging.disable(logging.NOTSET)
    assert acme.total() == 2
    assert [one.status for one in acme.calls()] == [200, 200], "written once it can be"
    assert acme.written() == 2


def test_counting_that_fails_fails_no_call(acme, store_down):
    logging.disable(logging.CRITICAL)
    try:
        with table_gone("credits_usagecount"):
            answer = acme.get()
    finally:
        logging.disable(logging.NOTSET)
    assert answer.status_code == 200
    assert "X-RateLimit-Limit" not in answer


def test_what_the_database_never_takes_is_given_up(acme):
    logging.disable(logging.CRITICAL)
    try:
        with table_gone("credits_apicall"):
            acme.get()
            assert [recording.write_now() for _ in range(recording.TRIES)] == [False] * 5
    finally:
        logging.disable(logging.NOTSET)
    acme.get()
    assert len(acme.calls()) == 1
    assert acme.total() == acme.written() == 2


def test_metering_a_call_asks_the_database_nothing(acme, django_assert_num_queries):
    """The terms are known for some seconds; the count is Redis's, the details a thread's."""
    acme.get()
    with django_assert_num_queries(0, using="default"), django_assert_num_queries(0, using="admin"):
        acme.count()
