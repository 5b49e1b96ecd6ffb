"""P-2, P-3, P-5: two at once are one after the other; nothing is on sale or handed in twice."""

from collections import Counter

import pytest

from cursive.lib.errors import Conflict, DomainError
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import system_context, tenant_context
from leads.imports.uploads.models import Upload
from marketplace.listings.models import ListingPerson
from partners.submissions import validating
from partners.submissions.models import Submission
from partners.submissions.review import approve_submission, reject_submission
from tests import cast, market
from tests.leads.records.pulling import in_threads
from tests.partners.submissions.handing import (
    STAFF,
    again,
    hand_in,
    in_review,
    listings,
    people,
    work,
)

pytestmark = pytest.mark.faults


def test_one_file_sent_twice_at_once_is_one_submission(petra):
    def send(number: int) -> str:
        try:
            return str(hand_in(petra, people(50), name=f"{number}.csv"))
        except Conflict as refusal:
            return refusal.message

    answers = Counter(in_threads(4, send))
    assert answers.pop("S-0001") == 1
    assert list(answers) == ["You have handed in this file before, as S-0001."]
    with tenant_context(petra.id):
        assert Submission.objects.count() == Upload.objects.count() == Job.objects.count() == 1


def test_two_partners_with_the_same_people_at_once(petra, monkeypatch):
    """Each person is one partner's, and the other is told so."""
    monkeypatch.setattr(validating, "PART_ROWS", 10)
    monkeypatch.setattr(validating, "LEAST_VALID", 0)
    bob, user = market.partner("Bob's lists", owner=cast.user("Bob"))
    bob.user, bob.actor = user, cast.actor_for(user)
    both = [(petra, hand_in(petra, people(60))), (bob, hand_in(bob, people(60)))]
    in_threads(2, lambda at: work(both[at][0], both[at][1].job))
    mine, his = (again(whose, found) for whose, found in both)
    assert (mine.status, his.status) == ("ready", "ready")
    assert mine.valid + his.valid == 60 == mine.doubles_others + his.doubles_others
    assert mine.valid + mine.doubles_others == his.valid + his.doubles_others == 60
    with system_context():
        emails = list(ListingPerson.objects.values_list("email_key", flat=True))
    assert len(emails) == len(set(emails)) == 60


def test_two_of_the_staff_decide_at_once(petra):
    found = in_review(petra, people(50))

    def decide(number: int) -> str:
        whose = {"workspace_id": petra.id, "actor": STAFF, "submission_id": found.id}
        try:
            with system_context():
                if number % 2:
                    reject_submission(**whose, code="duplicate")
                else:
                    approve_submission(**whose)
        except DomainError as refusal:
            assert "doesn't wait for review" in refusal.message
            return "refused"
        return "decided"

    assert Counter(in_threads(4, decide)) == {"decided": 1, "refused": 3}
    found = again(petra, found)
    if found.change_job is not None:
        work(petra, found.change_job)
    assert {each.status for each in listings(found)} in ({"listed"}, {"rejected"})
    with tenant_context(petra.id):
        assert Job.objects.filter(kind="submission_change").count() <= 1
