"""P-3 by providers, and P-6b: whose addresses are asked for, by whom, and how often."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from cursive.lib.http import CallFailed
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.verification import providers
from leads.verification.models import Check, KnownAddress
from marketplace.listings.models import Listing
from marketplace.listings.operations import mark_sold
from partners.submissions import checking, rechecking
from partners.submissions.models import ListingCheck
from partners.submissions.tasks import recheck
from tests.leads.verification import doubles
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
def outside(settings, domains):
    """Both providers, with keys."""
    with doubles.providers() as running:
        settings.MILLIONVERIFIER_KEY, settings.ZEROBOUNCE_KEY = "million-key", "zero-key"
        settings.MILLIONVERIFIER_URL = settings.ZEROBOUNCE_URL = running.url
        yield running


def named(*names: str) -> str:
    """Rows whose addresses say what a provider thinks of them."""
    return "".join(
        row(number, mail=f"{name}.{number}@people.example") for number, name in enumerate(names)
    )


def test_providers_are_asked_once_for_each_address_and_nobody_pays(petra, outside, monkeypatch):
    """L-16's queue: five at once, what is known isn't asked again, no charge to the partner."""
    monkeypatch.setattr(checking, "ASKED_AT_A_TIME", 25)
    monkeypatch.setattr(checking, "QUEUED_AT_A_TIME", 30)
    content = HEAD + named(*["ok"] * 50, "invalid", "catch_all", "unknown", "disposable")
    found = validated(petra, content)
    assert counts(found) == {"rows": 54, "valid": 53, "invalid": 1}
    assert len(outside.calls[doubles.MILLION]) == 54 == len(set(outside.calls[doubles.MILLION]))
    assert outside.calls[doubles.ZERO] == [] and outside.most[doubles.MILLION] <= 5
    said = [each.verification_status for each in listings(found)]
    assert said == ["valid"] * 50 + ["invalid", "catch_all", "unknown", "risky"]
    assert found.verified_points == round(40 * 50 / 53)
    with system_context():
        assert not ListingCheck.objects.exists() and not Check.objects.exists()
        assert KnownAddress.objects.count() == 53  # not the unknown one
    # Handed in again after it was given up: from the cache, but for the unknown one.
    with system_context():
        Listing.objects.all().delete()
    outside.calls.clear()
    validated(petra, content + row(900, mail="ok.900@people.example"))
    assert sorted(outside.calls[doubles.MILLION]) == [
        "ok.900@people.example",
        "unknown.52@people.example",
    ]


def test_a_provider_that_is_down_is_waited_for(petra, outside, monkeypatch):
    monkeypatch.setattr(providers, "DEADLINE", 0.5)
    outside.moods[doubles.MILLION] = outside.moods[doubles.ZERO] = "shield"
    found = hand_in(petra, HEAD + named(*["ok"] * 51))
    work(petra, found.job)
    found = again(petra, found)
    assert (found.status, found.job.status) == ("validating", "processing")
    assert found.job.note == "Waiting to ask again" and found.job.next_attempt_at > timezone.now()
    outside.moods.clear()
    with tenant_context(petra.id):
        ListingCheck.objects.filter(state="waiting").update(next_attempt_at=timezone.now())
        # Of one of them nobody could say anything, three times.
        ListingCheck.objects.filter(address="ok.50@people.example").update(tries=3)
        Job.objects.update(next_attempt_at=timezone.now())
    cache.clear()  # the breakers are closed again
    work(petra, found.job)
    assert counts(again(petra, found)) == {"rows": 51, "valid": 50, "invalid": 1}
    last = listings(found)[-1]
    assert (last.status, last.verified_at, last.verification_status) == ("rejected", None, "")


def test_our_own_check_looks_each_domain_up_once_a_round(petra, domains):
    found = validated(petra, people(60) + row(70, mail="x@other.example"))
    assert found.valid == 61
    assert sorted(domains) == ["fine.example", "other.example"]


def go_on(petra, found) -> None:
    """Let the time pass that a job waits, and DNS be asked again."""
    cache.clear()
    with tenant_context(petra.id):
        Job.objects.update(next_attempt_at=timezone.now())
    work(petra, again(petra, found).job)


def test_where_no_domain_can_be_looked_up_nothing_is_checked_and_the_job_waits(petra, monkeypatch):
    """M-1: only what was checked is sold; five failures in a row say nothing of the others."""
    asked: list[str] = []

    def silent(address):
        asked.append(address)
        raise CallFailed("The domain could not be looked up.")

    works = providers._looked_up
    monkeypatch.setattr(providers, "_looked_up", silent)
    monkeypatch.setattr(providers, "LOOK_UPS", 1)
    rows = "".join(row(number, mail=f"p@d{number}.example") for number in range(60))
    found = hand_in(petra, HEAD + rows)
    work(petra, found.job)
    found = again(petra, found)
    assert len(asked) == 5 and found.status == "validating"
    assert found.job.note == "Waiting to ask again" and found.job.next_attempt_at > timezone.now()
    assert not any(each.verified_at for each in listings(found))
    go_on(petra, found)  # the outage lasts
    assert again(petra, found).status == "validating" and len(asked) == 10
    monkeypatch.setattr(providers, "_looked_up", works)
    go_on(petra, found)
    found = again(petra, found)
    assert found.status == "ready" and found.valid == 60
    assert all(each.verified_at for each in listings(found))


def test_an_outage_of_a_day_ends_the_check_and_nothing_is_checked(petra, monkeypatch):
    def silent(address):
        raise CallFailed("The domain could not be looked up.")

    monkeypatch.setattr(providers, "_looked_up", silent)
    rows = "".join(row(number, mail=f"p@d{number}.example") for number in range(60))
    found = hand_in(petra, HEAD + rows)
    work(petra, found.job)
    with tenant_context(petra.id):
        job = Job.objects.get(id=found.job.id)
        job.cursor["tries"][1] = (timezone.now() - timedelta(days=1)).isoformat()
        job.save(update_fields=["cursor"])
        Job.objects.update(next_attempt_at=timezone.now())
    cache.clear()
    work(petra, job)
    found = again(petra, found)
    assert found.status == "failed" and "no domain could be looked up" in found.refusal
    assert listings(found) == []


def test_whose_domain_never_answers_is_turned_down_and_nobody_else(petra, monkeypatch):
    asked: list[str] = []
    works = providers._looked_up

    def look_up(address):
        asked.append(address)
        if address.endswith("@silent.example"):
            raise CallFailed("The domain could not be looked up.")
        return works(address)

    monkeypatch.setattr(providers, "_looked_up", look_up)
    found = hand_in(petra, people(60) + row(70, mail="x@silent.example"))
    work(petra, found.job)
    for _ in range(2):
        assert again(petra, found).status == "validating"
        go_on(petra, found)
    found = again(petra, found)
    assert len([one for one in asked if one.startswith("x@")]) == 3
    assert counts(found) == {"rows": 61, "valid": 60, "invalid": 1}
    last = listings(found)[-1]
    assert (last.status, last.verified_at, last.verification_status) == ("rejected", None, "")
    assert rejects(petra, found)[0][2].startswith("Its e-mail address could not be checked")


def test_a_domain_that_is_silent_leaves_a_listing_unchecked_for_another_night(petra, monkeypatch):
    found = on_sale(petra, people(49) + row(60, mail="x@silent.example"))
    make_old(found, *range(2, 60))
    works = providers._looked_up

    def look_up(address):
        if address.endswith("@silent.example"):
            raise CallFailed("The domain could not be looked up.")
        return works(address)

    monkeypatch.setattr(providers, "_looked_up", look_up)
    assert recheck() == 1
    for _ in range(3):
        cache.clear()
        with tenant_context(petra.id):
            Job.objects.update(next_attempt_at=timezone.now())
        work(petra, recheck_job(petra))
    assert recheck_job(petra).result == {"checked": 49, "withdrawn": 0}
    with system_context():
        assert [one.line for one in rechecking.due()] == [listings(found)[-1].line]


def make_old(found, *lines: int, days: int = 61) -> None:
    """Let the last check of these lines be so long ago."""
    with system_context():
        Listing.objects.filter(submission_id=found.id, line__in=lines).update(
            verified_at=timezone.now() - timedelta(days=days)
        )


def recheck_job(petra) -> Job:
    with tenant_context(petra.id):
        return Job.objects.get(kind=rechecking.KIND)


def test_unsold_leads_are_checked_again_after_sixty_days(petra, settings, monkeypatch):
    """P-6b: withdrawn where they take no mail any more, in bounded batches."""
    found = on_sale(petra, people(50), max_sales="2")
    make_old(found, *range(2, 12))
    make_old(found, 20, days=59)
    sold = listings(found)[0]
    with system_context(), atomic():
        mark_sold(listing_ids=[sold.id])
    asked: list[str] = []

    def ask_all(self, addresses):
        asked.extend(addresses)
        dead = {"p1@fine.example", "p2@fine.example"}
        invalid = providers.Verdict(providers.Status.INVALID, "Gone.")
        return {each: invalid if each in dead else self.NOT_ASKED for each in addresses}

    monkeypatch.setattr(providers.BuiltIn, "ask_all", ask_all)
    monkeypatch.setattr(checking, "OURSELVES_AT_A_TIME", 4)
    monkeypatch.setattr(rechecking, "A_NIGHT", 6)
    assert recheck() == 1 and recheck() == 0  # once a day
    job = recheck_job(petra)
    work(petra, job)
    job = recheck_job(petra)
    assert job.result == {"checked": 6, "withdrawn": 2} and len(asked) == 6
    with system_context():
        assert rechecking.start_rechecks() == 1
    with tenant_context(petra.id):
        job = Job.objects.filter(kind=rechecking.KIND).latest("created_at")
    work(petra, job)
    # With the one that has a buyer and may have another; without the one of 59 days.
    assert len(asked) == len(set(asked)) == 10 and "p0@fine.example" in asked
    assert sold.id in {each.id for each in listings(found) if each.status == "listed"}
    gone = [each for each in listings(found) if each.status == "withdrawn"]
    assert [each.line for each in gone] == [3, 4] and "60 days" in gone[0].status_reason
    with system_context():
        assert rechecking.start_rechecks() == 0


def test_checked_again_a_lead_is_as_good_as_what_is_known_then(petra, outside):
    """P-4 with P-6b: the points for a confirmed address go where it isn't confirmed any more, and
    come where it is; a record is older by then, too."""
    names = ["ok"] * 50 + ["unknown", "catch_all"]
    found = on_sale(petra, HEAD + named(*names) + row(0, mail="ok.0@people.example"))
    assert found.uniqueness_points == round(10 * 52 / 53)
    first, *_ = before = listings(found)
    make_old(found, 2, 3, 52)
    with system_context():
        KnownAddress.objects.all().delete()
        made = Listing.objects.filter(submission_id=found.id)
        made.filter(line=2).update(verification_status="unknown", quality=1)
        made.filter(line=3).update(collected_on=first.collected_on - timedelta(days=80))
        made.filter(line=52).update(verification_status="valid", quality=99)
    assert recheck() == 1
    work(petra, recheck_job(petra))
    after = listings(found)
    assert [one.verification_status for one in after] == [one.verification_status for one in before]
    assert after[0].quality == first.quality  # confirmed
    assert after[50].quality == before[50].quality == first.quality - 40  # not confirmed
    assert first.quality - 20 <= after[1].quality < first.quality  # older
    assert [one.quality for one in after[2:50]] == [one.quality for one in before[2:50]]
