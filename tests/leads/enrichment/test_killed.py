"""C-6: whatever kills the worker, a list is looked up and delivered once, whole, at its price."""

import os
import random
import sys
from decimal import Decimal
from functools import partial

import pytest

from credits.ledger.checks import find_differences
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import tenant_context
from leads.enrichment.matches import unpack
from leads.enrichment.models import MatchPart
from leads.enrichment.prices import Tariff
from tests.faults.doom import KILLED, doomed
from tests.leads.enrichment.lists import (
    again,
    as_csv,
    begin,
    column,
    download,
    owned,
    pay,
    people,
    send,
    stored_files,
)
from tests.leads.records.pulling import again as job_again
from tests.leads.records.pulling import balance, leads_of, let_the_lease_run_out, work

pytestmark = pytest.mark.faults

SEED = int(os.environ.get("FAULT_SEED", "20261126"))
# For each of the two jobs; 20 by FAULT_POINTS=20.
KILLS = int(os.environ.get("FAULT_POINTS", "20"))
# Statements of a worker until it dies: within its first step, or some steps later.
DEATH_AFTER = (2, 60)
FOUND, STRANGERS = 210, 15


def kill_workers_of(acme, job_id, chance: random.Random, check) -> int:
    """Let worker after worker die over a job; how many died at work. `check` after each."""
    work = partial(run_job, workspace_id=acme.id, job_id=job_id)
    killed = 0
    for _ in range(KILLS):
        ended = doomed(work, chance.randrange(*DEATH_AFTER))
        with tenant_context(acme.id):
            job = Job.objects.get(id=job_id)
        killed += ended == KILLED and not job.is_over
        check(job)
        let_the_lease_run_out(acme, job)
    return killed


def test_killed_again_and_again(acme, monkeypatch, files):
    from leads.enrichment import previews

    monkeypatch.setattr(previews, "PART", 9)
    chance = random.Random(SEED)
    sys.stderr.write(f"FAULT_SEED={SEED}, FAULT_POINTS={KILLS}\n")
    listed = people(FOUND)
    upload = send(acme, acme.actor, as_csv([*listed, *listed[:5]], strangers=STRANGERS))
    enrichment = begin(acme, acme.actor, upload)

    def parts_are_whole(job: Job) -> None:
        with tenant_context(acme.id):
            parts = list(MatchPart.objects.order_by("number"))
        assert [part.number for part in parts] == list(range(job.cursor.get("part", 0)))
        assert sum(len(unpack(bytes(part.matches))) for part in parts) == job.processed

    killed = kill_workers_of(acme, enrichment.preview_job_id, chance, parts_are_whole)
    with tenant_context(acme.id):
        preview = Job.objects.get(id=enrichment.preview_job_id)
    preview = work(acme, preview)
    enrichment = again(acme, enrichment)
    assert preview.status == "completed"
    assert (enrichment.rows, enrichment.found, enrichment.people) == (
        FOUND + 5 + STRANGERS,
        FOUND + 5,
        FOUND,
    )

    job = pay(acme, acme.actor, enrichment)

    def books_agree(job: Job) -> None:
        charged = Tariff.from_dict(job.params).charge(job.cursor["people"])
        available, held = balance(acme)
        assert available + held == 100 - charged
        assert owned(acme) == job.cursor["people"] and len(leads_of(acme)) == job.cursor["leads"]
        assert find_differences() == []

    killed += kill_workers_of(acme, job.id, chance, books_agree)
    assert killed >= KILLS, "too few workers died at work"
    job = work(acme, job_again(acme, job))
    assert (job.status, job.result["people"]) == ("completed", FOUND)
    assert balance(acme) == (100 - FOUND * Decimal("0.25"), 0)
    assert find_differences() == []
    header, rows = download(acme, enrichment)
    assert [row[1] for row in rows[: FOUND + 5]] == [one.email for one in (*listed, *listed[:5])]
    assert len(rows) == FOUND + 5 + STRANGERS
    assert column("cursive_charged", header, rows).count("yes") == FOUND
    assert stored_files(files / "enrichment") == [f"{acme.id}/{job.id}.csv"]
