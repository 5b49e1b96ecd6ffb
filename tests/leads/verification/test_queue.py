"""L-16: three tries, the fallback and back, no call repeated blindly, five at once."""

import os
import signal
import time
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.utils import timezone

from credits.ledger.checks import find_differences
from cursive.lib import tenancy
from cursive.lib.jobs.runner import run_job
from cursive.lib.slots.models import Slot
from cursive.lib.tenancy import system_context, tenant_context
from leads.verification import asking
from leads.verification.models import Check
from leads.verification.tasks import purge, work_queue
from tests import cast
from tests.faults.doom import ended, hire
from tests.leads.records.pulling import balance, give
from tests.leads.verification.checking import (
    again,
    checks,
    fresh,
    later,
    named,
    start,
    work,
)
from tests.leads.verification.doubles import MILLION, ZERO


def test_a_provider_that_fails_once_is_asked_after_the_other(acme, outside):
    outside.moods[MILLION] = "busy"
    (lead,) = named(acme, "ok")
    job = work(acme, start(acme, [lead]))
    assert job.status == "completed"
    (check,) = checks(acme)
    assert (check.provider, check.tries, check.status) == (ZERO, 2, "valid")
    assert len(outside.calls[MILLION]) == len(outside.calls[ZERO]) == 1


def test_an_outage_switches_to_the_fallback_and_back(acme, outside):
    outside.moods[MILLION] = "broken"
    leads = named(acme, *["ok"] * 12)
    job = work(acme, start(acme, leads))
    assert job.result["valid"] == 12
    assert len(outside.calls[MILLION]) < 12 and len(outside.calls[ZERO]) == 12
    assert {check.provider for check in checks(acme)} == {ZERO}
    cache.delete("breaker:millionverifier:open")  # its minute is over
    outside.moods[MILLION] = "ok"
    more = [cast.lead(acme, email=f"ok.more{n}@people.example") for n in range(3)]
    assert work(acme, start(acme, more)).result["valid"] == 3
    assert len(outside.calls[ZERO]) == 12


@pytest.mark.parametrize("mood", ["error", "busy", "broken", "garbage", "silent"])
def test_whatever_both_say_there_are_three_tries_and_no_charge(acme, outside, impatient, mood):
    outside.moods[MILLION] = outside.moods[ZERO] = mood
    (lead,) = named(acme, "ok")
    job = work(acme, start(acme, [lead]))
    for _ in range(4):
        if not job.is_over:
            assert job.note == "Waiting to ask again"
            job = later(acme, job)
    (check,) = checks(acme)
    assert (job.status, job.processed, job.failed) == ("completed", 0, 1)
    assert (check.status, check.provider, check.tries) == ("unknown", "", 3)
    assert fresh(acme, lead).verification_status == "unknown"
    assert "No answer" in job.errors[0]
    asked = len(outside.calls[MILLION]) + len(outside.calls[ZERO])
    assert asked == 3
    # ZeroBounce may have charged for what came to nothing: it isn't asked again.
    most = 1 if mood in ("silent", "broken", "garbage") else 2
    assert len(outside.calls[ZERO]) <= most
    assert balance(acme) == (Decimal("10.00"), 0)
    assert find_differences() == []


def test_zerobounce_alone_is_asked_once_where_it_may_have_charged(
    acme, outside, impatient, settings
):
    settings.MILLIONVERIFIER_KEY = ""
    outside.moods[ZERO] = "silent"
    job = work(acme, start(acme, named(acme, "ok")))
    assert (job.status, job.result["unknown"], len(outside.calls[ZERO])) == ("completed", 1, 1)


def test_a_worker_that_died_while_zerobounce_was_asked(acme, outside, settings):
    settings.MILLIONVERIFIER_KEY = ""
    job = start(acme, named(acme, "ok"))
    with tenant_context(acme.id):
        Check.objects.update(state="asking", provider=ZERO, tries=1, lease_until=timezone.now())
    job = later(acme, job)
    assert (job.status, job.result["unknown"], outside.calls[ZERO]) == ("completed", 1, [])


def test_while_nobody_works_addresses_wait_without_losing_a_try(acme, outside):
    for code in (MILLION, ZERO):
        cache.set(f"breaker:{code}:open", True, 60)
    leads = named(acme, "ok", "invalid")
    job = work(acme, start(acme, leads))
    assert job.status == "processing" and job.lease_token is None
    assert job.next_attempt_at > timezone.now() + timedelta(seconds=30)
    assert {(check.state, check.tries) for check in checks(acme)} == {("waiting", 0)}
    assert outside.calls == {}
    for code in (MILLION, ZERO):
        cache.delete(f"breaker:{code}:open")
    assert later(acme, job).result["valid"] == 1


def test_an_outage_that_lasts_a_day_ends_the_wait(acme, outside):
    for code in (MILLION, ZERO):
        cache.set(f"breaker:{code}:open", True, 60)
    job = work(acme, start(acme, named(acme, "ok")))
    with tenant_context(acme.id):
        Check.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    job = later(acme, job)
    assert (job.status, job.result["unknown"]) == ("completed", 1)
    assert balance(acme) == (Decimal("10.00"), 0)


def test_the_task_wakes_what_is_due_once_a_slot(acme, outside):
    for code in (MILLION, ZERO):
        cache.set(f"breaker:{code}:open", True, 60)
    job = work(acme, start(acme, named(acme, "ok")))
    with tenant_context(acme.id):
        Check.objects.update(next_attempt_at=timezone.now())
    assert work_queue() == 1
    assert again(acme, job).next_attempt_at <= timezone.now()
    assert work_queue() == 0  # this slot is taken
    with system_context():
        Slot.objects.all().delete()
        Check.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=1))
    assert work_queue() == 0  # nothing is due
    assert purge() == 0


def test_beat_rings_every_five_minutes(settings):
    entry = settings.CELERY_BEAT_SCHEDULE["verification-queue"]
    assert entry["task"] == work_queue.name
    assert sorted(entry["schedule"].minute) == list(range(0, 60, 5))


def test_at_most_five_calls_at_once_across_processes(acme, outside):
    """Two processes with a job each, of five threads each: never more than five calls."""
    outside.seconds = 0.05
    rival, carol = cast.rival()
    rival.actor = cast.actor_for(carol)
    give(rival, 10)
    ours = start(acme, [cast.lead(acme, email=f"ok.a{n}@people.example") for n in range(40)])
    theirs = start(rival, [cast.lead(rival, email=f"ok.b{n}@people.example") for n in range(40)])
    workers = [
        hire(lambda: run_job(workspace_id=acme.id, job_id=ours.id)),
        hire(lambda: run_job(workspace_id=rival.id, job_id=theirs.id)),
    ]
    assert [ended(worker) for worker in workers] == [0, 0]
    assert again(acme, ours).result["valid"] == again(rival, theirs).result["valid"] == 40
    assert len(outside.calls[MILLION]) == 80
    assert outside.most[MILLION] == asking.AT_ONCE == 5


def test_a_place_is_freed_when_its_process_is_killed(acme, outside):
    """Five places are held by a process that then dies: the next one needn't wait for long."""
    provider = asking.PROVIDERS[MILLION]
    read, write = os.pipe()

    def hold() -> None:
        with ExitStack() as places:
            places.enter_context(tenancy.system_context())
            places.enter_context(tenancy.atomic())
            cursor = tenancy.connection().cursor()
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext('verification:millionverifier'), n)"
                " FROM generate_series(1, 5) n"
            )
            os.write(write, b"held")
            time.sleep(60)

    holder = hire(hold)
    assert os.read(read, 4) == b"held"
    with asking.place_at(provider, until=time.monotonic() + 0.2) as is_ours:
        assert not is_ours
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    job = work(acme, start(acme, named(acme, "ok")))
    assert job.result["valid"] == 1
