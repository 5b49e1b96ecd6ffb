"""P-3, P-5: a worker may be killed anywhere in validation and publication; what is done in the
end is as if none had been."""

import os
import random
import sys
from collections import Counter
from functools import partial

import pytest

from credits.receipts.models import PaymentMail
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import system_context, tenant_context
from marketplace.listings.models import ListingPerson
from partners.submissions import changing, checking, validating
from partners.submissions.operations import submit_for_review
from partners.submissions.review import Selection, approve_submission
from tests.faults.doom import KILLED, doomed
from tests.leads.records.pulling import let_the_lease_run_out
from tests.partners.submissions.handing import (
    HEAD,
    STAFF,
    again,
    counts,
    hand_in,
    listings,
    rejects,
    row,
)

SEED = int(os.environ.get("FAULT_SEED", "20261126"))
POINTS = int(os.environ.get("FAULT_POINTS", "20"))
PEOPLE = 120
# So few that work is left for all of them, though each worker gets a bit further.
VALIDATION_STATEMENTS, PUBLICATION_STATEMENTS = 50, 25


def content() -> str:
    """120 people, each fourth one twice, some without an address, some whose address is dead."""
    lines = [HEAD]
    for n in range(PEOPLE):
        lines.append(row(n))
        if n % 4 == 0:
            lines.append(row(n, mail=f"P{n}@Fine.example"))
        if n % 10 == 0:
            lines.append(row(n, mail="nowhere", phone="12"))
        if n % 20 == 0:
            lines.append(row(1_000 + n, mail=f"p{n}@dead.example"))
    return "".join(lines)


def work(petra, job, statement: int) -> int:
    """Let another process at the job; how it ended."""
    return doomed(partial(run_job, workspace_id=petra.id, job_id=job.id), statement)


def points(statements: int, count: int) -> list[int]:
    chosen = random.Random(SEED + statements)
    return sorted(chosen.sample(range(2, statements), count), reverse=True)


def nobody_is_doubled(found) -> None:
    made = listings(found)
    assert len({each.line for each in made}) == len(made)
    with system_context():
        emails = list(ListingPerson.objects.values_list("email_key", flat=True))
    assert len(set(emails)) == len(emails) == len(made)


@pytest.mark.faults
def test_killed_again_and_again(petra, files, monkeypatch):
    monkeypatch.setattr(validating, "PART_ROWS", 6)
    monkeypatch.setattr(validating, "SAMPLE", 10)
    monkeypatch.setattr(validating, "MOST_INVALID_PERCENT", 100)
    monkeypatch.setattr(validating, "GRADED_AT_A_TIME", 20)
    monkeypatch.setattr(checking, "OURSELVES_AT_A_TIME", 6)
    monkeypatch.setattr(changing, "BATCH", 5)
    half = max(POINTS // 2, 1)
    chosen = {
        "validation": points(VALIDATION_STATEMENTS, half),
        "publication": points(PUBLICATION_STATEMENTS, max(POINTS - half, 1)),
    }
    sys.stderr.write(f"FAULT_SEED={SEED}, killed before statements {chosen}\n")
    found = hand_in(petra, content())
    killed = 0
    for point in chosen["validation"]:
        killed += work(petra, found.job, point) == KILLED
        nobody_is_doubled(found)
        let_the_lease_run_out(petra, found.job)
    assert work(petra, found.job, 0) == 0
    found = again(petra, found)
    assert (found.status, found.job.status) == ("ready", "completed")
    assert counts(found) == {"rows": 168, "valid": 120, "doubles_in_file": 30, "invalid": 18}
    nobody_is_doubled(found)
    by_status = Counter(each.status for each in listings(found))
    assert by_status == {"draft": 120, "rejected": 6}
    assert len(rejects(petra, found)) == 48
    drafts = [each for each in listings(found) if each.status == "draft"]
    assert all(each.quality and each.verified_at for each in drafts)
    assert not list(files.rglob("people-*"))

    with tenant_context(petra.id):
        submit_for_review(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)
    with system_context():
        job = approve_submission(
            workspace_id=petra.id,
            actor=STAFF,
            submission_id=found.id,
            selection=Selection(number=100),
        )
    for point in chosen["publication"]:
        killed += work(petra, job, point) == KILLED
        let_the_lease_run_out(petra, job)
    assert work(petra, job, 0) == 0
    assert killed >= POINTS - 2
    found = again(petra, found)
    assert (found.status, found.approved) == ("approved", 100)
    by_status = Counter(each.status for each in listings(found))
    assert by_status == {"listed": 100, "rejected": 26}
    with tenant_context(petra.id):
        assert PaymentMail.objects.count() == 1
