"""Reading bulk actions."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from cursive.lib.errors import NotFound
from leads.records.models import Lead

from .models import BulkFailure, BulkRun
from .operations import counts_of

SHOWN = 100


def get_run(workspace_id: UUID, run_id: UUID) -> BulkRun:
    """One bulk action of the workspace. Raises NotFound (X-2)."""
    run = BulkRun.objects.filter(workspace_id=workspace_id, id=run_id).first()
    if run is None:
        raise NotFound("There is no such bulk action.")
    return run


def find_run(workspace_id: UUID, raw_id: str) -> BulkRun | None:
    """One bulk action by its id as it came in; None where there is none."""
    try:
        return BulkRun.objects.filter(workspace_id=workspace_id, id=UUID(raw_id)).first()
    except ValueError:
        return None


def failures_of(run: BulkRun) -> QuerySet[BulkFailure]:
    """Which leads couldn't be done, and why, in the order of their ids."""
    failures = BulkFailure.objects.filter(workspace_id=run.workspace_id, run=run)
    return failures.order_by("lead_id", "id")


def with_leads(failures: list[BulkFailure]) -> list[tuple[BulkFailure, Lead | None]]:
    """Each failure with its lead, where that is there."""
    if not failures:
        return []
    leads = Lead.objects.filter(workspace_id=failures[0].workspace_id)
    found = leads.living().in_bulk([failure.lead_id for failure in failures])
    return [(failure, found.get(failure.lead_id)) for failure in failures]


def run_state(run: BulkRun) -> dict[str, Any]:
    """The run as the API shows it; failures: the first 100."""
    return {
        "id": str(run.id),
        "action": run.action,
        "title": run.title,
        "which": run.said,
        **counts_of(run),
        "failures": [
            {"id": str(failure.lead_id), "reason": failure.reason}
            for failure in failures_of(run)[: SHOWN if run.job_id else None]
        ],
        "job": str(run.job_id) if run.job_id else None,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "undoable_until": run.undoable_until,
        "undo_job": str(run.undo_job_id) if run.undo_job_id else None,
        "undone_at": run.undone_at,
        "undone": run.undone,
        "left_alone": run.left_alone,
    }


def said_of(run: BulkRun) -> str:
    """What became of a run that is over, in a sentence or two."""
    parts = [f"{run.title}: done for {_leads(run.changed)}"]
    if run.unchanged:
        parts.append(f"{run.unchanged:,} already as wanted")
    if run.failed:
        parts.append(f"{run.failed:,} could not be done")
    return f"{', '.join(parts)}."


def said_of_undo(run: BulkRun) -> str:
    """What became of the undo, in a sentence or two."""
    said = f"Undone for {_leads(run.undone)}."
    return said + (f" {_leads(run.left_alone)} changed since, and left." * bool(run.left_alone))


def _leads(count: int) -> str:
    return f"{count:,} {'lead' if count == 1 else 'leads'}"
