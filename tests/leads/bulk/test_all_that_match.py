"""L-17: all that match, as a job: batch by batch, each lead once, cancelled, resumed, undone."""

from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.audit.models import AuditEntry
from accounts.workspaces.models import Role
from cursive.lib.errors import Conflict, Forbidden
from cursive.lib.jobs import runner
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job, retry_job
from cursive.lib.tenancy import tenant_context
from leads.bulk import handlers, operations
from leads.bulk.models import BulkChange, BulkFailure, BulkRun
from leads.bulk.operations import purge_bulk_runs
from leads.bulk.registry import Batch, BulkAction, Outcome, _actions, register_action
from leads.records.models import Lead
from tests import cast

from .bulking import again, begin, by, counts, do, failures, finish, job_of, many, undo, values


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    """Several steps a job."""
    monkeypatch.setattr(handlers, "BATCH", 7)
    monkeypatch.setattr(operations, "MAX_IDS", 5)


def test_all_that_match_each_once(acme):
    """Also where the action makes them match no more; who came in later isn't touched."""
    many(acme, 20)
    cast.lead(acme, first_name="won already", status="won")
    started = begin(acme, "set_status", filter="status.in.new", status="contacted")
    late = cast.lead(acme, first_name="late")
    run = finish(acme, started)
    assert counts(run) == (20, 20, 0, 0)
    job = job_of(acme, run)
    assert (job.status, job.processed, job.total, job.progress) == ("completed", 20, 20, 100)
    assert job.result["changed"] == 20
    assert values(acme, "status") == ["contacted"] * 20 + ["new", "won"]
    with tenant_context(acme.id):
        (entry,) = AuditEntry.objects.filter(action="bulk")
        assert entry.new["changed"] == 20 and "status" in entry.new["which"].lower()
        assert Lead.objects.get(id=late.id).status == "new"


def test_nobody_matches(acme):
    run = do(acme, "set_status", filter="status.in.won", status="lost")
    assert counts(run) == (0, 0, 0, 0) and job_of(acme, run).status == "completed"
    with pytest.raises(Conflict):
        undo(acme, run)


def test_failures_of_a_job_are_kept(acme):
    many(acme, 10)
    cast.lead(acme, first_name="Z", tags=[f"t{n}" for n in range(50)])
    run = do(acme, "add_tags", filter="", tags=["x"])
    assert counts(run) == (11, 10, 0, 1) and job_of(acme, run).failed == 1
    assert list(failures(acme, run).values()) == ["A lead has at most 50 tags."]


def test_deleting_what_a_running_job_works_on(acme):
    """Leads deleted, changed or erased between two steps are left; the counts say so."""
    many(acme, 20)
    started = begin(acme, "set_status", filter="status.in.new", status="contacted")
    token = runner._claim(acme.id, started.job.id)
    for _ in range(2):  # count, and one batch
        runner._advance(acme.id, started.job.id, token)
    with tenant_context(acme.id):
        Lead.objects.filter(first_name="P00010").update(deleted_at=timezone.now())
        Lead.objects.filter(first_name="P00011").delete()
        Lead.objects.filter(first_name="P00012").update(status="won")
        Job.objects.update(lease_until=timezone.now())
    run = finish(acme, started)
    assert counts(run) == (17, 17, 0, 0)
    with tenant_context(acme.id):
        # Of those that were done, some go too before the undo.
        Lead.objects.filter(first_name="P00001").delete()
        Lead.objects.filter(first_name="P00002").update(deleted_at=timezone.now())
    run = undo(acme, run)
    assert (run.undone, run.left_alone) == (15, 2) and run.undone_at
    assert values(acme, "status", status="new").__len__() == 16  # P00010 never changed


def test_cancelled_half_way_it_can_be_undone(acme):
    many(acme, 20)
    started = begin(acme, "delete", filter="")
    token = runner._claim(acme.id, started.job.id)
    for _ in range(2):
        runner._advance(acme.id, started.job.id, token)
    with pytest.raises(Conflict):
        undo(acme, started.run)
    with tenant_context(acme.id):
        cancel_job(workspace_id=acme.id, job_id=started.job.id, actor=by(acme))
        Job.objects.update(lease_until=timezone.now())
    run = finish(acme, started)
    assert counts(run) == (7, 7, 0, 0)
    assert len(values(acme, "id", deleted_at__isnull=True)) == 13
    run = undo(acme, run)
    assert (run.undone, run.left_alone) == (7, 0)
    assert len(values(acme, "id", deleted_at__isnull=True)) == 20


def test_an_undo_that_is_cancelled_can_go_on(acme):
    many(acme, 20)
    run = do(acme, "set_status", filter="", status="won")
    with tenant_context(acme.id):
        run = operations.undo_bulk(workspace_id=acme.id, actor=by(acme), run_id=run.id)
    first = run.undo_job_id
    with tenant_context(acme.id), pytest.raises(Conflict, match="being undone"):
        operations.undo_bulk(workspace_id=acme.id, actor=by(acme), run_id=run.id)
    runner._advance(acme.id, first, runner._claim(acme.id, first))
    with tenant_context(acme.id):
        cancel_job(workspace_id=acme.id, job_id=first, actor=by(acme))
        Job.objects.update(lease_until=timezone.now())
    runner.run_job(workspace_id=acme.id, job_id=first)
    run = again(acme, run)
    assert run.undone == 7 and not run.undone_at and run.can_undo
    run = undo(acme, run)
    assert (run.undone, run.left_alone) == (20, 0) and run.undone_at
    assert set(values(acme, "status")) == {"new"}


def test_the_role_counts_for_all_that_match_too(acme):
    many(acme, 3)
    with pytest.raises(Forbidden):
        begin(acme, "delete", filter="", actor=by(acme, Role.MEMBER))
    with tenant_context(acme.id):
        assert not BulkRun.objects.exists() and not Job.objects.exists()


def test_rivals_leads_are_out_of_reach(acme):
    rival, _ = cast.rival()
    theirs = cast.lead(rival)
    many(acme, 3)
    do(acme, "delete", filter="")
    with tenant_context(rival.id):
        assert Lead.objects.living().get().id == theirs.id


class Break(BulkAction):
    """Fails in its third batch, as often as it is told to."""

    name, label = "break", "Break"
    undoable = timedelta(days=1)
    left = 1

    def apply(self, batch: Batch) -> Outcome:
        Lead.objects.filter(id__in=batch.ids).update(notes="done")
        odd = [one for one in batch.ids if one.int % 2]
        batch.fail(dict.fromkeys(odd, "Odd."))
        if self.left and batch.run.asked >= 14:
            Break.left -= 1
            raise ZeroDivisionError
        return Outcome(len(batch.ids) - len(odd), len(odd))


def test_an_action_of_another_room(acme, monkeypatch):
    """A registered action fails leads one by one; a batch that breaks leaves nothing behind."""
    monkeypatch.setitem(_actions, "break", Break())
    register_action(Break())
    tries = runner.MAX_ATTEMPTS + 1  # one that got on, and as many that didn't
    monkeypatch.setattr(Break, "left", tries)
    many(acme, 20)
    started = begin(acme, "break", filter="")
    for _ in range(tries):
        with tenant_context(acme.id):
            Job.objects.update(next_attempt_at=timezone.now())
        runner.run_job(workspace_id=acme.id, job_id=started.job.id)
    run = again(acme, started.run)
    assert job_of(acme, run).status == "failed" and run.finished_at
    assert run.asked == 14 and len(failures(acme, run)) == run.failed
    with tenant_context(acme.id):
        retry_job(workspace_id=acme.id, job_id=started.job.id, actor=by(acme))
        assert not BulkRun.objects.get(id=run.id).finished_at
    run = finish(acme, started)
    assert run.asked == run.changed + run.failed == 20
    assert len(failures(acme, run)) == run.failed
    assert values(acme, "notes") == ["done"] * 20


def test_what_is_kept_goes_after_thirty_days(acme):
    many(acme, 9)
    cast.lead(acme, tags=[f"t{n}" for n in range(50)])
    old = do(acme, "add_tags", filter="", tags=["x"])
    new = do(acme, "add_tags", filter="", tags=["y"])
    assert purge_bulk_runs() == 0
    with tenant_context(acme.id):
        BulkRun.objects.filter(id=old.id).update(kept_until=timezone.now() - timedelta(days=1))
    assert purge_bulk_runs() == 1
    with tenant_context(acme.id):
        assert BulkRun.objects.get().id == new.id
        assert set(BulkChange.objects.values_list("run_id", flat=True)) == {new.id}
        assert set(BulkFailure.objects.values_list("run_id", flat=True)) == {new.id}


TAGS = st.lists(st.sampled_from("abcde"), max_size=4)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    leads=st.lists(TAGS, min_size=1, max_size=9),
    steps=st.lists(
        st.tuples(st.sampled_from(["add_tags", "remove_tags"]), TAGS.filter(bool)), max_size=4
    ),
)
def test_undone_in_reverse_order_all_is_as_before(acme, leads, steps):
    """Whatever tags are added and removed: undoing the last first brings every lead back."""
    with tenant_context(acme.id):
        Lead.objects.all().delete()
    for number, tags in enumerate(leads):
        cast.lead(acme, first_name=str(number), tags=sorted(set(tags)))
    before = values(acme, "tags")
    runs = [do(acme, action, filter="", tags=tags) for action, tags in steps]
    for run in reversed(runs):
        if run.changed:
            assert undo(acme, run).left_alone == 0
    assert values(acme, "tags") == before


@pytest.mark.parametrize(
    ("action", "options"),
    [("set_status", {"status": "won"}), ("add_tags", {"tags": ["a"]}), ("delete", {})],
)
def test_no_plan_goes_through_the_workspace_for_each_lead(acme, action, options):
    """Whatever the planner knows of the tables: a nested loop over 20,000 leads took minutes."""
    plans: list[str] = []

    def explain(execute, sql, params, many, context):
        if "UPDATE leads_lead l" in sql:  # the scores' too
            execute(f"EXPLAIN {sql}", params, many, context)
            plans.append("\n".join(line for (line,) in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    many(acme, 20)
    with connections["default"].execute_wrapper(explain):
        run = do(acme, action, filter="", **options)
        asked = len(plans)
        assert undo(acme, run).undone == 20
    assert 0 < asked < len(plans)
    for plan in plans:
        assert "Nested Loop" not in plan and " Join" not in plan, plan
