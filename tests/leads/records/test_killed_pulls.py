"""C-6, L-13: a worker may be killed anywhere: nobody is delivered twice, nothing lost or
charged twice, and the next worker goes on."""

import os
import random
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from credits.ledger.checks import find_differences
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context
from tests import cast
from tests.catalogue import catalogue
from tests.leads.records.pulling import again, balance, give, leads_of, start

__all__ = ["catalogue"]

ROOT = Path(__file__).resolve().parents[3]
SEED = int(os.environ.get("FAULT_SEED", "20261121"))
KILLS = int(os.environ.get("FAULT_POINTS", "4"))
# About as many statements as a pull of this size makes: claim, six steps, end.
STATEMENTS = 150


def environment() -> dict[str, str]:
    """The worker's: this test's database and catalogue."""
    changed = dict(os.environ)
    for variable, alias in (
        ("DATABASE_URL", "default"),
        ("ADMIN_DATABASE_URL", "admin"),
        ("OWNER_DATABASE_URL", "owner"),
    ):
        name = connections[alias].settings_dict["NAME"]
        changed[variable] = urlunsplit(urlsplit(os.environ[variable])._replace(path=f"/{name}"))
    return changed | {
        "CATALOGUE_DIR": str(django_settings.CATALOGUE_DIR),
        "DJANGO_SETTINGS_MODULE": "cursive.settings",
    }


def work(workspace, job, statement: int) -> int:
    """Let a worker process at the job; returns how it ended."""
    command = [sys.executable, "-m", "tests.leads.records.doomed_worker"]
    arguments = [str(workspace.id), str(job.id), str(statement), "30"]
    return subprocess.run(
        command + arguments, cwd=ROOT, env=environment(), timeout=60, capture_output=True
    ).returncode


def let_the_lease_run_out(workspace, job) -> None:
    with tenant_context(workspace.id):
        Job.objects.filter(id=job.id, lease_until__isnull=False).update(lease_until=timezone.now())


@pytest.mark.faults
def test_killed_again_and_again(catalogue):
    workspace, alice = cast.acme()
    give(workspace, 100)
    job = start(workspace, cast.actor_for(alice), limit=180)
    chosen = random.Random(SEED)
    points = sorted(chosen.sample(range(2, STATEMENTS // 3), KILLS), reverse=True)
    sys.stderr.write(f"FAULT_SEED={SEED}, killed before statements {points}\n")
    killed = 0
    for point in points:
        ended = work(workspace, job, point)
        killed += ended == -signal.SIGKILL
        job = again(workspace, job)
        # Whatever is committed agrees with itself, at every moment.
        assert len(leads_of(workspace)) == job.cursor["delivered"]
        assert find_differences() == []
        available, held = balance(workspace)
        assert available + held == 100 - job.cursor["delivered"] * Decimal("0.50")
        let_the_lease_run_out(workspace, job)
    assert killed >= KILLS - 1 or job.is_over

    assert work(workspace, job, 0) == 0
    job = again(workspace, job)
    assert (job.status, job.result["delivered"]) == (Job.Status.COMPLETED, 180)
    leads = leads_of(workspace)
    assert len(leads) == len({lead.catalogue_id for lead in leads}) == 180
    assert balance(workspace) == (Decimal("10.00"), 0)
    assert find_differences() == []
