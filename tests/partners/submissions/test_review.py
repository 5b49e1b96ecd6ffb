"""P-4, P-5, P-6b, A-18: graded, reviewed, priced, withdrawn, suspended."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEntry
from credits.receipts.models import PaymentMail
from credits.receipts.operations import send_due_mail
from cursive.lib.errors import Conflict, Forbidden, InvalidInput
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job
from cursive.lib.tenancy import atomic, system_context, tenant_context
from marketplace.listings.models import Listing
from marketplace.listings.operations import mark_sold, record_checks
from partners.commission.scores import freshness
from partners.program.models import Partner
from partners.submissions import changing
from partners.submissions.changing import relist_all, suspend_all
from partners.submissions.models import MOST, Submission
from partners.submissions.operations import (
    change_price,
    give_up,
    submit_for_review,
    withdraw_submission,
)
from partners.submissions.quality import Shares, points_of, uniqueness
from partners.submissions.queries import figures_of
from partners.submissions.rechecking import start_rechecks
from partners.submissions.review import Selection, approve_submission, reject_submission
from tests import cast
from tests.partners.submissions.handing import (
    HEAD,
    STAFF,
    again,
    approve,
    client_of,
    hand_in,
    in_review,
    listings,
    on_sale,
    people,
    rejects,
    row,
    statuses,
    validated,
    work,
)


def grade(found: Submission, valid: int) -> None:
    """Let the first so many be checked as valid, and be better by what that is worth."""
    ids = [each.id for each in listings(found)][:valid]
    with system_context(), atomic():
        record_checks(checks=dict.fromkeys(ids, "valid"))
        for each in Listing.objects.filter(id__in=ids):
            Listing.objects.filter(id=each.id).update(quality=each.quality + MOST["verified"])


# --- P-4 ---
def test_the_formula_of_quality():
    assert sum(MOST.values()) == 100
    assert points_of(Shares(1, 1, 1, 1)) == MOST
    assert points_of(Shares(0.5, 0.75, 0.5, 0.9)) == {
        "verified": 20,
        "completeness": 22,
        "freshness": 10,
        "uniqueness": 9,
    }
    assert (uniqueness(10, 1), uniqueness(0, 0)) == (0.9, 0.0)


def test_leads_and_submissions_are_graded_by_it(petra):
    old = (date.today() - timedelta(days=40)).isoformat()
    rows = (
        row(1, phone="+15125550101", company="A", title="CTO", linkedin="linkedin.com/in/a1")
        + row(2, company="A", title="CTO", date=old)
        + row(2)
    )
    found = validated(petra, people(50, 10) + rows)
    unique = uniqueness(53, 1)
    by_line = {each.line: each.quality for each in listings(found)}
    assert by_line[52] == round(30 + 20 * freshness(5) / 100 + 10 * unique)
    assert by_line[53] == round(30 / 2 + 20 * freshness(40) / 100 + 10 * unique)
    shares = Shares(0, (1 + 0.5) / 52, (51 * freshness(5) + freshness(40)) / 5_200, unique)
    assert {name: getattr(found, f"{name}_points") for name in MOST} == points_of(shares)
    assert found.quality == sum(points_of(shares).values())


# --- P-5 ---
def test_approved_leads_are_on_sale_and_the_partner_is_mailed(petra, mailoutbox):
    found = on_sale(petra, people(51) + row(70, mail="x@dead.example"))
    assert (found.status, found.approved) == ("approved", 51)
    assert statuses(found) == {"listed": 51, "rejected": 1}
    assert all(each.listed_at for each in listings(found) if each.status == "listed")
    send_due_mail()
    (mail,) = mailoutbox
    assert mail.to == [petra.user.email] and "S-0001 is approved: 51 leads" in mail.subject
    assert f"/partner/submissions/{found.id}/" in mail.body and "left out" not in mail.body
    with system_context():
        entry = AuditEntry.objects.get(action="approve", resource="submission")
        assert (entry.actor_label, entry.workspace_id) == (STAFF.label, petra.id)


@pytest.mark.parametrize(
    ("selection", "approved"),
    [
        (Selection(statuses=("valid",)), range(2, 22)),
        (Selection(quality=60), range(2, 22)),
        (Selection(number=30), range(2, 32)),
        (Selection(quality=60, number=5), range(2, 7)),
        (Selection(number=1_000), range(2, 62)),
    ],
)
def test_a_part_is_approved_and_the_rest_turned_down(
    petra, mailoutbox, monkeypatch, selection, approved
):
    monkeypatch.setattr(changing, "BATCH", 7)
    found = in_review(petra, people(60))
    grade(found, 20)
    found = approve(petra, found, selection)
    listed = [each.line for each in listings(found) if each.status == "listed"]
    assert listed == list(approved) and found.approved == len(listed)
    assert statuses(found)["rejected"] == 60 - len(listed)
    assert len(rejects(petra, found)) == 60 - len(listed)
    send_due_mail()
    assert ("left out (Low quality)" in mailoutbox[0].body) == (len(listed) < 60)


def test_rejection_has_a_reason_and_is_mailed(petra, mailoutbox):
    """P-6b."""
    found = in_review(petra, people(50))
    for code, text, field in (("other", "", "text"), ("boring", "", "code"), ("", "", "code")):
        with system_context(), pytest.raises(InvalidInput) as refusal:
            reject_submission(
                workspace_id=petra.id, actor=STAFF, submission_id=found.id, code=code, text=text
            )
        assert field in refusal.value.fields
    assert again(petra, found).status == "review" and statuses(found) == {"draft": 50}
    with system_context():
        reject_submission(
            workspace_id=petra.id,
            actor=STAFF,
            submission_id=found.id,
            code="other",
            text="Names are made up.",
        )
    found = again(petra, found)
    assert (found.status, statuses(found)) == ("rejected", {"rejected": 50})
    assert found.reject_reason == "Other: Names are made up."
    send_due_mail()
    assert "Why: Other: Names are made up." in mailoutbox[0].body
    assert rejects(petra, found)[0][:3] == ["2", "", "Other: Names are made up."]
    with system_context(), pytest.raises(Conflict):
        approve_submission(workspace_id=petra.id, actor=STAFF, submission_id=found.id)


def test_what_is_decided_or_not_submitted_is_not_decided_again(petra):
    found = validated(petra, people(50))
    with system_context(), pytest.raises(Conflict):
        approve_submission(workspace_id=petra.id, actor=STAFF, submission_id=found.id)
    with tenant_context(petra.id):
        for _ in range(2):
            submit_for_review(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)
    with system_context(), pytest.raises(Conflict, match="None of its leads"):
        approve_submission(
            workspace_id=petra.id,
            actor=STAFF,
            submission_id=found.id,
            selection=Selection(quality=100),
        )
    with system_context(), pytest.raises(InvalidInput):
        approve_submission(
            workspace_id=petra.id,
            actor=STAFF,
            submission_id=found.id,
            selection=Selection(statuses=("invalid",)),
        )
    assert statuses(found) == {"draft": 50}
    approve(petra, found)
    with system_context(), pytest.raises(Conflict):
        approve_submission(workspace_id=petra.id, actor=STAFF, submission_id=found.id)
    with tenant_context(petra.id), pytest.raises(Conflict):
        give_up(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)
    with tenant_context(petra.id):
        assert PaymentMail.objects.count() == 1


def test_who_asked_meanwhile_not_to_be_contacted_is_not_published(petra):
    """A-18: the list is asked again at publication."""
    found = in_review(petra, people(51))
    cast.suppress("p3@fine.example")
    found = approve(petra, found)
    assert found.approved == 50 and statuses(found) == {"listed": 50, "rejected": 1}
    (told,) = rejects(petra, found)
    assert told[0] == "5" and "asked not to be contacted" in told[2]


def test_a_publication_that_is_cancelled_waits_for_review_again(petra, monkeypatch):
    monkeypatch.setattr(changing, "BATCH", 20)
    found = in_review(petra, people(50))
    with system_context():
        job = approve_submission(workspace_id=petra.id, actor=STAFF, submission_id=found.id)

    def cancel(self, job):
        if job.cursor:
            cancel_job(workspace_id=petra.id, job_id=job.id, actor=petra.actor)

    with monkeypatch.context() as patched:
        patched.setattr(changing.ChangeHandler, "prepare", cancel)
        work(petra, job)
    found = again(petra, found)
    assert (found.status, found.approved) == ("review", 20)
    assert statuses(found) == {"listed": 20, "draft": 30}
    found = approve(petra, found)
    assert (found.status, found.approved) == ("approved", 50)


def test_a_partner_cannot_end_the_jobs_that_are_ours(petra, monkeypatch):
    """P-5, P-6b: what staff decided and the checks of unsold leads run to their end; the partner's
    own changes may be ended."""
    monkeypatch.setattr(changing, "AT_ONCE", 20)
    found = in_review(petra, people(50))
    browser, api = Client(), client_of(petra, petra.actor)
    browser.force_login(petra.user)
    with system_context():
        reject_submission(
            workspace_id=petra.id, actor=STAFF, submission_id=found.id, code="low_quality"
        )
    found = again(petra, found)
    sold = on_sale(petra, people(50, 100))
    with system_context():
        type(listings(sold)[0]).objects.update(verified_at=timezone.now() - timedelta(days=61))
        start_rechecks()
    with tenant_context(petra.id):
        recheck = Job.objects.get(kind="listing_recheck")
        change_price(workspace_id=petra.id, actor=petra.actor, submission_id=sold.id, price="3.00")
    for job in (found.change_job, recheck):
        assert "cancellation" not in browser.get(f"/jobs/{job.id}/").content.decode()
        assert browser.post(f"/jobs/{job.id}/cancellation/").status_code == 409
        assert api.post(f"/api/jobs/{job.id}/cancellation").status_code == 409
        with tenant_context(petra.id):
            assert not Job.objects.get(id=job.id).cancel_requested
    work(petra, found.change_job)
    assert again(petra, found).status == "rejected" and statuses(found) == {"rejected": 50}
    own = again(petra, sold).change_job
    assert "cancellation" in browser.get(f"/jobs/{own.id}/").content.decode()
    assert browser.post(f"/jobs/{own.id}/cancellation/").status_code == 302
    with tenant_context(petra.id):
        assert Job.objects.get(id=own.id).cancel_requested


def test_a_suspended_partners_submission_is_not_approved(petra):
    found = in_review(petra, people(50))
    suspend(petra)
    with system_context(), pytest.raises(Forbidden):
        approve_submission(workspace_id=petra.id, actor=STAFF, submission_id=found.id)
    assert again(petra, found).status == "review" and statuses(found) == {"draft": 50}


# --- price, withdrawal, suspension ---
def reprice(petra, found: Submission, price: str) -> int:
    with tenant_context(petra.id):
        return change_price(
            workspace_id=petra.id, actor=petra.actor, submission_id=found.id, price=price
        )


@pytest.mark.parametrize("at_once", [1_000, 10])
def test_the_price_of_what_is_not_sold_changes_without_review(petra, monkeypatch, at_once):
    monkeypatch.setattr(changing, "AT_ONCE", at_once)
    monkeypatch.setattr(changing, "BATCH", 20)
    found = on_sale(petra, people(50))
    with system_context(), atomic():
        mark_sold(listing_ids=[listings(found)[0].id])
    assert reprice(petra, found, "$2.5") == 250
    found = again(petra, found)
    if at_once == 10:
        work(petra, found.change_job)
    assert found.price_cents == 250 and found.status == "approved"
    assert [each.price_cents for each in listings(found)] == [120] + [250] * 49
    with tenant_context(petra.id):
        assert AuditEntry.objects.get(action="reprice").new["price_cents"] == 250


def test_prices_that_cannot_be_change_nothing(petra):
    """Bad input: price 0, 0.05, 5.01, "abc"."""
    found = on_sale(petra, people(50))
    for price in ("0", "0.05", "5.01", "abc", "", "1.005", "1e2", "-1", "٣"):
        with pytest.raises(InvalidInput) as refusal:
            reprice(petra, found, price)
        assert "0.10 to 5.00" in refusal.value.fields["price"]
        with pytest.raises(InvalidInput) as refusal:
            hand_in(petra, people(50, 100), price=price)
        assert "0.10 to 5.00" in refusal.value.fields["price"]
    assert {each.price_cents for each in listings(found)} == {120}
    assert [reprice(petra, found, price) for price in ("0.10", "5", "$4.99")] == [10, 500, 499]
    with tenant_context(petra.id):
        assert Submission.objects.count() == 1


def test_what_is_not_sold_is_withdrawn(petra):
    found = on_sale(petra, people(50))
    with system_context(), atomic():
        mark_sold(listing_ids=[listings(found)[0].id])
    with tenant_context(petra.id):
        withdraw_submission(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)
    assert statuses(found) == {"sold_out": 1, "withdrawn": 49}


def suspend(petra, status: str = "suspended") -> None:
    with tenant_context(petra.id):
        Partner.objects.update(status=status, status_reason="Complaints.")


def test_suspension_takes_all_off_sale_and_reinstating_puts_it_back(petra, monkeypatch):
    found = on_sale(petra, people(50))
    first = listings(found)
    with tenant_context(petra.id):
        withdraw_submission(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)
    found = on_sale(petra, people(50, 100))
    before = {each.id: each.listed_at for each in listings(found)}
    with system_context(), atomic():
        suspend_all(petra.id, "Complaints.")
    suspend(petra)
    assert statuses(found) == {"withdrawn": 50}
    with system_context(), atomic():
        job = relist_all(petra.id)
    work(petra, job)
    assert statuses(found) == {"withdrawn": 50}  # still suspended
    cast.suppress("p103@fine.example")
    suspend(petra, "approved")
    with system_context(), atomic():
        job = relist_all(petra.id)
    work(petra, job)
    assert statuses(found) == {"listed": 49, "withdrawn": 1}
    assert {each.id: each.listed_at for each in listings(found)} == before
    assert {each.status for each in listings() if each.id in {one.id for one in first}} == {
        "withdrawn"
    }


def test_figures_are_of_all_files_that_were_checked(petra):
    on_sale(petra, people(50) + row(1) + row(60, mail=""))
    validated(petra, people(10))
    hand_in(petra, HEAD + row(99))
    with tenant_context(petra.id):
        found = figures_of(petra.id, None)
        assert (found.submissions, found.rows, found.approved) == (2, 62, 50)
        assert (found.valid, found.duplicates, found.invalid) == (50, 11, 1)
        now = Submission.objects.latest("created_at").created_at
        assert figures_of(petra.id, now).rows == 0
