"""P-5: a publication that was cut short: what of it is on sale, and who decides how it goes on."""

import pytest
from django.test import Client

from cursive.lib.errors import Conflict
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import retry_job
from cursive.lib.tenancy import system_context, tenant_context
from partners.submissions import changing
from partners.submissions.review import approve_submission, reject_submission
from tests import cast
from tests.partners.submissions.handing import STAFF, again, in_review, people, statuses, work


def cut_short(petra, found) -> Job:
    """A publication that fails after its first 20 leads."""

    def fail(self, job):
        if job.cursor:
            raise Conflict("The disk is full.")

    with system_context():
        job = approve_submission(workspace_id=petra.id, actor=STAFF, submission_id=found.id)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(changing, "BATCH", 20)
        patched.setattr(changing.ChangeHandler, "prepare", fail)
        work(petra, job)
    assert again(petra, found).status == "review"
    return job


def test_what_is_taken_back_is_off_sale_too(petra):
    """P-5: where a publication was cut short, a part of it is on sale."""
    found = in_review(petra, people(50))
    cut_short(petra, found)
    browser = Client()
    browser.force_login(petra.user)
    shown = browser.get(f"/partner/submissions/{found.id}/").content.decode()
    assert "20 of its leads went on sale already." in shown
    page = f"/partner/submissions/{found.id}/closing/"
    assert "on sale already is taken off" in browser.get(page).content.decode()
    assert browser.post(page).status_code == 302
    assert again(petra, found).status == "closed"
    assert statuses(found) == {"withdrawn": 20}
    assert in_review(petra, people(50)).valid == 50  # as the page says


def test_staff_are_told_what_is_on_sale_already(petra, settings):
    settings.STAFF_MFA_REQUIRED = False
    found = in_review(petra, people(50))
    sam = Client()
    sam.force_login(cast.staff())
    page = f"/admin/partners/submission/{found.id}/review/"
    assert "cut short" not in sam.get(page).content.decode()
    cut_short(petra, found)
    assert "20 of these leads went on sale before" in sam.get(page).content.decode()


def test_a_partner_does_not_go_on_with_what_staff_decide_anew(petra):
    """P-5: a publication that failed is tried again by staff alone."""
    found = in_review(petra, people(50))
    job = cut_short(petra, found)
    browser = Client()
    browser.force_login(petra.user)
    assert "/retry/" not in browser.get(f"/jobs/{job.id}/").content.decode()
    assert browser.post(f"/jobs/{job.id}/retry/").status_code == 409
    assert again(petra, found).status == "review"
    assert statuses(found) == {"listed": 20, "draft": 30}


def test_a_publication_that_failed_goes_on_unless_staff_decide_otherwise(petra, monkeypatch):
    found = in_review(petra, people(50))
    job = cut_short(petra, found)
    with tenant_context(petra.id):
        retry_job(workspace_id=petra.id, job_id=job.id, actor=STAFF)
    assert again(petra, found).status == "publishing"

    def fail(self, job):
        raise Conflict("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(changing.ChangeHandler, "prepare", fail)
        work(petra, job)
    with system_context():
        reject_submission(
            workspace_id=petra.id, actor=STAFF, submission_id=found.id, code="duplicate"
        )
    with tenant_context(petra.id), pytest.raises(Conflict, match="decided already"):
        retry_job(workspace_id=petra.id, job_id=job.id, actor=petra.actor)
    assert again(petra, found).status == "rejected"
    assert statuses(found) == {"withdrawn": 20, "rejected": 30}
