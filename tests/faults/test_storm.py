"""C-3 to C-6, L-13: two hundred pulls at once, and the same with workers that are killed.

Segments overlap, and the balance is enough for half of what is wanted: nobody may be delivered
twice, nothing overdrawn, and the books must agree in the end.
"""

import os
import random
import sys
import time
from collections import Counter
from decimal import Decimal

import pytest

from credits.ledger.checks import find_differences
from credits.ledger.operations import InsufficientCredits
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import due_jobs, run_job
from cursive.lib.tenancy import system_context, tenant_context
from leads.filters.tree import EVERYBODY
from leads.records import pulls
from tests import cast
from tests.catalogue import catalogue
from tests.faults.doom import KILLED, ended, hire
from tests.leads.records.pulling import US, balance, give, in_threads, leads_of, start, work

__all__ = ["catalogue"]
pytestmark = pytest.mark.faults

PULLS, EACH = 200, 4
PRICE = Decimal("0.50")
SEED = int(os.environ.get("FAULT_SEED", "20261121"))
KILLS = 24
WORKERS = 3
# Statements that a doomed worker begins; the whole storm takes some thousands.
DEATH_AFTER = (5, 120)
DELAY = (0, 0.004)


@pytest.fixture
def acme(catalogue, monkeypatch, settings):
    """Acme with credits for half of PULLS × EACH leads, and Alice's actor."""
    monkeypatch.setattr(pulls, "BATCH", 2)
    monkeypatch.setattr(pulls, "SMALLEST_BATCH", 1)
    settings.JOB_LEASE_SECONDS = 1
    workspace, alice = cast.acme()
    give(workspace, str(PULLS * EACH * PRICE / 2))
    return workspace, cast.actor_for(alice)


def segment(at: int):
    return US if at % 2 else EVERYBODY


def check_books(workspace) -> None:
    leads = leads_of(workspace)
    for name in ("catalogue_id", "dedup_hash", "email_key"):
        values = Counter(getattr(lead, name) for lead in leads if getattr(lead, name))
        assert [value for value, times in values.items() if times > 1] == []
    # A number alone is nobody's: colleagues may share one (ADR 0016).
    callers = Counter((lead.phone_key, lead.name.lower()) for lead in leads if lead.phone_key)
    assert [caller for caller, times in callers.items() if times > 1] == []
    available, held = balance(workspace)
    assert held == 0
    assert available == PULLS * EACH * PRICE / 2 - len(leads) * PRICE >= 0
    assert find_differences() == []


def test_two_hundred_pulls_at_once(acme, monkeypatch):
    # While a pull waits for its turn, others take whom it has read: it reads on past them.
    monkeypatch.setattr(pulls, "BATCH", 40)
    monkeypatch.setattr(pulls, "SMALLEST_BATCH", 10)
    workspace, actor = acme

    def pull(at: int) -> str:
        try:
            job = start(workspace, actor, limit=EACH, filter=segment(at))
        except InsufficientCredits:
            return "refused"
        return work(workspace, job).status

    outcomes = Counter(in_threads(PULLS, pull))
    assert set(outcomes) == {"refused", Job.Status.COMPLETED}
    assert outcomes["refused"] <= PULLS / 2
    assert len(leads_of(workspace)) == PULLS * EACH / 2
    check_books(workspace)


def work_all() -> None:
    """Take whatever is due, as a worker does, until no job is left."""
    while True:
        for workspace_id, job_id in due_jobs():
            run_job(workspace_id=workspace_id, job_id=job_id)
        with system_context():
            if not Job.objects.filter(status__in=Job.ACTIVE).exists():
                return
        time.sleep(0.1)


def active(workspace) -> int:
    with tenant_context(workspace.id):
        return Job.objects.filter(status__in=Job.ACTIVE).count()


def test_workers_killed_at_random_points(acme):
    workspace, actor = acme
    chance = random.Random(SEED)
    sys.stderr.write(f"FAULT_SEED={SEED}\n")
    for at in range(PULLS // 2):
        start(workspace, actor, limit=EACH, filter=segment(at))
    with pytest.raises(InsufficientCredits):
        start(workspace, actor, limit=EACH)
    killed = 0
    while killed < KILLS:
        # Counted in statements, not seconds: as many die on a fast machine as on a slow one.
        workers = [
            hire(work_all, dies_at=chance.randrange(*DEATH_AFTER), delay=chance.uniform(*DELAY))
            for _ in range(WORKERS)
        ]
        killed += sum(ended(worker) == KILLED for worker in workers)
        assert active(workspace), f"all was done after {killed} kills: the storm is too short"
    assert ended(hire(work_all)) == 0  # what the dead had leased comes free after a second
    with tenant_context(workspace.id):
        assert set(Job.objects.values_list("status", flat=True)) == {Job.Status.COMPLETED}
    assert len(leads_of(workspace)) == PULLS * EACH / 2
    check_books(workspace)
