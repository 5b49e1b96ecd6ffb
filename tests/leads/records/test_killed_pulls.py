"""C-6, L-13: a worker may be killed anywhere: nobody is delivered twice, nothing lost or
charged twice, and the next worker goes on."""

import os
import random
import sys
from decimal import Decimal
from functools import partial

import pytest

from credits.ledger.checks import find_differences
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from leads.records import pulls
from tests import cast
from tests.catalogue import catalogue
from tests.faults.doom import KILLED, doomed
from tests.leads.records.pulling import again, balance, give, leads_of, let_the_lease_run_out, start

__all__ = ["catalogue"]

SEED = int(os.environ.get("FAULT_SEED", "20261121"))
KILLS = int(os.environ.get("FAULT_POINTS", "20"))
# A worker that gets so far has done some of it, and far from all.
STATEMENTS = 50


@pytest.mark.faults
def test_killed_again_and_again(catalogue, monkeypatch):
    monkeypatch.setattr(pulls, "BATCH", 4)
    monkeypatch.setattr(pulls, "SMALLEST_BATCH", 1)
    workspace, alice = cast.acme()
    give(workspace, 100)
    job = start(workspace, cast.actor_for(alice), limit=180)
    work = partial(run_job, workspace_id=workspace.id, job_id=job.id)
    chosen = random.Random(SEED)
    points = chosen.sample(range(2, STATEMENTS), KILLS)
    sys.stderr.write(f"FAULT_SEED={SEED}, killed before statements {points}\n")
    killed = 0
    for point in points:
        killed += doomed(work, point) == KILLED
        job = again(workspace, job)
        # Whatever is committed agrees with itself, at every moment.
        assert len(leads_of(workspace)) == job.cursor["delivered"]
        assert find_differences() == []
        available, held = balance(workspace)
        assert available + held == 100 - job.cursor["delivered"] * Decimal("0.50")
        let_the_lease_run_out(workspace, job)
    assert killed == KILLS

    assert doomed(work, 0) == 0
    job = again(workspace, job)
    assert (job.status, job.result["delivered"]) == (Job.Status.COMPLETED, 180)
    leads = leads_of(workspace)
    assert len(leads) == len({lead.catalogue_id for lead in leads}) == 180
    assert balance(workspace) == (Decimal("10.00"), 0)
    assert find_differences() == []
