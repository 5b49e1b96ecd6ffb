"""P-2, P-3, A-18: a file becomes drafts of who can be sold, and rows with the reason why not."""

import csv
from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile

from accounts.audit.models import AuditEntry
from cursive.lib.errors import Conflict, Forbidden, InvalidInput
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job, retry_job
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.imports.uploads.models import Upload
from marketplace.listings.models import ListingPerson
from marketplace.listings.operations import withdraw_listings
from marketplace.listings.people import person_of
from partners.program.models import Partner
from partners.submissions import validating
from partners.submissions.models import Submission
from partners.submissions.operations import (
    SUBMISSION,
    give_up,
    start_validation,
    upload_submission,
)
from partners.submissions.queries import rejects_file
from tests import cast, market
from tests.partners.submissions.handing import (
    HEAD,
    again,
    counts,
    hand_in,
    listings,
    on_sale,
    people,
    rejects,
    row,
    validated,
    work,
)


@pytest.fixture
def bob(db):
    """Another partner."""
    workspace, user = market.partner("Bob's lists", owner=cast.user("Bob"))
    workspace.user, workspace.actor = user, cast.actor_for(user)
    return workspace


def test_valid_rows_become_drafts_that_nobody_sees(petra):
    full = row(
        0,
        phone="(512) 555-0100",
        company="Acme",
        title="VP Sales",
        linkedin="linkedin.com/in/annlee",
        date=(date.today() - timedelta(days=3)).isoformat(),
    )
    found = validated(petra, HEAD + full + people(50, 1).removeprefix(HEAD))
    assert (found.status, str(found)) == ("ready", "S-0001")
    assert counts(found) == {"rows": 51, "valid": 51}
    made = listings(found)
    assert {each.status for each in made} == {"draft"} and len(made) == 51
    assert [each.line for each in made] == list(range(2, 53))
    first = made[0]
    assert (first.price_cents, first.max_sales) == (120, 1)
    assert first.categories == ["software", "saas"]
    assert (first.collected_on, made[1].collected_on) == (
        date.today() - timedelta(days=3),
        found.collected_on,
    )
    assert first.verified_at and first.verification_status == "unknown"
    with tenant_context(petra.id):
        assert person_of(ListingPerson.objects.get(listing=first).record).last_name == "Lee0"
        assert AuditEntry.objects.filter(action="create", resource="submission").count() == 1
    assert (found.job.processed, found.job.total) == (102, 102)
    assert found.job.result["valid"] == 51


def test_rows_that_cannot_be_sold_are_told_with_line_field_and_reason(petra):
    old = (date.today() - timedelta(days=90)).isoformat()
    young = (date.today() - timedelta(days=89)).isoformat()
    bad = (
        row(90, mail="nowhere", phone="+15125550190")
        + row(91, date=old)
        + row(92, first="=cmd()", mail="")
        + row(1)
        + row(93, mail="x@dead.example")
    )
    found = validated(petra, people(49) + row(60, date=young) + bad)
    assert counts(found) == {"rows": 55, "valid": 50, "invalid": 4, "doubles_in_file": 1}
    told = rejects(petra, found)
    assert [line[:2] for line in told] == [
        ["52", "email"],
        ["53", "source_date"],
        ["54", ""],
        ["55", ""],
        ["56", "email"],
    ]
    assert "valid e-mail address" in told[0][2] and "90 days old or older" in told[1][2]
    assert told[2][3] == "'=cmd()" and "further up" in told[3][2]
    assert "takes no mail" in told[4][2] and told[4][4:6] == ["Lee93", "x@dead.example"]
    samples = found.plan["samples"]
    assert [one["line"] for one in samples["unreachable"]] == [56]
    assert "takes no mail" in samples["unreachable"][0]["reason"]
    assert [one["line"] for one in samples["new"]] == list(range(2, 22))
    assert sum(found.plan["reasons"].values()) == 3 and found.plan["undeliverable"] == 1


def test_forty_nine_valid_rows_are_refused_and_leave_nothing_but_the_rejects(petra):
    """Bad input: 49 valid rows."""
    found = validated(petra, people(49) + row(1))
    assert found.status == "refused" and "Only 49 leads are valid" in found.refusal
    assert "twice in the file: add people who aren't" in found.refusal
    assert found.job.status == "completed" and found.job.result["refusal"] == found.refusal
    assert listings() == []
    assert [line[0] for line in rejects(petra, found)] == ["51"]
    fine = validated(petra, people(49))
    assert "Upload the file again with more people" in fine.refusal
    # The mended file is another one, and so may the same be once more.
    assert validated(petra, people(50)).status == "ready"
    assert hand_in(petra, people(49) + row(1)).number == 4


def test_fewer_than_fifty_after_the_check_of_addresses_are_refused_too(petra):
    found = validated(petra, people(49) + row(60, mail="x@dead.example"))
    assert found.status == "refused" and "Only 49" in found.refusal
    assert "Mend the rows of the file below" in found.refusal
    assert [line[1] for line in rejects(petra, found)] == ["email"]
    assert {each.status for each in listings()} == {"rejected"}


def test_a_bad_sample_ends_it_at_once(petra, domains, monkeypatch):
    """P-3: a sample first."""
    monkeypatch.setattr(validating, "SAMPLE", 40)
    dead = "".join(row(number, mail=f"p{number}@dead.example") for number in range(100, 300))
    found = validated(petra, people(60) + dead)
    assert found.status == "refused" and "Of 40 addresses that were tried first" in found.refusal
    assert len(domains) <= 2  # the rest was never asked for
    assert not [each for each in listings() if each.status == "draft"]


def test_the_same_file_twice_names_the_first(petra):
    """Bad input: the same file twice."""
    first = hand_in(petra, people(50))
    with pytest.raises(Conflict) as refusal:
        hand_in(petra, people(50), name="other.csv", price="2.00")
    assert "S-0001" in refusal.value.message
    with tenant_context(petra.id):
        assert Submission.objects.get().id == first.id and Upload.objects.count() == 1


def test_another_partners_file_is_duplicates_of_theirs(petra, bob):
    """Bad input: another partner's file; P-3: duplicates are told apart."""
    on_sale(petra, people(50))
    validated(petra, people(50, 100))
    found = validated(bob, people(50, 20) + row(110) + row(120) + people(60, 200)[len(HEAD) :])
    assert counts(found) == {"rows": 112, "valid": 80, "doubles_others": 2, "doubles_market": 30}
    told = rejects(bob, found)
    assert "on sale in the marketplace" in told[0][2] and "Another partner" in told[-1][2]
    mine = validated(petra, people(60, 40) + people(60, 300)[len(HEAD) :])
    # Ten are on sale by Petra herself, and twenty are Bob's drafts.
    assert counts(mine) == {"rows": 120, "valid": 90, "doubles_own": 10, "doubles_others": 20}


def test_a_switchboards_number_is_no_duplicate_and_the_same_name_on_it_is(petra):
    """ADR 0016, over all partners."""
    on_sale(petra, people(50, phone="+15125550100"))
    found = validated(
        petra,
        HEAD
        + row(1, mail="other@fine.example", phone="+15125550100")
        + row(70, mail="new@fine.example", phone="+15125550100")
        + people(50, 100)[len(HEAD) :],
    )
    assert counts(found) == {"rows": 52, "valid": 51, "doubles_own": 1}


def test_who_is_withdrawn_or_turned_down_may_be_offered_again(petra):
    first = on_sale(petra, people(50))
    ids = [each.id for each in listings(first)]
    with system_context(), atomic():
        withdraw_listings(seller_id=petra.id, listing_ids=ids[:10], reason="Withdrawn.")
    found = validated(petra, people(51) + people(60, 100)[len(HEAD) :])
    assert counts(found) == {"rows": 111, "valid": 71, "doubles_own": 40}


def test_two_partners_at_once_with_one_person(petra, bob, monkeypatch):
    """What somebody else has begun to offer between judging and writing is a duplicate too."""
    real, other = validating._last_listing, []

    def between():
        if not other:
            other.append(True)
            seen = real()
            other.append(validated(bob, people(50)))
            return seen
        return real()

    monkeypatch.setattr(validating, "_last_listing", between)
    # Bob's file comes in after Petra's has been opened, before her rows are written.
    known = validating.SubmissionJudge.know
    monkeypatch.setattr(
        validating.SubmissionJudge,
        "know",
        lambda self, all: [validating.found("")] * len(all) if other[1:] else known(self, all),
    )
    found = validated(petra, people(10) + people(60, 100)[len(HEAD) :])
    assert counts(found) == {"rows": 70, "valid": 60, "doubles_others": 10}
    told = rejects(petra, found)
    assert [line[0] for line in told] == [str(line) for line in range(2, 12)]
    assert told[0][4:6] == ["Lee0", "p0@fine.example"]
    emails = [each.line for each in listings(found)]
    assert len(emails) == 60


def test_suppressed_people_stay_out(petra):
    """A-18; bad input: rows on the suppression list."""
    cast.suppress("p3@fine.example")
    found = validated(petra, people(51))
    assert counts(found) == {"rows": 51, "valid": 50, "invalid": 1}
    assert "asked not to be contacted" in rejects(petra, found)[0][2]
    with system_context():
        assert not ListingPerson.objects.filter(email_key="p3@fine.example").exists()


def test_several_parts_know_each_other_and_too_many_rows_are_refused(petra, monkeypatch):
    monkeypatch.setattr(validating, "PART_ROWS", 7)
    found = validated(petra, people(60) + people(30)[len(HEAD) :])
    assert counts(found) == {"rows": 90, "valid": 60, "doubles_in_file": 30}
    monkeypatch.setattr(validating, "MOST_ROWS", 80)
    found = validated(petra, people(90, 100))
    assert found.status == "refused" and "more than 80 rows" in found.refusal
    assert listings(found) == []


def test_cancelling_leaves_no_draft_and_it_can_begin_again(petra, files, monkeypatch):
    monkeypatch.setattr(validating, "PART_ROWS", 10)
    found = hand_in(petra, people(60))
    asked = []

    def cancel(job, choose):
        asked.append(len(listings(found)))
        with tenant_context(petra.id):
            cancel_job(workspace_id=petra.id, job_id=job.id, actor=petra.actor)
        return validating.checking.Asked()

    with monkeypatch.context() as patched:
        patched.setattr(validating.checking, "ask", cancel)
        work(petra, found.job)
    found = again(petra, found)
    assert asked == [60] and (found.status, found.job.status) == ("draft", "cancelled")
    assert listings() == [] and not list(files.rglob("people-*"))
    with tenant_context(petra.id):
        job = start_validation(workspace=petra, actor=petra.actor, submission_id=found.id)
        with pytest.raises(Conflict):
            start_validation(workspace=petra, actor=petra.actor, submission_id=found.id)
    work(petra, job)
    assert counts(again(petra, found)) == {"rows": 60, "valid": 60}


def test_a_validation_that_failed_begins_again_unless_the_file_was_handed_in_anew(petra, files):
    found = hand_in(petra, people(50))
    (stored,) = (path for path in files.rglob("*") if path.name == str(found.upload_id))
    content = stored.read_bytes()
    stored.unlink()
    work(petra, found.job)
    assert again(petra, found).status == "failed" and listings() == []
    stored.write_bytes(content)
    with tenant_context(petra.id):
        retry_job(workspace_id=petra.id, job_id=found.job.id, actor=petra.actor)
    stored.unlink()
    work(petra, found.job)
    anew = validated(petra, people(50))
    assert anew.status == "ready"
    with tenant_context(petra.id), pytest.raises(Conflict, match="S-0002"):
        retry_job(workspace_id=petra.id, job_id=found.job.id, actor=petra.actor)
    assert again(petra, found).status == "failed" and len(listings(anew)) == 50


def test_giving_up_takes_the_drafts_and_ends_the_job(petra):
    first = validated(petra, people(50))
    second = hand_in(petra, people(50, 100))
    for found in (first, second):
        with tenant_context(petra.id):
            give_up(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)
    work(petra, second.job)
    assert [again(petra, found).status for found in (first, second)] == ["closed", "closed"]
    assert listings() == [] and again(petra, second).job.status == "cancelled"
    assert validated(petra, people(50)).valid == 50


def test_a_suspended_partner_hands_nothing_in(petra):
    with tenant_context(petra.id):
        Partner.objects.update(status=Partner.Status.SUSPENDED, status_reason="Complaints.")
    with pytest.raises(Forbidden, match="Complaints"):
        hand_in(petra, people(50))
    with tenant_context(petra.id):
        assert not Submission.objects.exists() and not Job.objects.exists()


def test_a_file_cannot_say_how_good_it_is(petra):
    """P-3, P-4: whether addresses work and how good leads are, we find out ourselves."""
    claims = "E-mail verified,E-mail verified on,Phone verified,Quality score"
    content = HEAD.strip() + f",{claims}\n"
    content += "".join(row(n).strip() + ",yes,2026-11-01,yes,100\n" for n in range(50))
    found = validated(petra, content)
    said = {each.column: each.field for each in found.upload.columns_mapped.columns}
    assert {said[name] for name in claims.split(",")} == {None}
    with system_context():
        records = list(ListingPerson.objects.values_list("record", flat=True))
    assert len(records) == 50
    for name in ("email_verified", "email_verified_at", "phone_verified", "quality_score"):
        assert name not in dict(pair for _, group in SUBMISSION.choices() for pair in group)
        assert not any(name in record for record in records)
        with tenant_context(petra.id), pytest.raises(InvalidInput, match="There is no field"):
            upload_submission(
                workspace=petra,
                actor=petra.actor,
                file=ContentFile(people(50, 100).encode(), name="b.csv"),
                details=market.DETAILS,
                validate=True,
                fields={"Title": name},
            )
    with tenant_context(petra.id):
        assert Submission.objects.count() == 1


def test_the_file_of_rejects_has_rows_as_they_stand_in_the_file(petra):
    """P-3: mended and handed in again, nothing may be lost: not a column that means nothing here,
    not how an address was written, not what couldn't be read."""
    extra = HEAD.strip() + ",Internal\n"
    dead = 'Ann,Lee,"X <x@dead.example>",call me,Acme,CEO,http://LinkedIn.com/in/Ann/?a=1,'
    last = dead + f"{date.today()},keep me\n"
    good = "".join(row(number).strip() + ",fine\n" for number in range(60))
    found = validated(petra, extra + good + last)
    assert found.status == "ready" and found.invalid == 1
    (told,) = [each for each in rejects(petra, found) if each[0] == "62" and each[1] == "email"]
    assert told[3:] == next(csv.reader([last]))


def test_rejects_that_were_mended_are_taken(petra):
    """P-3: the file of rejects has our columns before its own, and they say nothing of anybody."""
    bad = "".join(row(number, mail=f"p{number}.fine.example") for number in range(100, 160))
    found = validated(petra, people(40) + bad)
    assert found.status == "refused" and found.invalid == 60
    with tenant_context(petra.id):
        told = "".join(rejects_file(found))
    mended = validated(petra, told.replace(".fine.example", "@fine.example"))
    assert (mended.status, mended.valid) == ("ready", 60)
