"""The jobs of bulk actions: all that match a filter, and taking that back."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import JobHandler, Step
from leads.filters.document import parse
from leads.filters.orm import to_q
from leads.records.models import Lead
from leads.records.queries import leads_of

from . import operations
from .models import BulkRun
from .registry import BulkAction, find_action

BATCH = 2_000


class BulkHandler(JobHandler):
    """Counts, then goes through the leads that match in the order of their ids.

    A lead that stops matching because of the action isn't met again, since ids only go up; one
    that came in after the action was asked for isn't met at all.
    """

    kind = "bulk"
    label = "Bulk action"

    def step(self, job: Job, prepared: Any) -> Step:
        """Count them, or do the next batch."""
        run = _run_of(job)
        leads = _matching(run)
        if "after" not in job.cursor:
            total = leads.count()
            return Step(cursor={"after": None}, total=total, done=not total)
        after = job.cursor["after"]
        behind = leads.filter(id__gt=after) if after else leads
        ids = list(behind.order_by("id").values_list("id", flat=True)[:BATCH])
        # Again under lock: who was changed or deleted in between isn't touched.
        locked = list(
            leads.filter(id__in=ids)
            .order_by("id")
            .select_for_update(of=("self",))
            .values_list("id", flat=True)
        )
        failed = operations.apply_batch(run, _action_of(run), locked)
        run.save()
        done = len(ids) < BATCH
        processed = len(locked) - failed
        return Step(
            processed=processed,
            failed=failed,
            cursor={"after": str(ids[-1]) if ids else after},
            done=done,
            # Leads that came or went meanwhile must not leave the bar short of its end.
            total=job.processed + job.failed + len(locked) if done else None,
        )

    def finish(self, job: Job) -> None:
        """Close the run with what was really done, whether or not that was all."""
        run = _run_of(job)
        operations.end_run(run)
        job.result = {"run": str(run.id), **operations.counts_of(run)}

    def reopen(self, job: Job) -> None:
        """It runs again, so it can't be undone for now."""
        run = _run_of(job)
        run.finished_at = None
        run.save(update_fields=["finished_at"])

    def links(self, job: Job) -> list[tuple[str, str]]:
        """What was done, with its undo."""
        return [("See what was done", reverse("leads:bulk_run", args=[job.params["run"]]))]


class BulkUndoHandler(JobHandler):
    """Takes the changes of a run back, batch by batch, forgetting each with it."""

    kind = "bulk_undo"
    label = "Undo of a bulk action"

    def step(self, job: Job, prepared: Any) -> Step:
        """Take the next batch back."""
        run = _run_of(job)
        actor = operations.actor_of(job.params["by"])
        before = run.left_alone
        looked_at = operations.revert_batch(run, _action_of(run), actor, limit=BATCH)
        run.save()
        return Step(
            processed=looked_at,
            done=looked_at < BATCH,
            note=f"{run.left_alone:,} were changed since" if run.left_alone > before else "",
        )

    def finish(self, job: Job) -> None:
        """Close the undo; what it didn't come to can be undone later."""
        run = _run_of(job)
        operations.end_undo(run, operations.actor_of(job.params["by"]))
        job.result = {
            "run": str(run.id),
            "undone": run.undone,
            "left_alone": run.left_alone,
        }

    def reopen(self, job: Job) -> None:
        """It is being undone again."""
        run = _run_of(job)
        run.undo_job_id = job.id
        run.save(update_fields=["undo_job_id"])

    def links(self, job: Job) -> list[tuple[str, str]]:
        """What was undone."""
        return [("See what was undone", reverse("leads:bulk_run", args=[job.params["run"]]))]


def _run_of(job: Job) -> BulkRun:
    # Locked: a job that was tried again and a new undo may work on one run at once.
    runs = BulkRun.objects.select_for_update(of=("self",))
    return runs.get(workspace_id=job.workspace_id, id=job.params["run"])


def _action_of(run: BulkRun) -> BulkAction:
    action = find_action(run.action)
    if action is None:
        raise LookupError(f"no bulk action {run.action!r} is registered")
    return action


def _matching(run: BulkRun) -> QuerySet[Lead]:
    """Who matches now, and was there when it was asked for."""
    filter = parse(run.filter, scope="leads")
    leads = leads_of(run.workspace_id).filter(created_at__lte=run.created_at)
    return leads.filter(to_q(filter, as_of=run.as_of))
