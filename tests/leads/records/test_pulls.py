"""S-8, C-4, C-6: a pull delivers each person once, and charges exactly what it delivers."""

from decimal import Decimal

import pytest

from credits.ledger.checks import find_differences
from credits.ledger.models import Entry
from credits.ledger.operations import InsufficientCredits
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job, retry_job
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context
from leads.filters.tree import EVERYBODY
from leads.records.acquisition import owned_people
from leads.records.person import FIELD_NAMES
from tests import cast
from tests.catalogue import catalogue, demo_catalogue
from tests.leads.records.pulling import (
    SEGMENT,
    US,
    again,
    balance,
    give,
    leads_of,
    nothing_happened,
    small_batches,
    start,
    stop_after,
    work,
    world,
)

__all__ = ["catalogue", "small_batches", "world"]


def test_a_pull_delivers_and_charges_exactly(world, small_batches):
    """S-8, C-6: the best first, source and segment noted, the hold captured, the rest back."""
    workspace, actor, source = world
    job = start(workspace, actor, limit=100)
    assert (job.status, job.total) == (Job.Status.PENDING, 100)
    assert balance(workspace) == (Decimal("950.00"), Decimal("50.00"))

    job = work(workspace, job)

    assert job.status == Job.Status.COMPLETED
    assert job.result == {
        "delivered": 100,
        "skipped_owned": 0,
        "skipped_doubles": 0,
        "charged": "50.00",
        "segment": str(SEGMENT),
    }
    assert balance(workspace) == (Decimal("950.00"), 0)
    leads = leads_of(workspace)
    assert len(leads) == len({lead.catalogue_id for lead in leads}) == 100
    assert {(lead.source, lead.segment_id, lead.job_id) for lead in leads} == {
        ("database", SEGMENT, job.id)
    }
    best = {record.id for record in source.take(EVERYBODY, limit=100).records}
    assert {lead.catalogue_id for lead in leads} == best
    with tenant_context(workspace.id):
        assert set(owned_people(workspace.id)) == best
    assert find_differences() == []


def test_the_record_arrives_whole(world):
    """L-2: every field of the record, unmasked; what is unknown is empty."""
    workspace, actor, source = world
    work(workspace, start(workspace, actor, limit=20))
    for lead in leads_of(workspace):
        person = source.record(lead.catalogue_id).person
        for name in FIELD_NAMES:
            value = getattr(person, name)
            expected = list(value) if name == "intent_topics" else value
            if expected is None:
                expected = {"email_verified": False, "phone_verified": False}.get(name, "")
            stored = getattr(lead, name)
            assert (stored if stored is not None else "") == expected, name


def test_freshest_first(world):
    """S-8: the other order."""
    workspace, actor, source = world
    work(workspace, start(workspace, actor, limit=30, order="fresh"))
    dates = [lead.source_date for lead in leads_of(workspace)]
    oldest = min(dates)
    fresher = sum(
        record.person.source_date is not None and record.person.source_date > oldest
        for record in source.take(EVERYBODY, limit=3_000).records
    )
    assert fresher <= 60


@pytest.mark.parametrize(
    "limit", [0, -1, 1_000_000_000, "abc", 1.5, True, None, 50_001, "100", [], float("nan")]
)
def test_a_limit_that_is_none_is_refused(world, limit):
    """S-8, X-5: a whole number from 1 to 50,000, else a 400 that names the field."""
    workspace, actor, _ = world
    with pytest.raises(InvalidInput) as refusal:
        start(workspace, actor, limit=limit)
    assert list(refusal.value.fields) == ["limit"]
    nothing_happened(workspace)


@pytest.mark.parametrize("order", ["best", "", None, 3, "score; drop"])
def test_an_unknown_order_is_refused(world, order):
    workspace, actor, _ = world
    with pytest.raises(InvalidInput) as refusal:
        start(workspace, actor, order=order)
    assert list(refusal.value.fields) == ["order"]
    nothing_happened(workspace)


def test_too_few_credits_change_nothing(catalogue):
    """C-4: 402 with balance and price; no job, no hold."""
    workspace, alice = cast.acme()
    give(workspace, "49.99")
    with pytest.raises(InsufficientCredits) as refusal:
        start(workspace, cast.actor_for(alice), limit=100)
    assert refusal.value.status == 402
    assert refusal.value.extra == {"balance": "49.99", "price": "50.00"}
    nothing_happened(workspace, "49.99")


def test_only_what_can_be_delivered_is_held(catalogue):
    """S-8: the hold is for min(limit, people who are new)."""
    workspace, alice = cast.acme()
    give(workspace, 2_000)
    total = catalogue.count(US).total
    job = start(workspace, cast.actor_for(alice), limit=50_000, filter=US)
    assert job.total == total
    assert balance(workspace)[1] == total * Decimal("0.50")
    job = work(workspace, job)
    assert job.status == Job.Status.COMPLETED
    # What was counted before is what is delivered: nobody in the catalogue is there twice.
    assert (job.result["delivered"], job.result["skipped_owned"]) == (total, 0)
    assert balance(workspace) == (2_000 - total * Decimal("0.50"), 0)
    # A second pull of the same segment finds nobody, and costs nothing.
    job = work(workspace, start(workspace, cast.actor_for(alice), limit=10, filter=US))
    assert (job.status, job.result["delivered"], job.result["charged"]) == ("completed", 0, "0.00")
    assert find_differences() == []


def test_the_same_key_is_the_same_pull(world):
    """C-3: the same key and request give the same job; another request is a conflict."""
    workspace, actor, _ = world
    first = start(workspace, actor, limit=10, key="k1")
    assert start(workspace, actor, limit=10, key="k1").id == first.id
    work(workspace, first)
    assert start(workspace, actor, limit=10, key="k1").id == first.id
    for other in ({"limit": 11}, {"limit": 10, "order": "fresh"}):
        with pytest.raises(Conflict):
            start(workspace, actor, key="k1", **other)
    assert balance(workspace) == (Decimal("995.00"), 0)
    assert len(leads_of(workspace)) == 10


def test_cancelled_midway(world, small_batches):
    """C-6: what was delivered stays and is paid, the rest of the hold comes back."""
    workspace, actor, _ = world
    job = work(workspace, start(workspace, actor, limit=200), stop=stop_after(2))
    delivered = job.cursor["delivered"]
    assert 0 < delivered < 200
    with tenant_context(workspace.id):
        cancel_job(workspace_id=workspace.id, job_id=job.id, actor=actor)
    job = work(workspace, job)
    assert job.status == Job.Status.CANCELLED
    assert job.result["delivered"] == len(leads_of(workspace)) == delivered
    assert balance(workspace) == (1_000 - delivered * Decimal("0.50"), 0)
    assert find_differences() == []


def test_a_failed_pull_gives_back_and_goes_on_when_retried(world, small_batches):
    """C-6: failing releases; trying again holds what is missing anew, and delivers it once."""
    workspace, actor, _ = world
    job = work(workspace, start(workspace, actor, limit=150), stop=stop_after(1))
    delivered = job.cursor["delivered"]
    with tenant_context(workspace.id):
        # A filter that no version of the registry reads: the job fails for good.
        Job.objects.filter(id=job.id).update(params={**job.params, "filter": {"version": 9}})
    job = work(workspace, job)
    assert job.status == Job.Status.FAILED
    assert job.result["charged"] == str(delivered * Decimal("0.50"))
    assert balance(workspace) == (1_000 - delivered * Decimal("0.50"), 0)

    with tenant_context(workspace.id):
        Job.objects.filter(id=job.id).update(
            params={**job.params, "filter": {"version": 1, "all": []}}
        )
        retry_job(workspace_id=workspace.id, job_id=job.id, actor=actor)
    assert balance(workspace)[1] == (150 - delivered) * Decimal("0.50")
    job = work(workspace, job)
    assert (job.status, job.result["delivered"]) == (Job.Status.COMPLETED, 150)
    assert balance(workspace) == (Decimal("925.00"), 0)
    assert len(leads_of(workspace)) == 150
    assert find_differences() == []


def test_retrying_without_credits_is_refused(world, small_batches):
    """C-4: 402, and the job stays failed."""
    workspace, actor, _ = world
    job = work(workspace, start(workspace, actor, limit=150), stop=stop_after(1))
    with tenant_context(workspace.id):
        Job.objects.filter(id=job.id).update(params={**job.params, "filter": {"version": 9}})
    job = work(workspace, job)
    start(workspace, actor, limit=int(balance(workspace)[0] * 2))  # holds all there is
    with tenant_context(workspace.id), pytest.raises(InsufficientCredits):
        retry_job(workspace_id=workspace.id, job_id=job.id, actor=actor)
    assert again(workspace, job).status == Job.Status.FAILED


def test_new_leads_are_announced_with_the_batch(world, small_batches):
    """A-10, A-11: one event a batch, with the ids of all its leads."""
    workspace, actor, _ = world
    work(workspace, start(workspace, actor, limit=100))
    with tenant_context(workspace.id):
        events = list(Event.objects.filter(type="lead.created"))
    announced = [lead for event in events for lead in event.payload["leads"]]
    assert len(events) >= 3
    assert sorted(announced) == sorted(str(lead.id) for lead in leads_of(workspace))


def test_captures_are_one_entry_a_batch(world, small_batches):
    """C-2: each batch is one entry that names the job."""
    workspace, actor, _ = world
    job = work(workspace, start(workspace, actor, limit=100))
    with tenant_context(workspace.id):
        entries = list(Entry.objects.filter(action="pull"))
    assert {(entry.reference_kind, entry.reference_id) for entry in entries} == {
        ("job", str(job.id))
    }
    assert sum(entry.amount for entry in entries) == Decimal("-50.00")


def test_a_resting_catalogue_is_waited_for(world, tmp_path, settings):
    """C-6: while the catalogue can't answer the job waits with its hold, and then goes on."""
    workspace, actor, _ = world
    job = start(workspace, actor, limit=10)
    settings.CATALOGUE_DIR = tmp_path / "nothing"
    job = work(workspace, job)
    assert job.status == Job.Status.PROCESSING
    assert balance(workspace)[1] == Decimal("5.00")
    settings.CATALOGUE_DIR = demo_catalogue()
    with tenant_context(workspace.id):
        Job.objects.filter(id=job.id).update(next_attempt_at=job.created_at)
    assert work(workspace, job).result["delivered"] == 10
