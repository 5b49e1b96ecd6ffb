"""The days' sums, the usage page, the API and the CSV tell the same (C-18)."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.utils import timezone

from credits.metering.aggregation import aggregate_usage
from credits.metering.models import ApiCall, DailyKeyUsage, DailyUsage
from credits.metering.queries import Day, Tally, _calls_a_day, days_of, endpoints_of
from credits.metering.recording import record_call, write_now
from credits.metering.tasks import aggregate_usage as aggregate_task
from credits.metering.tasks import write_counts as write_counts_task
from cursive.lib.slots.models import Slot
from cursive.lib.tenancy import system_context, tenant_context
from tests.credits.books import at_once, superuser
from tests.credits.metering.test_recording import a_call

TODAY = timezone.now().astimezone(UTC).date()


def back(days: int) -> date:
    return TODAY - timedelta(days=days)


def moment(days: int, hour: int = 12) -> datetime:
    return datetime(*back(days).timetuple()[:3], hour, tzinfo=UTC)


@pytest.fixture
def earlier_months(db):
    """Partitions of the last months; a new installation begins with this one."""
    after = TODAY.replace(day=1)
    with superuser() as connection:
        for _ in range(5):
            first = (after - timedelta(days=1)).replace(day=1)
            name = f"credits_apicall_{first:%Y%m}"
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF credits_apicall"
                f" FOR VALUES FROM ('{first} 00:00+00') TO ('{after} 00:00+00')"
            )
            connection.execute(f"ALTER TABLE {name} OWNER TO app_owner")
            connection.execute(f"REVOKE ALL ON {name} FROM app_user, app_admin")
            after = first


def add(usage, days: int, number: int = 1, **values) -> None:
    for _ in range(number):
        record_call(a_call(usage.id, created_at=moment(days, 0), **values))
    write_now()


def busy(usage) -> None:
    """Three days of calls of two routes, by a key and by people."""
    key = {"key_id": usage.key.id}
    for days, number in ((2, 3), (1, 5), (0, 2)):
        for at in range(number):
            add(usage, days, duration_ms=10.0 * (at + 1), **key)
    add(usage, 1, 2, endpoint="api-lead", status=404, duration_ms=4.0, user_id=usage.owner.id)
    add(usage, 1, 4, status=429, counted=False, **key)


def days(usage, number: int = 3) -> list[tuple[int, int, int]]:
    with tenant_context(usage.id):
        found = days_of(usage.id, number)
    return [(one.tally.calls, one.tally.errors, one.tally.refused) for one in found]


def routes(usage, number: int = 3):
    with tenant_context(usage.id):
        return [
            (one.path, one.tally.calls, one.tally.errors, one.tally.refused)
            for one in endpoints_of(usage.id, number)
        ]


THREE_DAYS = [(3, 0, 0), (7, 2, 4), (2, 0, 0)]
TWO_ROUTES = [("/api/leads", 10, 0, 4), ("/api/leads/{lead_id}", 2, 2, 0)]


def test_days_are_the_same_before_and_after_they_are_summed(acme, rival, earlier_months):
    busy(acme)
    add(rival, 1, 9)
    assert (days(acme), routes(acme)) == (THREE_DAYS, TWO_ROUTES)
    aggregate_usage(TODAY)
    assert (days(acme), routes(acme)) == (THREE_DAYS, TWO_ROUTES)
    assert days(rival) == [(0, 0, 0), (9, 0, 0), (0, 0, 0)]


def test_sums_have_calls_errors_and_durations(acme, earlier_months):
    """C-18: calls, errors, p50 and p95."""
    busy(acme)
    aggregate_usage(TODAY)
    with system_context():
        row = DailyUsage.objects.get(workspace_id=acme.id, day=back(1), endpoint="api-leads")
        by_key = DailyKeyUsage.objects.filter(workspace_id=acme.id, day=back(1))
        keys = sorted((str(one.key_id), one.calls, one.errors, one.refused) for one in by_key)
    assert (row.calls, row.errors, row.refused, row.p50_ms, row.p95_ms) == (5, 0, 4, 30.0, 50.0)
    assert keys == sorted([("None", 2, 2, 0), (str(acme.key.id), 5, 0, 4)])


def test_summing_up_again_changes_nothing_and_finds_late_calls(acme, earlier_months):
    busy(acme)
    assert back(1) in aggregate_usage(TODAY)
    assert aggregate_usage(TODAY) == []
    add(acme, 1, 3)
    assert days(acme) == THREE_DAYS, "not summed yet"
    assert aggregate_usage(TODAY + timedelta(days=1)) == [back(2), back(1), TODAY]
    assert days(acme) == [(3, 0, 0), (10, 2, 4), (2, 0, 0)]


def test_days_that_the_task_missed_are_caught_up(acme, earlier_months):
    add(acme, 20, 5)
    aggregate_usage(back(25))
    assert aggregate_usage(TODAY)[0] == back(27)
    assert days(acme, 30)[9] == (5, 0, 0)


def test_two_beats_sum_up_once(acme, earlier_months):
    busy(acme)
    done = at_once(4, lambda _: len(aggregate_usage(TODAY)))
    assert sorted(done)[:3] == [0, 0, 0] and sorted(done)[3] == 90
    assert days(acme) == THREE_DAYS


def test_the_tasks(acme, earlier_months):
    acme.count(3)
    assert write_counts_task() == 1
    assert acme.written() == 3
    assert aggregate_task() == 90
    with system_context():
        assert Slot.objects.filter(name="aggregate-usage", slot=TODAY.isoformat()).exists()


def test_the_task_without_redis(acme, store_down):
    assert write_counts_task() == 0


def test_calls_are_dropped_after_90_days_by_whole_months(acme, earlier_months):
    """C-18, X-9."""
    from cursive.tasks import make_partitions

    add(acme, 62)
    add(acme, 124)
    make_partitions()
    with system_context():
        left = ApiCall.objects.filter(workspace_id=acme.id)
        assert [one.created_at.date() for one in left] == [back(62)]


@pytest.mark.parametrize("role", ["default", "admin"])
def test_nothing_can_be_dropped_that_is_kept_for_good(db, role):
    with connections[role].cursor() as cursor, pytest.raises(Exception, match=r"kept|permission"):
        cursor.execute("SELECT drop_old_month_partitions('accounts_auditentry')")


# ---- Forecast and money ------------------------------------------------------------------------


def made(*calls: int) -> list[Day]:
    return [Day(back(len(calls) - at), Tally(one)) for at, one in enumerate(calls)]


@pytest.mark.parametrize(
    ("calls", "a_day"),
    [
        ((0, 0, 0, 0, 0, 0, 0, 12), 12),
        ((0, 0, 0, 0, 0, 10, 20, 3), 15),
        ((90, 7, 7, 7, 7, 7, 7, 7, 0), 7),
        ((0, 0, 0, 0, 0, 0, 0, 0), 0),
    ],
)
def test_the_rate_of_a_forecast(calls, a_day):
    assert _calls_a_day(made(*calls)) == a_day


def test_current_usage(acme, settings, earlier_months):
    busy(acme)
    acme.used_before(700)
    settings.API_RATE = "1000/minute"
    body = acme.get("/api/usage/current").json()
    assert (body["plan"], body["calls"], body["limit"], body["remaining"]) == (
        "free",
        701,
        1000,
        299,
    )
    assert (body["past_limit"], body["overage_calls"], body["overage_usd"]) == (
        "blocked",
        0,
        "0.00",
    )
    assert body["today"] == 2 and body["forecast"] >= 701
    assert body["period_start"] < body["period_end"]


def test_overage_so_far(acme):
    """C-20's figures: $0.001 a call past the limit."""
    acme.plan(calls=1000, past_limit="charged", call_price_usd="0.001")
    acme.used_before(13_499)
    body = acme.get("/api/usage/current").json()
    assert (body["calls"], body["remaining"], body["past_limit"]) == (13_500, 0, "charged")
    assert (body["overage_calls"], Decimal(body["overage_usd"])) == (12_500, Decimal("12.50"))
    page = acme.browser().get("/usage/").content.decode()
    assert "$12.50" in page and "12,500 calls past the plan" in page


def test_without_a_limit(acme):
    acme.plan(calls=None)
    body = acme.get("/api/usage/current").json()
    assert (body["limit"], body["remaining"], body["past_limit"]) == (None, None, None)
    assert "No limit on Free" in acme.browser().get("/usage/").content.decode()


# ---- REST --------------------------------------------------------------------------------------


def test_history(acme, earlier_months):
    busy(acme)
    body = acme.get("/api/usage/history?days=3").json()
    assert body["days"] == 3
    assert [one["day"] for one in body["data"]] == [str(back(n)) for n in (2, 1, 0)]
    assert [(one["calls"], one["errors"], one["refused"]) for one in body["data"]] == THREE_DAYS
    assert (body["page"], body["pageSize"], body["total"]) == (1, 50, 3)
    assert len(acme.get("/api/usage/history").json()["data"]) == 30
    second = acme.get("/api/usage/history?days=3&page=2&pageSize=2").json()
    assert [one["day"] for one in second["data"]] == [str(TODAY)] and second["total"] == 3
    assert acme.get("/api/usage/history?page=0").status_code == 400


def test_endpoints(acme, earlier_months):
    busy(acme)
    aggregate_usage(TODAY)
    body = acme.get("/api/usage/endpoints?days=3").json()
    first, second = body["data"][0], body["data"][1]
    assert (first["endpoint"], first["path"], first["calls"]) == ("api-leads", "/api/leads", 10)
    assert (second["path"], second["errors"], second["p50_ms"]) == ("/api/leads/{lead_id}", 2, 4.0)
    assert (body["page"], body["pageSize"], body["total"]) == (1, 50, len(body["data"]))
    assert acme.get("/api/usage/endpoints?days=3&pageSize=1").json()["data"] == [first]
    assert acme.get("/api/usage/endpoints").json()["days"] == 7


@pytest.mark.parametrize("raw", ["0", "91", "-1", "x", "1.5", "٣", "9" * 30, "%00"])
@pytest.mark.parametrize("path", ["history", "endpoints"])
def test_days_that_are_none(acme, path, raw):
    answer = acme.get(f"/api/usage/{path}?days={raw}")
    assert answer.status_code == 400
    assert "days" in answer.json()["errors"]


def test_another_workspace_sees_nothing(acme, rival, earlier_months):
    busy(acme)
    acme.used_before(50)
    assert rival.get("/api/usage/current").json()["calls"] == 1
    assert rival.get("/api/usage/endpoints").json()["data"] == []
    page = rival.browser().get("/usage/").content.decode()
    assert "No calls in these days" in page


# ---- The page ----------------------------------------------------------------------------------


def test_the_page(acme, earlier_months):
    busy(acme)
    acme.used_before(12)
    page = acme.browser().get("/usage/?days=7").content.decode()
    assert "of 1,000 on Free, 988 left" in page
    assert "12 calls, 2 of them answered with an error; 4 more refused by a limit" in page
    assert "/api/leads/{lead_id}" in page
    assert "CRM" in page and acme.key.prefix in page and "Signed in" in page
    assert page.count('<rect class="day-slot"') == 7
    assert "<table" in page, "the chart as a table"


def test_the_page_when_all_is_used_up(acme):
    acme.used_before(1000)
    page = acme.browser().get("/usage/").content.decode()
    assert "The calls of this period are used up" in page


def test_the_fragment_is_the_same_part(acme, earlier_months):
    busy(acme)
    client = acme.browser()
    part = client.get("/usage/?days=7", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "By endpoint" in part
    assert part.strip()[:200] in client.get("/usage/?days=7").content.decode()


def test_an_odd_span_is_the_usual_one(acme):
    for odd in ("5", "x", "-7"):
        page = acme.browser().get(f"/usage/?days={odd}")
        assert page.status_code == 200
        assert b'days=30" hx-target="#details" hx-push-url="true" aria-current' in page.content


def test_a_page_asks_a_bounded_number_of_questions(
    acme, earlier_months, django_assert_max_num_queries
):
    busy(acme)
    client = acme.browser()
    client.get("/usage/")
    with django_assert_max_num_queries(26):
        client.get("/usage/?days=90")


def test_the_csv(acme, earlier_months):
    busy(acme)
    aggregate_usage(TODAY)
    answer = acme.browser().post("/usage/export/", {"days": 7})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(one["Day (UTC)"], one["Route"], one["Calls"], one["Refused"]) for one in rows] == [
        (str(TODAY), "api-leads", "2", "0"),
        (str(back(1)), "api-leads", "5", "4"),
        (str(back(1)), "api-lead", "2", "0"),
        (str(back(2)), "api-leads", "3", "0"),
    ]
    assert rows[1]["Median ms"] == "30.0"


def test_the_csv_is_limited_and_noted(acme):
    client = acme.browser()
    assert [client.post("/usage/export/").status_code for _ in range(11)] == [200] * 10 + [429]
    with system_context():
        from accounts.audit.models import AuditEntry

        assert AuditEntry.objects.filter(resource="usage", action="export").count() == 10


def test_staff_see_usage(acme, earlier_months, settings):
    from tests import cast

    settings.STAFF_MFA_REQUIRED = False
    busy(acme)
    acme.used_before(5)
    aggregate_usage(TODAY)
    from django.test import Client

    client = Client()
    client.force_login(cast.staff())
    for path in ("dailyusage", "usagecount"):
        page = client.get(f"/admin/credits/{path}/?workspace={acme.id}")
        assert page.status_code == 200 and b"Acme" in page.content


def test_json_is_what_a_client_can_read(acme):
    assert json.loads(acme.get("/api/usage/history?days=1").content)["data"][0]["calls"] >= 0
