"""S-8, C-4, C-6, L-13: a pull delivers each person once, and charges exactly what it delivers."""

import threading
from decimal import Decimal

import pytest

from accounts.workspaces.models import Workspace
from credits.ledger.checks import find_differences
from credits.ledger.models import Entry, Hold
from credits.ledger.operations import InsufficientCredits, grant
from credits.ledger.queries import balance_of
from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job, retry_job
from cursive.lib.jobs.runner import run_job
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import tenant_context, uuid7
from leads.filters.document import parse
from leads.filters.tree import EVERYBODY
from leads.records import pulls
from leads.records.acquisition import acquire_people, candidates_of, owned_people
from leads.records.models import Lead
from leads.records.pulls import start_pull
from tests import cast
from tests.catalogue import catalogue, demo_catalogue

__all__ = ["catalogue"]

SEGMENT = uuid7()
US = parse(
    {"version": 1, "all": [{"field": "country", "op": "in", "value": ["US"]}]}, scope="catalogue"
)


@pytest.fixture
def world(catalogue):
    """Acme with 1,000 credits, Alice's actor, and the catalogue."""
    workspace, alice = cast.acme()
    give(workspace, 1_000)
    return workspace, cast.actor_for(alice), catalogue


@pytest.fixture
def small_batches(monkeypatch):
    """Several steps a pull."""
    monkeypatch.setattr(pulls, "BATCH", 40)
    monkeypatch.setattr(pulls, "SMALLEST_BATCH", 10)


def give(workspace: Workspace, amount: int | str, key: str = "start") -> None:
    with tenant_context(workspace.id):
        grant(
            workspace_id=workspace.id,
            amount=amount,
            action="grant",
            reference=("test", "1"),
            key=key,
            actor=Actor.system("test"),
        )


def start(workspace, actor, *, limit=100, order="score", key="", filter=EVERYBODY) -> Job:
    with tenant_context(workspace.id):
        job, _ = start_pull(
            workspace_id=workspace.id,
            actor=actor,
            filter=filter,
            limit=limit,
            order=order,
            key=key,
            segment_id=SEGMENT,
            title="Test",
        )
    return job


def work(workspace, job, **options) -> Job:
    run_job(workspace_id=workspace.id, job_id=job.id, **options)
    return again(workspace, job)


def again(workspace, job) -> Job:
    with tenant_context(workspace.id):
        return Job.objects.get(workspace_id=workspace.id, id=job.id)


def balance(workspace) -> tuple[Decimal, Decimal]:
    with tenant_context(workspace.id):
        found = balance_of(workspace.id)
    return found.available, found.held


def leads_of(workspace) -> list[Lead]:
    with tenant_context(workspace.id):
        return list(Lead.objects.filter(workspace_id=workspace.id).order_by("id"))


def nothing_happened(workspace, credits="1000.00") -> None:
    assert balance(workspace) == (Decimal(credits), 0)
    assert leads_of(workspace) == []
    with tenant_context(workspace.id):
        assert not Job.objects.exists()
        assert not Hold.objects.exists()


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
        "skipped_owned": job.cursor["skipped"],
        "charged": "50.00",
        "segment": str(SEGMENT),
    }
    assert balance(workspace) == (Decimal("950.00"), 0)
    leads = leads_of(workspace)
    assert len(leads) == len({lead.catalogue_id for lead in leads}) == 100
    assert {(lead.source, lead.segment_id, lead.job_id) for lead in leads} == {
        ("database", SEGMENT, job.id)
    }
    best = [
        record.id for record in source.take(EVERYBODY, limit=100 + job.cursor["skipped"]).records
    ]
    assert {lead.catalogue_id for lead in leads} <= set(best)
    with tenant_context(workspace.id):
        assert set(owned_people(workspace.id)) >= {lead.catalogue_id for lead in leads}
    assert find_differences() == []


def test_the_record_arrives_whole(world):
    """L-2: every field of the record, unmasked; what is unknown is empty."""
    workspace, actor, source = world
    work(workspace, start(workspace, actor, limit=20))
    for lead in leads_of(workspace):
        person = source.record(lead.catalogue_id).person
        for name in pulls_fields():
            value = getattr(person, name)
            expected = list(value) if name == "intent_topics" else value
            if expected is None:
                expected = {"email_verified": False, "phone_verified": False}.get(name, "")
            stored = getattr(lead, name)
            assert (stored if stored is not None else "") == expected, name


def pulls_fields() -> tuple[str, ...]:
    from leads.records.person import FIELD_NAMES

    return FIELD_NAMES


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
    delivered = job.result["delivered"]
    assert job.status == Job.Status.COMPLETED
    assert delivered + job.result["skipped_owned"] == total
    assert balance(workspace) == (2_000 - delivered * Decimal("0.50"), 0)
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


def test_the_same_key_at_the_same_moment(world):
    """C-3: eight threads with one key make one job and one hold."""
    workspace, actor, _ = world
    jobs = in_threads(8, lambda at: start(workspace, actor, limit=10, key="k1").id)
    assert len(set(jobs)) == 1
    assert balance(workspace) == (Decimal("995.00"), Decimal("5.00"))


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


def test_who_came_another_way_is_not_charged(world):
    """L-13: the same e-mail or the same phone as an uploaded lead is owned already."""
    workspace, actor, source = world
    records = list(source.take(EVERYBODY, limit=3_000).records)
    by_email = next(r for r in records if r.person.work_email and not r.person.phone)
    by_phone = next(r for r in records if r.person.phone)
    by_second = next(
        r
        for r in records
        if r.person.personal_email
        and r.person.personal_email != r.person.email
        and not r.person.phone
    )
    cast.lead(workspace, email=by_email.person.email.upper(), source="upload")
    cast.lead(workspace, email=by_second.person.personal_email, source="upload")
    phoned = cast.lead(workspace, phone=by_phone.person.phone, source="upload")
    with tenant_context(workspace.id):
        Lead.objects.filter(id=phoned.id).update(phone_key=by_phone.person.phone)
    job = work(workspace, start(workspace, actor, limit=3_000 // 2))
    pulled = {lead.catalogue_id for lead in leads_of(workspace)} - {None}
    known = {by_email.id, by_phone.id, by_second.id}
    assert not known & pulled
    assert job.result["delivered"] == len(pulled)
    assert balance(workspace)[0] == 1_000 - len(pulled) * Decimal("0.50")
    with tenant_context(workspace.id):
        met = known & {r.id for r in records[: len(pulled)]}
        assert set(owned_people(workspace.id)) >= met


def test_deleted_leads_are_not_sold_again(world):
    """L-13: who was charged once stays owned, also after the lead is gone."""
    workspace, actor, _ = world
    work(workspace, start(workspace, actor, limit=20))
    first = {lead.catalogue_id for lead in leads_of(workspace)}
    with tenant_context(workspace.id):
        Lead.objects.filter(workspace_id=workspace.id).delete()
    work(workspace, start(workspace, actor, limit=20))
    assert not first & {lead.catalogue_id for lead in leads_of(workspace)}


def test_two_records_of_one_person_in_a_batch(world):
    """L-13: the first counts, the second is passed over and owned."""
    workspace, _, source = world
    record = next(r for r in source.take(EVERYBODY, limit=50).records if r.person.email)
    twin = record._replace(id=999_999)
    with tenant_context(workspace.id):
        acquired = acquire_people(
            workspace_id=workspace.id, candidates=candidates_of([record, twin]), source="database"
        )
        assert set(owned_people(workspace.id)) == {record.id, twin.id}
    assert (len(acquired.lead_ids), acquired.skipped) == (1, 1)


def test_workspaces_dont_see_each_other(world):
    """X-1, L-13: the same person may be in two workspaces."""
    workspace, actor, _ = world
    rival, carol = cast.rival()
    give(rival, 100)
    work(workspace, start(workspace, actor, limit=30))
    work(rival, start(rival, cast.actor_for(carol), limit=30))
    ours = {lead.catalogue_id for lead in leads_of(workspace)}
    theirs = {lead.catalogue_id for lead in leads_of(rival)}
    assert ours == theirs


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


def test_two_jobs_over_the_same_people(world, small_batches):
    """L-13: two workers at once, the same segment: nobody twice, nothing charged twice."""
    workspace, actor, _ = world
    jobs = [start(workspace, actor, limit=300) for _ in range(2)]
    in_threads(2, lambda at: run_job(workspace_id=workspace.id, job_id=jobs[at].id))
    leads = leads_of(workspace)
    assert len({lead.catalogue_id for lead in leads}) == len(leads)
    assert sum(again(workspace, job).result["delivered"] for job in jobs) == len(leads) == 600
    assert balance(workspace) == (Decimal("700.00"), 0)
    assert find_differences() == []


@pytest.mark.faults
def test_many_pulls_at_once_with_credits_for_half(catalogue, monkeypatch):
    """C-4, L-13: 24 threads pull overlapping segments; no overdraw, nobody twice."""
    monkeypatch.setattr(pulls, "BATCH", 25)
    workspace, alice = cast.acme()
    give(workspace, 240)  # 480 leads; 24 pulls want 40 each
    actor = cast.actor_for(alice)

    def pull(at: int) -> str:
        try:
            job = start(workspace, actor, limit=40, filter=US if at % 2 else EVERYBODY)
        except InsufficientCredits:
            return "refused"
        return work(workspace, job).status

    outcomes = in_threads(24, pull)
    assert outcomes.count("refused") >= 12
    assert set(outcomes) == {"refused", Job.Status.COMPLETED}
    leads = leads_of(workspace)
    assert len({lead.catalogue_id for lead in leads}) == len(leads)
    assert len({lead.email_key for lead in leads if lead.email_key}) == len(
        [lead for lead in leads if lead.email_key]
    )
    available, held = balance(workspace)
    assert held == 0
    assert available == 240 - len(leads) * Decimal("0.50") >= 0
    assert find_differences() == []


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


def stop_after(steps: int):
    """A `stop` for run_job that says yes after so many steps."""
    done = iter(range(steps))
    return lambda: next(done, None) is None or steps == 1


def in_threads(count: int, do) -> list:
    """Run `do(0)` … `do(count - 1)` at the same moment; raises what any of them raised."""
    from django.db import connections

    gate, results, errors = threading.Barrier(count), [None] * count, []

    def one(at: int) -> None:
        try:
            gate.wait()
            results[at] = do(at)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(at,)) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
