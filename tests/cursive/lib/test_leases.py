"""L-21: a job is its worker's however long a step takes, and another's when that one is gone."""

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest
from django.core.files.storage import default_storage
from django.db import connections
from django.db.backends.utils import CursorWrapper

from cursive.lib.jobs import lease, registry, runner
from cursive.lib.jobs.lease import interrupting, raise_if_ended
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job
from cursive.lib.tenancy import tenant_context
from cursive.lib.watch import Ended, Watch
from leads.catalogue.engine import connect
from leads.duplicates.search import DuplicateSearchHandler, start_search
from leads.exports.operations import ExportHandler, start_export
from leads.filters.tree import EVERYBODY
from tests import cast
from tests.cursive.lib.test_jobs import ACTOR, Counter, acme, evidence, reload, start, work
from tests.faults import doom

__all__ = ["acme"]

pytestmark = pytest.mark.faults
LEASE = 1  # seconds
FOREVER = "SELECT count(*) FROM range(10000000) a, range(10000000) b"


class SlowHandler(Counter):
    """Counts, with a rest at a place, where it has told by a pipe that it has come there."""

    def __init__(self, place: str, seconds: float, told: int) -> None:
        self.place, self.seconds, self.told = place, seconds, told

    def rest(self, place: str) -> None:
        if place == self.place:
            os.write(self.told, b"there")
            time.sleep(self.seconds)

    def prepare(self, job: Job) -> None:
        self.rest("prepare")
        self.rest(self.place if self.place in {"loop", "query"} else "")
        while self.place == "loop":
            raise_if_ended()
            time.sleep(0.02)
        if self.place == "query":
            with connect() as db, interrupting(db.interrupt):
                db.execute(FOREVER)

    def step(self, job: Job, prepared: object) -> object:
        done = super().step(job, prepared)
        self.rest("step")
        return done


class Worker:
    """Another process that works a job, with a rest at a place; it has come there."""

    def __init__(self, job: Job, place: str, seconds: float) -> None:
        read, told = os.pipe()

        def work() -> None:
            registry.register_kind(SlowHandler(place, seconds, told))
            runner.run_job(workspace_id=job.workspace_id, job_id=job.id)

        self.pid = doom.hire(work)
        self.code: int | None = None
        os.close(told)
        assert os.read(read, 5) == b"there"
        os.close(read)

    def poll(self) -> int | None:
        """How it ended, None while it lives."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self) -> int:
        """How it has ended, once it has."""
        if self.code is None:
            self.code = doom.ended(self.pid)
        return self.code

    def send(self, sign: int) -> None:
        """A signal."""
        os.kill(self.pid, sign)


@pytest.fixture
def hire(settings):
    """Begin a process that works a job and rests at a place; it has come there."""
    settings.JOB_LEASE_SECONDS = LEASE
    hired: list[Worker] = []

    def begin(job: Job, place: str, seconds: float = 0) -> Worker:
        hired.append(Worker(job, place, seconds))
        return hired[-1]

    yield begin
    for worker in hired:
        if worker.poll() is None:
            worker.send(signal.SIGKILL)
            worker.wait()


def wait_until(true: Callable[[], object]) -> None:
    ends = time.monotonic() + 60
    while not true():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.05)


def cancel(job: Job) -> None:
    with tenant_context(job.workspace_id):
        cancel_job(workspace_id=job.workspace_id, job_id=job.id, actor=ACTOR)


def test_what_is_prepared_for_several_leases_stays_its_workers(acme, hire):
    job = start(acme, to=1)
    process = hire(job, "prepare", 4 * LEASE)
    while process.poll() is None:
        assert runner.due_jobs() == [] or reload(job).is_over
        assert runner._claim(acme.id, job.id) is None
        assert not reload(job).is_waiting
        time.sleep(0.1)
    job = reload(job)
    assert (job.status, job.error, evidence(job)) == ("completed", "", ["0"])


def test_a_step_of_several_leases_is_neither_taken_nor_waited_for(acme, hire):
    job = start(acme, to=1)
    process = hire(job, "step", 4 * LEASE)
    wait_until(runner.due_jobs)
    assert runner._claim(acme.id, job.id) is None
    assert process.poll() is None, "the claim waited for the step"
    assert process.wait() == 0
    job = reload(job)
    assert (job.status, evidence(job)) == ("completed", ["0"])


def test_a_stopped_worker_that_comes_back_does_nothing(acme, hire):
    job = start(acme, to=1)
    process = hire(job, "prepare", 2)
    process.send(signal.SIGSTOP)
    wait_until(runner.due_jobs)
    done = work(job)
    assert (done.status, evidence(job)) == ("completed", ["0"])
    process.send(signal.SIGCONT)
    assert process.wait() == 0
    after = reload(job)
    assert after.finished_at == done.finished_at
    assert (after.processed, after.lease_until, evidence(job)) == (1, None, ["0"])


def test_the_lease_of_a_killed_worker_ends(acme, hire):
    job = start(acme, to=1)
    process = hire(job, "prepare", 60)
    process.send(signal.SIGKILL)
    process.wait()
    wait_until(runner.due_jobs)
    assert work(job).status == "completed"


@pytest.mark.parametrize("place", ["loop", "query"])
def test_a_cancellation_reaches_what_is_prepared_without_end(acme, hire, place):
    job = start(acme, to=1)
    process = hire(job, place)
    cancel(job)
    assert process.wait() == 0
    job = reload(job)
    assert (job.status, job.error, evidence(job)) == ("cancelled", "", [])


class Endless(Counter):
    """Prepares until it isn't wanted any more."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    def prepare(self, job: Job) -> None:
        self.begun.set()
        while True:
            raise_if_ended()
            time.sleep(0.01)


def test_a_worker_that_goes_down_gives_back_what_it_prepares(acme, settings):
    settings.JOB_LEASE_SECONDS = LEASE
    handler, going_down = Endless(), threading.Event()
    registry.register_kind(handler)
    job = start(acme)

    def one() -> None:
        runner.run_job(workspace_id=acme.id, job_id=job.id, stop=going_down.is_set)
        connections.close_all()

    thread = threading.Thread(target=one)
    thread.start()
    assert handler.begun.wait(30)
    going_down.set()
    thread.join(30)
    assert not thread.is_alive()
    job = reload(job)
    assert (job.status, job.lease_token, job.errors) == ("processing", None, [])
    assert runner.due_jobs() == [(acme.id, job.id)]


def test_short_steps_cost_no_query_more(acme, monkeypatch):
    """Counted on the connections of all threads."""
    job, said = start(acme, to=3), []
    execute = CursorWrapper.execute

    def count(self, sql, params=None):
        said.append(sql)
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", count)
    runner.run_job(workspace_id=acme.id, job_id=job.id)
    monkeypatch.undo()
    assert reload(job).status == "completed"
    about_jobs = [sql for sql in said if '"cursive_job"' in sql]
    # Claim 2, and each step looks, locks and saves.
    assert len(about_jobs) == 2 + 3 * 3


def test_long_preparations_of_the_product_let_themselves_be_ended(acme):
    """L-12, L-22: the search for duplicates, and a file that is put together in one piece."""
    watch = Watch(lambda: None, beat=LEASE)
    watch.reason = Ended("cancelled")
    for each in "ab":
        cast.lead(acme, first_name=each)
    with tenant_context(acme.id):
        search = start_search(workspace_id=acme.id, actor=ACTOR)
        export = start_export(workspace_id=acme.id, actor=ACTOR, filter=EVERYBODY, format="xlsx")
        handler = ExportHandler()
        export.cursor = handler.step(export, handler.prepare(export)).cursor
        token = lease._watch.set(watch)
        try:
            with pytest.raises(Ended):
                DuplicateSearchHandler().prepare(search)
            with pytest.raises(Ended):
                handler.prepare(export)
        finally:
            lease._watch.reset(token)
        export.status = Job.Status.CANCELLED
        handler.finish(export)
    assert default_storage.listdir(f"exports/{acme.id}")[1] == []
