"""P-3 by providers, and P-6b: whose addresses are asked for, by whom, and how often."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

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
    found = hand_in(petra, HEAD + named(*["ok"] * 50))
    work(petra, found.job)
    found = again(petra, found)
    assert (found.status, found.job.status) == ("validating", "processing")
    assert found.job.note == "Waiting to ask again" and found.job.next_attempt_at > timezone.now()
    outside.moods.clear()
    with tenant_context(petra.id):
        ListingCheck.objects.filter(state="waiting").update(next_attempt_at=timezone.now())
        Job.objects.update(next_attempt_at=timezone.now())
    cache.clear()  # the breakers are closed again
    work(petra, found.job)
    assert counts(again(petra, found)) == {"rows": 50, "valid": 50}


def test_our_own_check_looks_each_domain_up_once_a_round(petra, domains):
    found = validated(petra, people(60) + row(70, mail="x@other.example"))
    assert found.valid == 61
    assert sorted(domains) == ["fine.example", "other.example"]


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
