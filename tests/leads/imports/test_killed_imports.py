"""L-19: a worker may be killed anywhere in preview and import: no row is lost or doubled."""

import os
import random
import sys
from functools import partial

import pytest

from cursive.lib.jobs.runner import run_job
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context
from leads.imports import previewing
from leads.imports.operations import left_out_file
from tests.faults.doom import KILLED, doomed
from tests.leads.imports.importing import again, confirm, leads, upload
from tests.leads.records.pulling import let_the_lease_run_out

SEED = int(os.environ.get("FAULT_SEED", "20261126"))
POINTS = int(os.environ.get("FAULT_POINTS", "20"))
PEOPLE, ROWS_A_PART = 240, 5
# Fewer than preview and import of this file make: the first points are always reached.
PREVIEW_STATEMENTS, IMPORT_STATEMENTS = 50, 70


def rows() -> str:
    """240 people, each fourth one twice, some rows without anybody."""
    lines = ["First,Mail,Phone"]
    for n in range(PEOPLE):
        lines.append(f"P{n},p{n}@acme.example,")
        if n % 4 == 0:
            lines.append(f"P{n},P{n}@Acme.example,")
        if n % 10 == 0:
            lines.append(f"P{n},nowhere,")
    return "\n".join(lines)


def work(acme, job, statement: int) -> int:
    """Let another process at the job; how it ended."""
    return doomed(partial(run_job, workspace_id=acme.id, job_id=job.id), statement)


def points(statements: int, count: int) -> list[int]:
    chosen = random.Random(SEED + statements)
    return sorted(chosen.sample(range(2, statements), count), reverse=True)


@pytest.mark.faults
def test_killed_again_and_again(acme, files, monkeypatch):
    monkeypatch.setattr(previewing, "PART_ROWS", ROWS_A_PART)
    found = upload(acme, rows())
    killed = 0
    half = max(POINTS // 2, 1)
    chosen = {"preview": points(PREVIEW_STATEMENTS, half), "import": []}
    chosen["import"] = points(IMPORT_STATEMENTS, max(POINTS - half, 1))
    sys.stderr.write(f"FAULT_SEED={SEED}, killed before statements {chosen}\n")
    for point in chosen["preview"]:
        killed += work(acme, found.preview_job, point) == KILLED
        let_the_lease_run_out(acme, found.preview_job)
        assert leads(acme) == []
    assert work(acme, found.preview_job, 0) == 0
    found = again(acme, found)
    assert found.plan["counts"] == {"new": PEOPLE, "double": PEOPLE // 4, "invalid": 24}
    job = confirm(acme, found)
    for point in chosen["import"]:
        killed += work(acme, job, point) == KILLED
        job = again(acme, found).job
        assert len(leads(acme)) == job.cursor.get("created", 0)
        let_the_lease_run_out(acme, job)
    assert work(acme, job, 0) == 0
    assert killed >= POINTS - 2
    found = again(acme, found)
    assert (found.state, found.result["created"]) == ("completed", PEOPLE)
    assert len({lead.email for lead in leads(acme)}) == len(leads(acme)) == PEOPLE
    assert (found.job.processed, found.job.failed) == (PEOPLE + PEOPLE // 4, 24)
    with tenant_context(acme.id):
        told = [
            lead
            for event in Event.objects.filter(type="lead.created")
            for lead in event.payload["leads"]
        ]
    assert sorted(told) == sorted(str(lead.id) for lead in leads(acme))
    # The rows left out are each there once.
    assert "".join(left_out_file(found)).count("\r\n") == 1 + PEOPLE // 4 + 24
    assert not list(files.rglob("people-*"))  # what was staged is gone
