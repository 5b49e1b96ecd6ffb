"""What the tests of bulk actions share: Acme with leads, and words for doing and undoing."""

from typing import Any

from accounts.workspaces.models import Role
from cursive.lib.jobs import runner
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context
from leads.bulk.models import BulkFailure, BulkRun
from leads.bulk.operations import Started, start_bulk, undo_bulk
from leads.filters import url
from leads.records.models import Lead, LeadActivity
from tests import cast


def by(acme, role: str = Role.OWNER):
    return cast.actor_for(acme.alice, role)


def begin(acme, action: str, actor=None, filter: str | None = None, ids=(), key="", **values):
    """Start it; `filter` in its short form ('' is everybody)."""
    with tenant_context(acme.id):
        return start_bulk(
            workspace_id=acme.id,
            actor=actor or by(acme),
            action=action,
            values=values,
            ids=[getattr(one, "id", one) for one in ids],
            filter=None if filter is None else url.decode(filter, scope="leads"),
            key=key,
        )


def do(acme, action: str, **options: Any) -> BulkRun:
    """Start it and work its job, if it has one, to the end."""
    return finish(acme, begin(acme, action, **options))


def finish(acme, started: Started) -> BulkRun:
    assert started.run is not None
    if started.job is not None:
        runner.run_job(workspace_id=acme.id, job_id=started.job.id)
    return again(acme, started.run)


def undo(acme, run: BulkRun, actor=None) -> BulkRun:
    """Undo it, and work the job of that, if it has one."""
    with tenant_context(acme.id):
        undone = undo_bulk(workspace_id=acme.id, actor=actor or by(acme), run_id=run.id)
    if undone.undo_job_id and not undone.undone_at:
        runner.run_job(workspace_id=acme.id, job_id=undone.undo_job_id)
    return again(acme, run)


def again(acme, run: BulkRun) -> BulkRun:
    with tenant_context(acme.id):
        return BulkRun.objects.get(id=run.id)


def job_of(acme, run: BulkRun) -> Job:
    with tenant_context(acme.id):
        return Job.objects.get(id=run.job_id)


def counts(run: BulkRun) -> tuple[int, int, int, int]:
    return run.asked, run.changed, run.unchanged, run.failed


def values(acme, field: str, **which: Any) -> list[Any]:
    """A field of all leads, living or not, by first name."""
    with tenant_context(acme.id):
        leads = Lead.objects.filter(**which).order_by("first_name")
        return list(leads.values_list(field, flat=True))


def told(acme, lead=None) -> list[str]:
    with tenant_context(acme.id):
        lines = LeadActivity.objects.filter(**({"lead": lead} if lead else {}))
        return list(lines.order_by("created_at", "text").values_list("text", flat=True))


def failures(acme, run: BulkRun) -> dict[object, str]:
    with tenant_context(acme.id):
        return dict(BulkFailure.objects.filter(run=run).values_list("lead_id", "reason"))


def many(acme, count: int, **fields: Any) -> None:
    """Leads named P00001 …, without a query each."""
    with tenant_context(acme.id):
        Lead.objects.bulk_create(
            Lead(
                workspace_id=acme.id,
                first_name=f"P{n:05}",
                email=f"p{n}@people.example",
                dedup_hash=f"{n:064}",
                **{"source": "api", **fields},
            )
            for n in range(count)
        )
