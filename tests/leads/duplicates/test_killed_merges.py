"""L-14: a merge that is killed anywhere has not happened; tried again, it happens once."""

import os
import random
import signal
import subprocess
import sys

import pytest
from django.db import connections

from cursive.lib.tenancy import tenant_context
from leads.duplicates.models import LeadMerge
from leads.records.models import LeadActivity
from tests import cast
from tests.leads.duplicates.twins import GRACE, rows
from tests.leads.records.test_killed_pulls import ROOT, environment

POINTS = int(os.environ.get("FAULT_POINTS", "2"))
# About as many statements as a merge makes.
STATEMENTS = 20
SEED = int(os.environ.get("FAULT_SEED", "20261126"))


def merge(acme, one, two, statement: int) -> int:
    command = [sys.executable, "-m", "tests.leads.duplicates.doomed_merge"]
    arguments = [str(acme.id), str(one.id), str(two.id), str(statement)]
    return subprocess.run(
        command + arguments, cwd=ROOT, env=environment(), timeout=60, capture_output=True
    ).returncode


@pytest.mark.parametrize(
    "statement", random.Random(SEED).sample(range(2, STATEMENTS), min(POINTS, STATEMENTS - 2))
)
def test_killed_anywhere_it_has_not_happened(acme, statement):
    connections["default"].ensure_connection()
    one = cast.lead(acme, **GRACE, tags=["a"])
    two = cast.lead(acme, **GRACE, tags=["b"])
    before = rows(acme)
    assert merge(acme, one, two, statement) == -signal.SIGKILL
    assert rows(acme) == before
    with tenant_context(acme.id):
        assert not LeadMerge.objects.exists() and not LeadActivity.objects.exists()
    assert merge(acme, one, two, 0) == 0
    with tenant_context(acme.id):
        assert LeadMerge.objects.count() == 1
    (kept,) = [row for row in rows(acme) if row["deleted_at"] is None]
    assert kept["tags"] == ["a", "b"]
