"""L-16, C-6: a worker may be killed anywhere: nothing is lost, asked too often or charged twice."""

import os
import random
import sys
from collections import Counter
from decimal import Decimal
from functools import partial

import pytest

from credits.ledger.checks import find_differences
from cursive.lib.jobs.runner import run_job
from leads.filters.tree import EVERYBODY
from leads.verification import runs
from tests import cast
from tests.faults.doom import KILLED, doomed
from tests.leads.records.pulling import balance
from tests.leads.verification.checking import (
    again,
    checks,
    fresh,
    later,
    let_time_pass,
    start,
)
from tests.leads.verification.doubles import MILLION

SEED = int(os.environ.get("FAULT_SEED", "20261126"))
KILLS = int(os.environ.get("FAULT_POINTS", "20"))
# A worker that gets so far has done some of it, and far from all.
STATEMENTS = 60
LEADS = 8 * (KILLS + 4)


@pytest.mark.faults
def test_killed_again_and_again(acme, outside, monkeypatch):
    monkeypatch.setattr(runs, "QUEUED_AT_A_TIME", 10)
    monkeypatch.setattr(runs, "ASKED_AT_A_TIME", 8)
    kinds = ("ok", "invalid", "catch_all", "unknown")
    leads = [cast.lead(acme, email=f"{kinds[n % 4]}.{n}@people.example") for n in range(LEADS)]
    job = start(acme, filter=EVERYBODY)
    chosen = random.Random(SEED)
    points = [chosen.randint(2, STATEMENTS) for _ in range(KILLS)]
    sys.stderr.write(f"FAULT_SEED={SEED}, killed before statements {points}\n")
    killed = 0
    for point in points:
        before = Counter(outside.calls[MILLION])
        work = partial(run_job, workspace_id=acme.id, job_id=job.id)
        killed += doomed(work, point) == KILLED
        # Whatever is committed agrees with itself, at every moment.
        assert find_differences() == []
        job = again(acme, job)
        available, held = balance(acme)
        assert available + held == 10 - job.cursor["charged"] * Decimal("0.02")
        assert max((Counter(outside.calls[MILLION]) - before).values(), default=0) <= 1
        job = let_time_pass(acme, job)
    sys.stderr.write(f"killed {killed} times\n")
    assert killed >= KILLS - 1

    job = later(acme, job) if not job.is_over else job
    assert job.status == "completed"
    found = Counter(fresh(acme, lead).verification_status for lead in leads)
    per_kind = LEADS // 4
    # A try that was begun counts: who was being asked at three kills has had all tries.
    assert found["valid"] + found["invalid"] + found["catch_all"] + found["unknown"] == LEADS
    assert {check.state for check in checks(acme)} == {"done"} and len(checks(acme)) == LEADS
    assert all(check.tries <= 3 for check in checks(acme))
    assert max(Counter(outside.calls[MILLION]).values()) <= 3
    answered = found["valid"] + found["invalid"] + found["catch_all"]
    assert answered >= 3 * per_kind - 2 * KILLS
    assert job.processed + job.failed == LEADS
    assert job.result["charged"] == str(answered * Decimal("0.02"))
    assert balance(acme) == (10 - answered * Decimal("0.02"), 0)
    assert find_differences() == []
