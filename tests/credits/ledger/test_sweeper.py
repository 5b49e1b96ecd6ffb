"""Holds that no work stands behind go back (C-6)."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from credits.ledger.operations import release_stale_holds
from cursive.celery import app
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import system_context, tenant_context, uuid7


def job(books, status: str) -> Job:
    with tenant_context(books.workspace.id):
        return Job.objects.create(
            workspace_id=books.workspace.id, kind="pull", title="Pull", status=status
        )


def hold(books, work: Job, credits: int = 10):
    return books.hold(credits, reference=("job", work.id))


@pytest.fixture
def funded(books):
    books.grant(100)
    return books


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_a_hold_whose_job_is_over_is_released(funded, status):
    held = hold(funded, job(funded, status))
    funded.capture(held, 4)
    assert release_stale_holds() == 1
    assert funded.state() == (96, 0)
    assert (funded.holds()[0].captured, funded.holds()[0].released) == (4, 6)
    assert release_stale_holds() == 0


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_a_hold_whose_job_works_stays_however_old_it_is(funded, status):
    work = job(funded, status)
    funded.hold(10, reference=("job", work.id), expires_at=timezone.now() - timedelta(days=30))
    assert release_stale_holds() == 0
    assert funded.state() == (90, 10)


def test_a_hold_whose_job_is_gone_is_released(funded):
    funded.hold(10, reference=("job", uuid7()))
    funded.hold(10, reference=("job", "not an id"))
    assert release_stale_holds() == 2
    assert funded.state() == (100, 0)


def test_another_workspaces_job_keeps_no_hold(funded, others):
    theirs = job(others, "processing")
    hold(funded, theirs)
    assert release_stale_holds() == 1
    assert funded.state() == (100, 0)


def test_other_holds_are_released_when_they_expire(funded):
    funded.hold(10, reference=("order", "1"))
    funded.hold(20, reference=("order", "2"), expires_at=timezone.now())
    assert release_stale_holds() == 1
    assert funded.state() == (90, 10)


def test_a_job_that_is_put_back_to_work_meanwhile_keeps_its_hold(funded):
    """The sweeper looks again under the account's lock, which the retry holds here."""
    work = job(funded, "failed")
    held = hold(funded, work)
    locked, go_on = threading.Event(), threading.Event()

    def retry() -> None:
        with tenant_context(funded.workspace.id):
            funded.spend(1)
            Job.objects.filter(workspace_id=funded.workspace.id, id=work.id).update(
                status="pending"
            )
            locked.set()
            go_on.wait(10)

    thread = threading.Thread(target=retry)
    thread.start()
    locked.wait(10)
    threading.Timer(0.3, go_on.set).start()
    assert release_stale_holds() == 0
    thread.join()
    assert funded.state() == (89, 10) and funded.holds()[0].id == held.id


def test_beat_rings_for_tasks_that_there_are(db, settings):
    """The schedule's names are names of tasks."""
    app.loader.import_default_modules()
    named = {
        entry["task"]
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if entry["task"].startswith("credits.")
    }
    assert named >= {"credits.ledger.check_ledger", "credits.ledger.release_stale_holds"}
    assert named <= set(app.tasks)
    with system_context():
        assert app.tasks["credits.ledger.release_stale_holds"]() == 0
