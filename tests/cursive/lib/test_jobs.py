"""Jobs: claimed once, worked in steps, resumed after a dead worker, cancelled, retried (L-21)."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.jobs import registry, runner
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job, enqueue_job, retry_job
from cursive.lib.jobs.registry import JobHandler, Step
from cursive.lib.outbox.models import Event
from cursive.lib.slots.models import Slot
from cursive.lib.tenancy import tenant_context
from tests import cast

ACTOR = Actor.system("test")


class Counter(JobHandler):
    """Counts to `params['to']`, one row of evidence a step."""

    kind = "test-counter"
    label = "Counter"

    def step(self, job: Job, prepared: object) -> Step:
        at = job.cursor.get("at", 0)
        if job.params.get("fail_at") == at:
            raise InvalidInput("It can't be done.")
        if job.params.get("break_at") == at and not job.params.get("mended"):
            raise RuntimeError("broken")
        Slot.objects.create(name=str(job.id), slot=str(at))
        return Step(processed=1, cursor={"at": at + 1}, done=at + 1 >= job.params["to"])

    def finish(self, job: Job) -> None:
        job.result = {"counted": job.processed}


@pytest.fixture
def acme(db):
    registry.register_kind(Counter())
    workspace, _ = cast.acme()
    yield workspace
    registry._handlers.pop(Counter.kind)


def start(workspace, key="", **params) -> Job:
    with tenant_context(workspace.id):
        job, _ = enqueue_job(
            workspace_id=workspace.id,
            kind=Counter.kind,
            title="Count",
            params={"to": 3, **params},
            actor=ACTOR,
            key=key,
            total=params.get("to", 3),
        )
    return job


def reload(job: Job) -> Job:
    with tenant_context(job.workspace_id):
        return Job.objects.get(id=job.id)


def evidence(job: Job) -> list[str]:
    return list(
        Slot.objects.filter(name=str(job.id)).order_by("slot").values_list("slot", flat=True)
    )


def work(job: Job) -> Job:
    runner.run_job(workspace_id=job.workspace_id, job_id=job.id)
    return reload(job)


def test_a_job_runs_to_its_end_and_says_so(acme):
    job = work(start(acme))
    assert (job.status, job.progress, job.result) == ("completed", 100, {"counted": 3})
    assert evidence(job) == ["0", "1", "2"]
    with tenant_context(acme.id):
        event = Event.objects.get(type="job.completed")
    assert event.payload["job"] == str(job.id)


def test_a_job_that_is_over_is_not_worked_again(acme):
    job = work(start(acme))
    work(job)
    assert evidence(job) == ["0", "1", "2"]


def test_the_same_key_is_the_same_job_and_other_params_conflict(acme):
    first = start(acme, key="k")
    assert start(acme, key="k").id == first.id
    with pytest.raises(Conflict):
        start(acme, key="k", to=4)
    with tenant_context(acme.id):
        assert Job.objects.count() == 1


def test_a_refusal_fails_the_job_with_its_sentence(acme):
    job = work(start(acme, fail_at=1))
    assert (job.status, job.error) == ("failed", "It can't be done.")
    assert evidence(job) == ["0"]


def test_a_broken_step_is_tried_later_and_goes_on_from_its_cursor(acme):
    job = work(start(acme, break_at=1))
    assert job.status == "processing" and job.cursor == {"at": 1}
    assert job.next_attempt_at > timezone.now()
    with tenant_context(acme.id):
        Job.objects.filter(id=job.id).update(
            next_attempt_at=timezone.now(), params={"to": 3, "mended": True}
        )
    job = work(job)
    assert job.status == "completed" and evidence(job) == ["0", "1", "2"]


def test_tries_without_progress_end(acme):
    job = start(acme, break_at=0)
    for _ in range(runner.MAX_ATTEMPTS):
        with tenant_context(acme.id):
            Job.objects.filter(id=job.id).update(next_attempt_at=timezone.now())
        job = work(job)
    assert job.status == "failed" and "RuntimeError" in job.error


def test_a_job_that_kills_its_workers_is_given_up(acme):
    job = start(acme)
    with tenant_context(acme.id):  # as workers leave it that die before their first step is done
        Job.objects.filter(id=job.id).update(attempts=runner.MAX_CLAIMS)
    done = work(job)
    assert (done.status, done.error) == (
        Job.Status.FAILED,
        "It was given up: every worker that took it went down.",
    )
    assert evidence(job) == []


def test_a_failed_job_is_retried_from_its_cursor(acme):
    job = work(start(acme, fail_at=1))
    with tenant_context(acme.id):
        Job.objects.filter(id=job.id).update(params={"to": 3})
        retry_job(workspace_id=acme.id, job_id=job.id, actor=ACTOR)
    job = work(job)
    assert job.status == "completed" and evidence(job) == ["0", "1", "2"]
    with tenant_context(acme.id), pytest.raises(Conflict):
        retry_job(workspace_id=acme.id, job_id=job.id, actor=ACTOR)


def test_cancel_ends_a_job_before_its_next_step(acme):
    job = start(acme)
    with tenant_context(acme.id):
        cancel_job(workspace_id=acme.id, job_id=job.id, actor=ACTOR)
    job = work(job)
    assert (job.status, evidence(job)) == ("cancelled", [])
    with tenant_context(acme.id), pytest.raises(Conflict):
        cancel_job(workspace_id=acme.id, job_id=job.id, actor=ACTOR)


def test_another_workspaces_job_is_not_found(acme):
    job = start(acme)
    rival, _ = cast.rival()
    for operation in (cancel_job, retry_job):
        with tenant_context(rival.id), pytest.raises(NotFound):
            operation(workspace_id=rival.id, job_id=job.id, actor=ACTOR)
    assert not reload(job).cancel_requested


def test_many_workers_do_each_step_once(acme):
    job = start(acme, to=20)

    def one() -> None:
        runner.run_job(workspace_id=acme.id, job_id=job.id)
        connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reload(job).status == "completed"
    assert len(evidence(job)) == 20


def test_a_worker_that_lost_its_lease_writes_nothing(acme):
    job = start(acme)
    token = runner._claim(acme.id, job.id)
    with tenant_context(acme.id):
        Job.objects.filter(id=job.id).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert runner.due_jobs() == [(acme.id, job.id)]
    done = work(job)
    with pytest.raises(runner.LeaseLost):
        runner._advance(acme.id, job.id, token)
    assert done.status == "completed" and len(evidence(job)) == 3


def test_a_job_under_lease_is_nobodys_else(acme):
    job = start(acme)
    assert runner._claim(acme.id, job.id)
    assert runner._claim(acme.id, job.id) is None
    assert runner.due_jobs() == []


DYING_WORKER = """
import os, sys, time, uuid
import django
django.setup()
from django.db import connections
for alias in connections:
    connections[alias].settings_dict["NAME"] = sys.argv[1]
from cursive.lib.jobs import registry, runner
from tests.cursive.lib.test_jobs import Counter

class Slow(Counter):
    def step(self, job, prepared):
        step = super().step(job, prepared)
        print(step.cursor["at"], flush=True)
        time.sleep(0.2)
        return step

registry.register_kind(Slow())
runner.run_job(workspace_id=uuid.UUID(sys.argv[2]), job_id=uuid.UUID(sys.argv[3]))
"""


@pytest.mark.faults
def test_kill_minus_nine_loses_one_step_at_most_and_repeats_none(acme, django_db_setup):
    job = start(acme, to=5)
    process = subprocess.Popen(
        [sys.executable, "-c", DYING_WORKER, django_db_setup, str(acme.id), str(job.id)],
        stdout=subprocess.PIPE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "cursive.settings"},
    )
    assert process.stdout.readline() == b"1\n"
    assert process.stdout.readline() == b"2\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert evidence(job) == ["0"]  # step 2 was not committed
    with tenant_context(acme.id):
        Job.objects.filter(id=job.id).update(lease_until=timezone.now())
    job = work(job)
    assert job.status == "completed"
    assert (job.processed, evidence(job)) == (5, ["0", "1", "2", "3", "4"])


def test_a_job_without_a_worker_says_that_it_waits(acme):
    """L-21: before the first worker has it, and after the one that had it died."""
    job = start(acme, to=3)
    assert job.is_waiting
    with tenant_context(acme.id):
        Job.objects.filter(id=job.id).update(
            status=Job.Status.PROCESSING,
            lease_until=timezone.now() + timedelta(seconds=30),
            started_at=timezone.now() - timedelta(seconds=10),
            processed=1,
            total=3,
        )
        job.refresh_from_db()
        assert not job.is_waiting and job.eta_seconds is not None
        Job.objects.filter(id=job.id).update(lease_until=timezone.now() - timedelta(seconds=1))
        job.refresh_from_db()
        assert job.is_waiting and job.eta_seconds is None
    runner.run_job(workspace_id=acme.id, job_id=job.id)
    with tenant_context(acme.id):
        job.refresh_from_db()
    assert not job.is_waiting and job.is_over
