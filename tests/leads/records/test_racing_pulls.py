"""C-3, C-4, L-13: pulls at the same moment: no overdraw, nobody twice, one job a key."""

from decimal import Decimal

import pytest

from credits.ledger.checks import find_differences
from credits.ledger.operations import InsufficientCredits
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import tenant_context
from leads.filters.tree import EVERYBODY
from leads.records import pulls
from leads.records.acquisition import owned_people
from tests import cast
from tests.catalogue import catalogue
from tests.leads.records.pulling import (
    US,
    again,
    balance,
    give,
    in_threads,
    leads_of,
    small_batches,
    start,
    work,
    world,
)

__all__ = ["catalogue", "small_batches", "world"]


def test_the_same_key_at_the_same_moment(world):
    """C-3: eight threads with one key make one job and one hold."""
    workspace, actor, _ = world
    jobs = in_threads(8, lambda at: start(workspace, actor, limit=10, key="k1").id)
    assert len(set(jobs)) == 1
    assert balance(workspace) == (Decimal("995.00"), Decimal("5.00"))


def test_two_jobs_over_the_same_people(world, small_batches):
    """L-13: two workers at once, the same segment: nobody twice, nothing charged twice."""
    workspace, actor, _ = world
    jobs = [start(workspace, actor, limit=300) for _ in range(2)]
    in_threads(2, lambda at: run_job(workspace_id=workspace.id, job_id=jobs[at].id))
    leads = leads_of(workspace)
    assert len({lead.catalogue_id for lead in leads}) == len(leads)
    assert sum(again(workspace, job).result["delivered"] for job in jobs) == len(leads) == 600
    assert balance(workspace) == (Decimal("700.00"), 0)
    with tenant_context(workspace.id):
        assert set(owned_people(workspace.id)) >= {lead.catalogue_id for lead in leads}
    assert find_differences() == []


@pytest.mark.faults
def test_many_pulls_at_once_with_credits_for_half(catalogue, monkeypatch):
    """C-4, L-13: 24 threads pull overlapping segments; no overdraw, nobody twice."""
    monkeypatch.setattr(pulls, "BATCH", 25)
    workspace, alice = cast.acme()
    give(workspace, 240)  # 480 leads; 24 pulls want 40 each
    actor = cast.actor_for(alice)

    def pull(at: int) -> str:
        try:
            job = start(workspace, actor, limit=40, filter=US if at % 2 else EVERYBODY)
        except InsufficientCredits:
            return "refused"
        return work(workspace, job).status

    outcomes = in_threads(24, pull)
    assert outcomes.count("refused") >= 12
    assert set(outcomes) == {"refused", Job.Status.COMPLETED}
    leads = leads_of(workspace)
    assert len({lead.catalogue_id for lead in leads}) == len(leads)
    assert len({lead.email_key for lead in leads if lead.email_key}) == len(
        [lead for lead in leads if lead.email_key]
    )
    available, held = balance(workspace)
    assert held == 0
    assert available == 240 - len(leads) * Decimal("0.50") >= 0
    assert find_differences() == []
