"""A-7: every change to money is in the audit log; a pull's as one entry of who started it."""

from decimal import Decimal

from accounts.audit.models import AuditEntry
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job, retry_job
from cursive.lib.tenancy import tenant_context, uuid7
from tests.catalogue import catalogue
from tests.leads.records.pulling import (
    SEGMENT,
    small_batches,
    spent_by,
    start,
    stop_after,
    work,
    world,
)

__all__ = ["catalogue", "small_batches", "world"]


def charges(workspace) -> list[AuditEntry]:
    with tenant_context(workspace.id):
        entries = AuditEntry.objects.filter(resource="credits", action="spend")
        return list(entries.order_by("id"))


def test_one_entry_says_who_paid_how_much_for_what(world, small_batches):
    """A-7: the sum and the leads, by the one who started it; not one entry a batch."""
    workspace, actor, _ = world
    job = start(workspace, actor, limit=100)
    assert charges(workspace) == []
    work(workspace, job)
    (entry,) = charges(workspace)
    assert (entry.actor_kind, entry.actor_label, entry.user_id) == (
        "user",
        actor.label,
        actor.user_id,
    )
    batches = spent_by(workspace)
    assert len(batches) > 1  # C-2: each names who paid
    assert {(kind, label) for kind, label, _ in batches} == {("user", actor.label)}
    assert entry.resource_id == str(job.id)
    assert Decimal(entry.new["amount"]) == Decimal("-50.00")
    assert {name: entry.new[name] for name in ("action", "reference", "leads", "segment")} == {
        "action": "pull",
        "reference": f"job {job.id}",
        "leads": 100,
        "segment": str(SEGMENT),
    }
    assert entry.new["which"] == "Everybody"


def test_a_keys_pull_names_the_key(world):
    """A-7: who is a user, a key or the system."""
    workspace, _, _ = world
    key = Actor(kind="key", label="API key CRM", key_id=uuid7())
    work(workspace, start(workspace, key, limit=10))
    (entry,) = charges(workspace)
    assert (entry.actor_kind, entry.actor_label, entry.key_id) == ("key", key.label, key.key_id)


def test_nothing_charged_is_nothing_to_record(world):
    workspace, actor, _ = world
    job = start(workspace, actor, limit=10)
    with tenant_context(workspace.id):
        cancel_job(workspace_id=workspace.id, job_id=job.id, actor=actor)
    assert work(workspace, job).status == Job.Status.CANCELLED
    assert charges(workspace) == []


def test_a_pull_that_is_tried_again_records_the_rest(world, small_batches):
    """A-7: what was recorded when it failed isn't recorded twice."""
    workspace, actor, _ = world
    job = work(workspace, start(workspace, actor, limit=150), stop=stop_after(1))
    with tenant_context(workspace.id):
        Job.objects.filter(id=job.id).update(params={**job.params, "filter": {"version": 9}})
    assert work(workspace, job).status == Job.Status.FAILED
    with tenant_context(workspace.id):
        Job.objects.filter(id=job.id).update(params=job.params)
        retry_job(workspace_id=workspace.id, job_id=job.id, actor=actor)
    assert work(workspace, job).status == Job.Status.COMPLETED
    first, rest = charges(workspace)
    assert first.new["leads"] == job.cursor["delivered"] > 0
    assert first.new["leads"] + rest.new["leads"] == 150
    assert Decimal(first.new["amount"]) + Decimal(rest.new["amount"]) == Decimal("-75.00")
