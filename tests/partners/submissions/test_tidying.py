"""P-5, P-6: what is deleted counts for the pass rate still, and nothing is tidied away that was
handed to staff meanwhile."""

from datetime import timedelta
from threading import Thread

import pytest
from django.utils import timezone

from cursive.lib.tenancy import atomic, system_context, tenant_context
from marketplace.listings.models import Listing
from marketplace.listings.operations import record_checks
from marketplace.listings.verdicts import count_verdicts
from partners.commission.queries import standing_of
from partners.submissions import changing
from partners.submissions.models import Submission
from partners.submissions.operations import give_up, remove_expired_submissions, submit_for_review
from tests.credits.books import at_once, start_and_wait
from tests.partners.submissions.handing import (
    again,
    listings,
    people,
    row,
    validated,
    work,
)


def make_old(found: Submission) -> None:
    with system_context():
        Submission.objects.filter(id=found.id).update(
            created_at=timezone.now() - timedelta(days=31)
        )


def rates(petra) -> tuple[tuple[int, int], float | None]:
    """The checks as commission counts them, and the rate that the partner is shown."""
    since = timezone.now() - timedelta(days=90)
    with system_context():
        counted = count_verdicts([petra.id], since)[petra.id]
    with tenant_context(petra.id):
        return counted, standing_of(petra.id).pass_rate


def dead(count: int, start: int) -> str:
    return "".join(row(n, mail=f"p{n}@dead.example") for n in range(start, start + count))


def checked(petra) -> Submission:
    """A file of which 40 of 60 addresses are good."""
    return told(petra, validated(petra, people(51) + dead(9, 100)), 40)


def told(petra, found: Submission, good: int) -> Submission:
    """The file, of whose addresses a provider says what the built-in check may not (ADR 0021)."""
    assert rates(petra) == ((0, 0), None)
    ids = [each.id for each in listings(found)]
    with system_context(), atomic():
        record_checks(checks=dict.fromkeys(ids[:good], "valid"))
        record_checks(checks=dict.fromkeys(ids[good:], "invalid"))
    return found


@pytest.mark.parametrize("at_once", [1_000, 25])
@pytest.mark.parametrize("end", ["tidied", "given up", "refused"])
def test_deleted_leads_count_for_the_pass_rate(petra, monkeypatch, end, at_once):
    """P-6: whatever became of them; by a job, too."""
    monkeypatch.setattr(changing, "AT_ONCE", at_once)
    monkeypatch.setattr(changing, "BATCH", 25)
    if end == "refused":
        found = told(petra, validated(petra, people(10) + dead(45, 100)), 0)
        expected = ((0, 45), 0.0)
    else:
        found, expected = checked(petra), ((40, 20), 100 * 40 / 60)
    assert rates(petra) == expected
    if end == "given up":
        with tenant_context(petra.id):
            give_up(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)
    else:
        make_old(found)
        assert remove_expired_submissions() == 1
    if (job := again(petra, found).change_job) is not None:
        work(petra, job)
    assert not Listing.objects.filter(submission_id=found.id).exists()
    assert rates(petra) == expected


@pytest.mark.faults
def test_what_is_handed_to_review_during_the_tidying_stays(petra):
    first, second = validated(petra, people(50)), validated(petra, people(50, 100))
    make_old(first)
    make_old(second)
    tidied: list[object] = []
    tidying = Thread(
        target=lambda: tidied.extend(at_once(1, lambda _: remove_expired_submissions()))
    )
    with tenant_context(petra.id), atomic():
        submit_for_review(workspace_id=petra.id, actor=petra.actor, submission_id=second.id)
        assert start_and_wait(tidying)
    tidying.join()
    assert tidied == [1]
    assert [again(petra, found).status for found in (first, second)] == ["closed", "review"]
    assert (len(listings(first)), len(listings(second))) == (0, 50)
