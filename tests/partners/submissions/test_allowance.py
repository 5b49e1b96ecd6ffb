"""P-3: checking costs us, so a partner has so much of it in a day, and so many files at a time:
whatever becomes of them, also where they are given up and handed in again."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cursive.lib.errors import Conflict, InvalidInput, TooMany
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import retry_job
from cursive.lib.tenancy import system_context, tenant_context
from leads.imports.uploads.models import Upload
from partners.program.models import Partner
from partners.program.operations import set_checking_limits
from partners.submissions import validating
from partners.submissions.models import Submission
from partners.submissions.operations import give_up, start_validation
from tests import market
from tests.leads.records.pulling import in_threads
from tests.partners.submissions.handing import (
    STAFF,
    again,
    client_of,
    hand_in,
    people,
    row,
    validated,
    work,
)
from tests.partners.submissions.test_pages import MAPPED


def allow(petra, a_day: int = 1_000_000, at_once: int = 5) -> None:
    with system_context():
        found = Partner.objects.get(workspace_id=petra.id)
    set_checking_limits(
        partner_id=found.id, checks_a_day=a_day, checks_at_once=at_once, actor=STAFF
    )


def forget(petra, found: Submission) -> None:
    with tenant_context(petra.id):
        give_up(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)


def kept(petra) -> Counter[str]:
    with tenant_context(petra.id):
        models: tuple[Any, ...] = (Submission, Upload, Job)
        return Counter({model.__name__: model.objects.count() for model in models})


def test_what_is_given_up_was_checked_all_the_same(petra, domains):
    """Handing in, giving up and handing in again isn't free without end."""
    allow(petra, 120)
    for start in (0, 100):
        found = validated(petra, people(60, start))
        assert (found.status, found.checks) == ("ready", 60)
        forget(petra, found)
    before, asked = kept(petra), len(domains)
    with pytest.raises(
        TooMany, match=r"120 of your leads in 24 hours.* at \d{4}-.* UTC"
    ) as refusal:
        hand_in(petra, people(60, 200))
    assert 86_000 < refusal.value.retry_after <= 86_400
    assert kept(petra) == before and len(domains) == asked
    with tenant_context(petra.id):
        Submission.objects.update(checks_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert validated(petra, people(60, 200)).status == "ready"


def test_a_file_larger_than_what_is_left_is_not_taken(petra, domains):
    allow(petra, 100)
    assert validated(petra, people(60)).checks == 60
    asked = len(domains)
    found = validated(petra, people(50, 100))
    assert (found.status, found.checks, len(domains)) == ("refused", 0, asked)
    assert "50 leads to be checked" in found.refusal and "40 of them" in found.refusal
    assert "UTC" in found.refusal
    larger = validated(petra, people(101, 200))
    assert larger.status == "refused" and "Split" in larger.refusal


def test_only_what_was_asked_about_counts(petra):
    """A file that ends with its sample, and one that has too few leads to be asked about."""
    dead = "".join(row(n, mail=f"p{n}@dead.example") for n in range(100, 400))
    found = validated(petra, people(10) + dead)
    assert (found.status, found.checks) == ("refused", 200)
    found = validated(petra, people(10))
    assert (found.status, found.checks) == ("refused", 0)


def test_a_check_that_is_begun_again_counts_twice(petra, monkeypatch):
    found = hand_in(petra, people(60))

    def fail(**asked: Any) -> None:
        raise Conflict("It broke.")

    with monkeypatch.context() as broken:
        broken.setattr(validating, "grade_listings", fail)
        work(petra, found.job)
    found = again(petra, found)
    assert (found.status, found.checks) == ("failed", 60)
    allow(petra, 60)
    with tenant_context(petra.id), pytest.raises(TooMany):
        retry_job(workspace_id=petra.id, job_id=found.job.id, actor=petra.actor)
    assert again(petra, found).status == "failed"
    allow(petra, 120)
    with tenant_context(petra.id):
        retry_job(workspace_id=petra.id, job_id=found.job.id, actor=petra.actor)
    work(petra, again(petra, found).job)
    found = again(petra, found)
    assert (found.status, found.checks) == ("ready", 120)


def test_so_many_files_at_a_time(petra):
    allow(petra, at_once=1)
    first = hand_in(petra, people(50))
    before = kept(petra)
    with pytest.raises(TooMany, match="1 of your files is being checked"):
        hand_in(petra, people(50, 100))
    assert kept(petra) == before
    work(petra, first.job)
    assert hand_in(petra, people(50, 100)).status == "validating"


def test_who_begins_by_hand_is_refused_too(petra):
    allow(petra, 0)
    client = client_of(petra, petra.actor)
    file = SimpleUploadedFile("people.csv", people(50).encode())
    answer = client.post("/api/partner/leads/upload", {"file": file, **market.DETAILS})
    assert answer.status_code == 429, answer.content
    body = answer.json()
    assert body["type"].endswith("too_many") and "Ask our support" in body["detail"]
    assert int(answer["Retry-After"]) > 0
    assert not any(kept(petra).values())
    allow(petra)
    found = hand_in(petra, people(50))
    with tenant_context(petra.id):
        Submission.objects.filter(id=found.id).update(status="draft")
    allow(petra, 0)
    with tenant_context(petra.id), pytest.raises(TooMany):
        start_validation(workspace=petra, actor=petra.actor, submission_id=found.id)
    browser = Client()
    browser.force_login(petra.user)
    page = browser.post(f"/partner/submissions/{found.id}/mapping/", MAPPED)
    assert page.status_code == 429 and int(page["Retry-After"]) > 0
    assert "Ask our support" in page.content.decode()
    assert again(petra, found).status == "draft" and kept(petra)["Job"] == 1


@pytest.mark.faults
def test_of_files_at_once_only_those_that_have_room(petra):
    """Two uploads at the same moment don't both slip through, nor do two that were read at once."""
    allow(petra, 100, at_once=2)

    def send(number: int) -> Any:
        try:
            return hand_in(petra, people(60, 100 * number), name=f"{number}.csv")
        except TooMany as refusal:
            return refusal.message

    answers = in_threads(4, send)
    taken = [each for each in answers if isinstance(each, Submission)]
    assert len(taken) == 2 and kept(petra)["Submission"] == 2, answers
    in_threads(2, lambda at: work(petra, taken[at].job))
    done = [again(petra, each) for each in taken]
    assert {each.status: each.checks for each in done} == {"ready": 60, "refused": 0}


def test_staff_say_how_much(sam, petra):
    with system_context():
        found = Partner.objects.get(workspace_id=petra.id)
    path = f"/admin/partners/partner/{found.id}/decision/"
    assert "1,000,000" in sam.get(path).content.decode()
    said = {"decision": "limits", "checks_a_day": "5000", "checks_at_once": "2"}
    assert sam.post(path, said).status_code == 302
    with system_context():
        found = Partner.objects.get(id=found.id)
    assert (found.checks_a_day, found.checks_at_once, found.status) == (5_000, 2, "approved")
    for wrong in ({"checks_a_day": -1}, {"checks_at_once": 0}, {"checks_a_day": 10**9}):
        values = {"checks_a_day": 10, "checks_at_once": 1} | wrong
        with pytest.raises(InvalidInput):
            set_checking_limits(partner_id=found.id, actor=STAFF, **values)
