"""L-14: a merge that is killed anywhere has not happened; tried again, it happens once."""

import os
import random

import pytest

from cursive.lib.actors import Actor
from cursive.lib.tenancy import tenant_context
from leads.duplicates.merging import merge_leads
from leads.duplicates.models import LeadMerge
from leads.records.models import LeadActivity
from tests import cast
from tests.faults.doom import KILLED, doomed
from tests.leads.duplicates.twins import GRACE, rows

POINTS = int(os.environ.get("FAULT_POINTS", "20"))
# About as many statements as a merge makes.
STATEMENTS = 20
SEED = int(os.environ.get("FAULT_SEED", "20261126"))


def merge(acme, one, two, statement: int) -> int:
    """Let another process merge the two; how it ended."""

    def work() -> None:
        with tenant_context(acme.id):
            actor = Actor.system("test")
            merge_leads(workspace_id=acme.id, actor=actor, lead_ids=[one.id, two.id])

    return doomed(work, statement)


@pytest.mark.parametrize(
    "statement", random.Random(SEED).sample(range(2, STATEMENTS), min(POINTS, STATEMENTS - 2))
)
def test_killed_anywhere_it_has_not_happened(acme, statement):
    one = cast.lead(acme, **GRACE, tags=["a"])
    two = cast.lead(acme, **GRACE, tags=["b"])
    before = rows(acme)
    assert merge(acme, one, two, statement) == KILLED
    assert rows(acme) == before
    with tenant_context(acme.id):
        assert not LeadMerge.objects.exists() and not LeadActivity.objects.exists()
    assert merge(acme, one, two, 0) == 0
    with tenant_context(acme.id):
        assert LeadMerge.objects.count() == 1
    (kept,) = [row for row in rows(acme) if row["deleted_at"] is None]
    assert kept["tags"] == ["a", "b"]
