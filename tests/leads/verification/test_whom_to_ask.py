"""L-16: who is asked again, who is asked no more, and two verifications of the same leads."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from credits.ledger.checks import find_differences
from cursive.lib.errors import InvalidInput
from cursive.lib.tenancy import system_context, tenant_context
from leads.filters.tree import EVERYBODY
from leads.records.models import Lead
from leads.records.operations import delete_lead
from leads.verification import asking, runs
from leads.verification.known import digest_of
from leads.verification.models import KnownAddress
from leads.verification.operations import start_verification
from tests.leads.records.pulling import balance, in_threads
from tests.leads.verification.checking import fresh, named, start, work
from tests.leads.verification.doubles import MILLION, ZERO


def test_again_asks_again(acme, outside):
    """L-16: who pays for a new answer gets one, whatever was known; it is what is known then."""
    leads = named(acme, "ok", "ok")
    work(acme, start(acme, leads))
    for lead in leads:
        with tenant_context(acme.id):
            Lead.objects.filter(id=lead.id).update(email=lead.email.replace("ok.", "invalid."))
    leads = [fresh(acme, lead) for lead in leads]
    with system_context():
        for lead in leads:
            KnownAddress.objects.create(
                digest=digest_of(lead.email),
                status="valid",
                provider=MILLION,
                checked_at=an_hour_ago(),
            )
    outside.calls.clear()
    job = work(acme, start(acme, leads, again=True))
    assert (job.result["invalid"], job.result["charged"]) == (2, "0.04")
    assert sorted(outside.calls[MILLION]) == sorted(lead.email for lead in leads)
    assert {fresh(acme, lead).verification_status for lead in leads} == {"invalid"}
    with system_context():
        assert set(KnownAddress.objects.values_list("status", flat=True)) == {"valid", "invalid"}
        known = KnownAddress.objects.filter(digest__in=[digest_of(lead.email) for lead in leads])
        assert {one.status for one in known} == {"invalid"}


def an_hour_ago():
    return timezone.now() - timedelta(hours=1)


def test_nobody_is_asked_for_a_lead_that_is_gone(acme, outside):
    """L-16: deleted, or another address by now: no call, no charge, and said so."""
    kept, gone, moved = named(acme, "ok", "ok", "ok")
    job = start(acme, [kept, gone, moved])
    with tenant_context(acme.id):
        delete_lead(workspace_id=acme.id, lead_id=gone.id, actor=acme.actor)
        Lead.objects.filter(id=moved.id).update(email="ok.elsewhere@people.example")
    job = work(acme, job)
    assert outside.calls[MILLION] == [kept.email] and outside.calls[ZERO] == []
    assert (job.status, job.processed, job.failed) == ("completed", 1, 2)
    assert (job.result["valid"], job.result["not_reached"], job.result["charged"]) == (1, 2, "0.02")
    assert sum("deleted or changed meanwhile" in line for line in job.errors) == 2
    assert balance(acme) == (Decimal("9.98"), 0) and find_differences() == []


def test_a_lead_deleted_while_others_are_asked_for_is_asked_for_no_more(acme, outside):
    leads = named(acme, *["ok"] * 6)
    outside.seconds = 0.0
    real, gone = asking._claim, []

    def claim(check, provider):
        if not gone:  # all but this one go while it is being asked for
            gone.extend(lead for lead in leads if lead.id != check.lead_id)
            with tenant_context(acme.id):
                Lead.objects.filter(id__in=[one.id for one in gone]).update(
                    deleted_at=timezone.now()
                )
        return real(check, provider)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "AT_ONCE", 1)
        patch.setattr(asking, "_claim", claim)
        job = work(acme, start(acme, leads))
    assert len(outside.calls[MILLION]) == 1
    assert (job.result["valid"], job.result["not_reached"]) == (1, 5)


def test_two_verifications_of_the_same_leads_say_who_has_them(acme, outside):
    """L-16: by a filter the second one ends with nothing done, and says why."""
    named(acme, *["ok"] * 3)
    with tenant_context(acme.id):
        first = start_verification(workspace_id=acme.id, actor=acme.actor, filter=EVERYBODY)
        second = start_verification(workspace_id=acme.id, actor=acme.actor, filter=EVERYBODY)
    outside.moods[MILLION] = outside.moods[ZERO] = "busy"
    work(acme, first)
    second = work(acme, second)
    assert (second.status, second.result["missed"], second.result["valid"]) == ("completed", 3, 0)
    assert ("Checked by another run, or gone by then", "3") in runs.VerificationHandler().facts(
        second
    )
    assert "another verification has these addresses" in second.errors[0]
    assert balance(acme)[1] == Decimal("0.06")  # what the first one holds


def test_two_at_once_by_ids_are_one_job_and_a_refusal(acme, outside):
    leads = named(acme, *["ok"] * 5)

    def attempt(_):
        try:
            return start(acme, leads).id
        except InvalidInput as refusal:
            return refusal.fields["ids"]

    said = in_threads(4, attempt)
    assert len([one for one in said if not isinstance(one, str)]) == 1
    assert all("being checked" in one for one in said if isinstance(one, str))
    assert balance(acme) == (Decimal("9.90"), Decimal("0.10"))


def test_a_job_that_waits_for_a_provider_says_so(acme, outside):
    """L-21: it isn't a worker that is missing."""
    outside.moods[MILLION] = outside.moods[ZERO] = "busy"
    job = work(acme, start(acme, named(acme, "ok")))
    client = Client()
    client.force_login(acme.alice)
    text = client.get(f"/jobs/{job.id}/progress/").content.decode()
    assert "Waiting to ask again" in text and "Waiting for a worker" not in text
