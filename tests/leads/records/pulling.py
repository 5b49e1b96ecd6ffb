"""What the tests of pulls share: a world, and words for starting and working pulls."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.workspaces.models import Workspace
from credits.ledger.models import Entry, Hold
from credits.ledger.operations import grant
from credits.ledger.queries import balance_of
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import tenant_context, uuid7
from leads.filters.document import parse
from leads.filters.tree import EVERYBODY
from leads.records import pulls
from leads.records.models import Lead
from leads.records.pulls import start_pull
from tests import cast

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


def spent_by(workspace: Workspace) -> list[tuple[str, str, Decimal]]:
    """What the ledger says of charges: (kind of actor, label, amount), oldest first."""
    with tenant_context(workspace.id):
        entries = Entry.objects.filter(workspace_id=workspace.id, kind="spend").order_by("id")
        return list(entries.values_list("actor_kind", "actor_label", "amount"))


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


def let_the_lease_run_out(workspace, job) -> None:
    """As time does after a worker's death."""
    with tenant_context(workspace.id):
        Job.objects.filter(id=job.id, lease_until__isnull=False).update(lease_until=timezone.now())


def stop_after(steps: int) -> Callable[[], bool]:
    """A `stop` for run_job that says yes after so many steps."""
    done = iter(range(steps))
    return lambda: next(done, None) is None or steps == 1


def in_threads(count: int, do: Callable[[int], Any]) -> list[Any]:
    """Run `do(0)` … `do(count - 1)` at the same moment; raises what any of them raised."""
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
