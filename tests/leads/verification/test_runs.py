"""L-15, L-16: a verification from its start to its bill, and what it changes."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.audit.models import AuditEntry
from credits.ledger.checks import find_differences
from credits.ledger.operations import InsufficientCredits, spend
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job, retry_job
from cursive.lib.jobs.runner import _advance, _claim, _end, run_job
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import system_context, tenant_context, uuid7
from leads.filters.document import parse
from leads.filters.tree import EVERYBODY
from leads.records.models import Lead
from leads.records.operations import delete_lead
from leads.verification import runs
from leads.verification.known import digest_of
from leads.verification.models import Check, KnownAddress
from leads.verification.operations import purge_checks, start_verification
from tests import cast
from tests.leads.records.pulling import balance, give
from tests.leads.verification.checking import (
    checks,
    fresh,
    named,
    start,
    timeline,
    work,
)
from tests.leads.verification.doubles import MILLION, ZERO

RESULTS = ("ok", "invalid", "catch_all", "disposable", "unknown")


def test_answers_reach_the_leads_and_are_paid_for(acme, outside):
    leads = named(acme, *RESULTS)
    job = start(acme, leads)
    assert balance(acme) == (Decimal("9.90"), Decimal("0.10"))
    job = work(acme, job)
    assert (job.status, job.progress, job.processed, job.failed) == ("completed", 100, 5, 0)
    assert job.result == {
        **{"valid": 1, "invalid": 1, "catch_all": 1, "risky": 1, "unknown": 1},
        **{"not_reached": 0, "skipped": 0, "missed": 0, "not_found": 0, "charged": "0.08"},
    }
    found = [fresh(acme, lead) for lead in leads]
    assert [lead.verification_status for lead in found] == [
        *("valid", "invalid", "catch_all", "risky", "unknown")
    ]
    assert [lead.email_verified for lead in found] == [True, False, False, False, False]
    assert found[0].email_verified_at == timezone.now().date()
    assert timeline(acme, leads[0]) == ["E-mail check: valid. The mailbox takes mail."]
    assert balance(acme) == (Decimal("9.92"), 0)  # 'unknown' is free
    assert find_differences() == []
    with tenant_context(acme.id):
        (event,) = Event.objects.filter(type="lead.updated")
        assert sorted(event.payload["leads"]) == sorted(str(lead.id) for lead in leads)
        (entry,) = AuditEntry.objects.filter(action="verify")
        assert entry.actor_label == acme.alice.email
        (spent,) = AuditEntry.objects.filter(action="spend", resource="credits")
        assert spent.new["addresses"] == 4 and spent.actor_label == acme.alice.email
    assert {check.provider for check in checks(acme)} == {MILLION}
    assert outside.calls[ZERO] == []


def test_an_invalid_address_is_no_longer_verified_and_unknown_takes_nothing_back(acme, outside):
    day = timezone.now().date() - timedelta(days=60)
    was = {"email_verified": True, "email_verified_at": day, "verification_status": "valid"}
    bad = cast.lead(acme, email="invalid.1@people.example", **was)
    dim = cast.lead(acme, email="unknown.1@people.example", **was)
    work(acme, start(acme, [bad, dim]))
    bad, dim = fresh(acme, bad), fresh(acme, dim)
    assert (bad.verification_status, bad.email_verified, bad.email_verified_at) == (
        *("invalid", False, None),
    )
    assert (dim.verification_status, dim.email_verified, dim.email_verified_at) == (
        *("valid", True, day),
    )


def test_known_answers_are_shared_cost_the_same_and_say_nothing_of_others(acme, outside):
    """Another workspace's address is known from ours: no call, the same bill, no trace."""
    work(acme, start(acme, named(acme, "ok", "invalid", "unknown")))
    rival, carol = cast.rival()
    rival.actor = cast.actor_for(carol)
    give(rival, 1)
    before = len(outside.calls[MILLION])
    theirs = named(rival, "ok", "invalid", "unknown")
    job = work(rival, start(rival, theirs))
    assert outside.calls[MILLION][before:] == ["unknown.2@people.example"]  # that is no answer
    assert [fresh(rival, lead).verification_status for lead in theirs] == [
        *("valid", "invalid", "unknown")
    ]
    assert job.result["charged"] == "0.04"
    # The day is that of their own check: the real one would tell that somebody else asked.
    assert fresh(rival, theirs[0]).email_verified_at == timezone.now().date()
    kept = {field.name for field in KnownAddress._meta.get_fields()}
    assert kept == {"digest", "status", "reason", "provider", "checked_at"}
    with system_context():
        assert {len(known.digest) for known in KnownAddress.objects.all()} == {64}


def test_the_kept_hash_needs_the_key(settings):
    first = digest_of("Ada@people.example")
    assert first == digest_of("ada@people.example")
    assert digest_of("a.da+x@gmail.com") == digest_of("ada@gmail.com")
    settings.SECRET_KEY = "another"
    assert digest_of("ada@people.example") != first


def test_answers_are_forgotten_after_thirty_days(acme, outside):
    lead, *_ = named(acme, "ok")
    work(acme, start(acme, [lead]))
    with system_context():
        KnownAddress.objects.update(checked_at=timezone.now() - timedelta(days=30, minutes=1))
    work(acme, start(acme, [lead], again=True))
    assert len(outside.calls[MILLION]) == 2


def test_what_was_checked_lately_is_left_out_unless_asked_for(acme, outside):
    leads = named(acme, "ok", "unknown")
    work(acme, start(acme, leads))
    job = start(acme, leads)
    assert (job.total, job.params["skipped"]) == (1, 1)  # 'unknown' is worth another try
    work(acme, job)
    done = work(acme, start(acme, leads[:1], again=True))
    assert done.result["valid"] == 1


def test_all_that_match_in_several_steps(acme, outside, monkeypatch):
    monkeypatch.setattr(runs, "QUEUED_AT_A_TIME", 7)
    monkeypatch.setattr(runs, "ASKED_AT_A_TIME", 10)
    for n in range(20):
        cast.lead(acme, email=f"ok.{n}@people.example", status="won")
    cast.lead(acme, email="ok.other@people.example")
    cast.lead(acme, email="", phone="+15125550100", status="won")
    won = parse(
        {"version": 1, "all": [{"field": "status", "op": "in", "value": ["won"]}]}, scope="leads"
    )
    job = work(acme, start(acme, filter=won))
    assert (job.result["valid"], job.result["skipped"], job.processed) == (20, 1, 20)
    assert sorted(outside.calls[MILLION]) == sorted(f"ok.{n}@people.example" for n in range(20))
    assert find_differences() == []


def refused(acme, error, leads=(), **options):
    before = balance(acme)
    with pytest.raises(error) as refusal:
        start(acme, leads, **options)
    assert balance(acme) == before and checks(acme) == []
    with tenant_context(acme.id):
        assert not Job.objects.exists()
        assert not AuditEntry.objects.filter(action="verify").exists()
    return refusal.value


def test_refusals_change_nothing(acme, outside):
    lead = cast.lead(acme, email="", phone="+15125550100")
    rival, _ = cast.rival()
    assert "30 days" in refused(acme, InvalidInput, [lead]).fields["ids"]
    assert "no such leads" in refused(acme, InvalidInput, named(rival, "ok")).fields["ids"]
    assert "ids" in refused(acme, InvalidInput).fields
    with tenant_context(acme.id), pytest.raises(InvalidInput):
        start_verification(
            workspace_id=acme.id, actor=acme.actor, ids=[uuid7() for _ in range(1_001)]
        )
    many = [cast.lead(acme) for _ in range(3)]
    with tenant_context(acme.id):
        spend(
            workspace_id=acme.id,
            amount="9.95",
            action="test",
            reference=("test", "1"),
            key="poor",
            actor=acme.actor,
        )
    refused(acme, InsufficientCredits, many)
    assert outside.calls[MILLION] == []


def test_ids_of_others_are_counted_as_not_found_and_the_rest_is_done(acme, outside):
    rival, _ = cast.rival()
    (theirs,) = named(rival, "ok")
    (ours,) = named(acme, "ok")
    job = work(acme, start(acme, [theirs, ours]))
    assert (job.result["valid"], job.result["not_found"]) == (1, 1)
    assert fresh(rival, theirs).verification_status == ""


def test_the_same_key_is_the_same_job(acme, outside):
    leads = named(acme, "ok", "invalid")
    first = start(acme, leads, key="k")
    assert start(acme, leads, key="k").id == first.id
    with pytest.raises(Conflict):
        start(acme, leads[:1], key="k")
    assert balance(acme) == (Decimal("9.96"), Decimal("0.04"))
    work(acme, first)
    assert start(acme, leads, key="k").id == first.id


def test_a_lead_is_in_the_queue_once(acme, outside):
    """Two jobs that were started at once: whoever queues an address first has it."""
    named(acme, "ok", "invalid")
    first, second = start(acme, filter=EVERYBODY), start(acme, filter=EVERYBODY, key="other")
    assert balance(acme) == (Decimal("9.92"), Decimal("0.08"))
    one_step(acme, first)
    jobs = [work(acme, second), work(acme, first)]
    assert [job.result["charged"] for job in jobs] == ["0.00", "0.04"]
    assert len(outside.calls[MILLION]) == 2
    assert balance(acme) == (Decimal("9.96"), 0)
    assert find_differences() == []


def test_chosen_leads_are_in_the_queue_at_once(acme, outside):
    leads = named(acme, "ok", "invalid")
    start(acme, leads[:1])
    assert [check.state for check in checks(acme)] == ["waiting"]
    assert start(acme, leads).total == 1


def one_step(acme, job) -> None:
    run_job(workspace_id=acme.id, job_id=job.id, stop=lambda: True)


def test_leads_that_go_or_change_meanwhile_are_not_charged(acme, outside, monkeypatch):
    gone, changed, stays = named(acme, "ok", "invalid", "ok")
    real = runs.ask_for

    def ask_and_interfere(workspace_id, ids, **options):
        real(workspace_id, ids, **options)
        if fresh(acme, gone).deleted_at is None:
            delete_lead(workspace_id=acme.id, lead_id=gone.id, actor=acme.actor)
            Lead.objects.filter(id=changed.id).update(email="new@people.example")

    monkeypatch.setattr(runs, "ask_for", ask_and_interfere)
    job = work(acme, start(acme, [gone, changed, stays]))
    assert (job.status, job.processed, job.failed) == ("completed", 1, 2)
    assert (job.result["not_reached"], job.result["charged"]) == (2, "0.02")
    assert fresh(acme, changed).verification_status == ""
    assert len(job.errors) == 2 and "meanwhile" in job.errors[0]
    assert find_differences() == []


def test_cancelled_what_is_answered_stays_and_the_rest_is_given_back(acme, outside, monkeypatch):
    monkeypatch.setattr(runs, "ASKED_AT_A_TIME", 2)
    leads = named(acme, *["ok"] * 5)
    job = start(acme, leads)
    one_step(acme, job)  # asks for two
    with tenant_context(acme.id):
        cancel_job(workspace_id=acme.id, job_id=job.id, actor=acme.actor)
    job = work(acme, job)
    assert job.status == "cancelled" and job.result["valid"] == 2
    assert balance(acme) == (Decimal("9.96"), 0)
    assert sorted(check.state for check in checks(acme)) == ["cancelled"] * 3 + ["done"] * 2
    assert find_differences() == []
    assert work(acme, start(acme, leads)).result["valid"] == 3


def test_a_failed_job_goes_on_where_it_was(acme, outside):
    named(acme, "ok", "invalid", "ok")
    job = start(acme, filter=EVERYBODY)
    token = _claim(acme.id, job.id)
    _advance(acme.id, job.id, token)  # all are queued
    _end(acme.id, job.id, token, "failed", "It was given up.")
    assert balance(acme) == (Decimal("10.00"), 0)
    assert {check.state for check in checks(acme)} == {"cancelled"}
    with tenant_context(acme.id):
        retry_job(workspace_id=acme.id, job_id=job.id, actor=acme.actor)
    assert balance(acme) == (Decimal("9.94"), Decimal("0.06"))
    job = work(acme, job)
    assert (job.status, job.result["valid"], job.result["invalid"]) == ("completed", 2, 1)
    assert balance(acme) == (Decimal("9.94"), 0)
    assert find_differences() == []


def test_every_lead_of_a_workspace(acme, outside):
    named(acme, "ok", "ok")
    assert work(acme, start(acme, filter=EVERYBODY)).result["valid"] == 2
    with pytest.raises(InvalidInput):
        start(acme, filter=EVERYBODY)
    with tenant_context(acme.id):
        assert Job.objects.count() == 1


def test_checks_are_purged_after_ninety_days(acme, outside):
    work(acme, start(acme, named(acme, "ok")))
    assert purge_checks() == 0
    with tenant_context(acme.id):
        Check.objects.update(finished_at=timezone.now() - timedelta(days=91))
    assert purge_checks() == 1 and checks(acme) == []
