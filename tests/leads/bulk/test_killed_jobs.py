"""L-17, L-21: a worker may be killed anywhere in a bulk action or its undo: each lead is done
once, what is kept agrees with what was done, and the next worker goes on."""

import os
import random
import sys
from functools import partial

import pytest
from django.utils import timezone

from accounts.audit.models import AuditEntry
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context
from leads.bulk import handlers, operations
from leads.bulk.models import BulkChange, BulkFailure
from leads.records.models import Lead, LeadActivity
from tests import cast
from tests.faults.doom import KILLED, doomed

from .bulking import again, begin, by, counts, many

SEED = int(os.environ.get("FAULT_SEED", "20261126"))
POINTS = int(os.environ.get("FAULT_POINTS", "20"))
LEADS, BATCH = 200, 2
# A worker that gets so far has done some of it, and far from all.
STATEMENTS = 60


def kill_again_and_again(acme, job_id, agrees) -> None:
    """Kill workers at seeded points, then let one finish; `agrees` looks at what is committed."""
    points = random.Random(SEED).sample(range(2, STATEMENTS), POINTS)
    sys.stderr.write(f"FAULT_SEED={SEED}, killed before statements {points}\n")
    work = partial(run_job, workspace_id=acme.id, job_id=job_id)
    killed = 0
    for point in points:
        killed += doomed(work, point) == KILLED
        agrees()
        with tenant_context(acme.id):
            Job.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now())
    assert killed == POINTS
    assert doomed(work, 0) == 0
    agrees()
    with tenant_context(acme.id):
        assert Job.objects.get(id=job_id).status == Job.Status.COMPLETED


@pytest.mark.faults
def test_killed_in_a_bulk_action_and_in_its_undo(acme, monkeypatch):
    monkeypatch.setattr(operations, "MAX_IDS", 5)
    monkeypatch.setattr(handlers, "BATCH", BATCH)
    many(acme, LEADS)
    cast.lead(acme, tags=[f"t{n}" for n in range(50)])
    started = begin(acme, "add_tags", filter="", tags=["vip"])

    def agrees() -> None:
        run = again(acme, started.run)
        with tenant_context(acme.id):
            tagged = Lead.objects.filter(tags__overlap=["vip"]).count()
            kept = BulkChange.objects.count()
            assert tagged == kept == run.changed - run.undone
            assert BulkFailure.objects.count() == run.failed
            lines = LeadActivity.objects.filter(kind="tags").count()
            sent = Event.objects.filter(type="lead.updated").count()
            assert lines == sent == run.changed + run.undone

    kill_again_and_again(acme, started.job.id, agrees)
    run = again(acme, started.run)
    assert counts(run) == (LEADS + 1, LEADS, 0, 1)
    with tenant_context(acme.id):
        run = operations.undo_bulk(workspace_id=acme.id, actor=by(acme), run_id=run.id)
    kill_again_and_again(acme, run.undo_job_id, agrees)
    run = again(acme, run)
    assert (run.undone, run.left_alone) == (LEADS, 0) and run.undone_at
    with tenant_context(acme.id):
        assert AuditEntry.objects.filter(action__in=("bulk", "undo")).count() == 2
