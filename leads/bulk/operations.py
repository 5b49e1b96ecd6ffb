"""Doing something with many leads at once, and taking it back (L-17)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from accounts.workspaces.guards import refusal
from accounts.workspaces.models import RANK, Role
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, Forbidden, InvalidInput, NoneFound, NotFound
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import enqueue_job
from leads.filters.document import dump
from leads.filters.sentence import sentence
from leads.filters.tree import Group
from leads.records.queries import leads_of, today

from .models import BulkChange, BulkRun
from .registry import Batch, BulkAction, all_actions, find_action

MAX_IDS = 1_000
MAX_KEY = 200
MISSING = "There is no such lead."
# Failures, and what was before, are kept so long; what can be undone is kept as long as that.
KEPT = timedelta(days=30)
PURGE_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Started:
    """A bulk action that was begun: its run, or the job of an action that has its own."""

    run: BulkRun | None = None
    job: Job | None = None
    missing: list[UUID] = field(default_factory=list)


def start_bulk(
    *,
    workspace_id: UUID,
    actor: Actor,
    action: str,
    values: Mapping[str, Any],
    ids: Sequence[UUID] = (),
    filter: Group | None = None,
    key: str = "",
) -> Started:
    """Do `action` with these leads: `ids` at once, or all that match `filter` as a job.

    Ids that aren't living leads of the workspace are written down as failed; the rest is done.
    The same `key` again gives the first run. Raises InvalidInput naming the field, Forbidden for
    who may not, Conflict for a key that was used for something else.
    """
    found = _find(action)
    _check_role(found, actor)
    ids = list(dict.fromkeys(ids))
    _check_selection(ids, filter)
    if len(key) > MAX_KEY:
        raise InvalidInput("The key is too long.", fields={"Idempotency-Key": f"Up to {MAX_KEY}."})
    params = found.read(workspace_id=workspace_id, values=values)
    with tenancy.atomic():
        job = _start_own_job(workspace_id, actor, found, params, ids, filter, key)
        if job is not None:
            living = set(_living(workspace_id, ids))
            return Started(job=job, missing=[one for one in ids if one not in living])
        run, is_new = _write_run(workspace_id, actor, found, params, ids, filter, key)
        if not is_new:
            return Started(run=run, job=_job_of(run))
        if filter is None:
            _do_now(run, found, ids)
            return Started(run=run)
        job, _ = enqueue_job(
            workspace_id=workspace_id,
            kind="bulk",
            title=run.title,
            params={"run": str(run.id)},
            actor=actor,
        )
        run.job_id = job.id
        run.save(update_fields=["job_id"])
    return Started(run=run, job=job)


def undo_bulk(*, workspace_id: UUID, actor: Actor, run_id: UUID) -> BulkRun:
    """Take a run back for all leads that weren't changed since: at once where they are few.

    `undone` and `left_alone` say how many; of a large run they are there when its job is over.
    Raises NotFound, Forbidden, Conflict.
    """
    with tenancy.atomic():
        run = (
            BulkRun.objects.select_for_update().filter(workspace_id=workspace_id, id=run_id).first()
        )
        if run is None:
            raise NotFound("There is no such bulk action.")
        action = _find(run.action)
        _check_role(action, actor)
        if run.created_by_id != actor.user_id and actor.role not in (Role.OWNER, Role.ADMIN):
            raise Forbidden("Only who did it, an admin or an owner can undo it.")
        _check_undo(run)
        if run.changed <= MAX_IDS:
            revert_batch(run, action, actor, limit=MAX_IDS)
            end_undo(run, actor)
            return run
        job, _ = enqueue_job(
            workspace_id=workspace_id,
            kind="bulk_undo",
            title=f"Undo: {run.title}"[:200],
            params={"run": str(run.id), "by": as_json(actor)},
            actor=actor,
            total=run.changed,
        )
        run.undo_job_id = job.id
        run.save(update_fields=["undo_job_id"])
    return run


def apply_batch(run: BulkRun, action: BulkAction, ids: Sequence[UUID]) -> int:
    """Do the action with these leads, locked and living, and count it; how many failed."""
    if not ids:
        return 0
    outcome = action.apply(Batch(run, ids, timezone.now()))
    run.asked += len(ids)
    run.changed += outcome.changed
    run.failed += outcome.failed
    run.unchanged += len(ids) - outcome.changed - outcome.failed
    return outcome.failed


def revert_batch(run: BulkRun, action: BulkAction, actor: Actor, *, limit: int) -> int:
    """Take back the next `limit` changes, in the order of their ids; how many were looked at.

    What was looked at is forgotten with it, so a later try goes on where this one ended.
    """
    changes = BulkChange.objects.filter(workspace_id=run.workspace_id, run=run)
    ids = list(changes.order_by("lead_id").values_list("lead_id", flat=True)[:limit])
    if not ids:
        return 0
    _lock(run.workspace_id, ids)
    undone = action.revert(Batch(run, ids, timezone.now(), by=actor))
    changes.filter(lead_id__in=ids).delete()
    run.undone += undone
    run.left_alone += len(ids) - undone
    return len(ids)


def end_run(run: BulkRun) -> None:
    """Close a run: what it did is in the audit log as it was done, not as it was asked."""
    run.finished_at = timezone.now()
    run.save()
    record(
        action="bulk",
        resource="lead",
        resource_id=run.id,
        actor=run.actor,
        workspace_id=run.workspace_id,
        new={"did": run.title, "which": run.said, **counts_of(run)},
    )


def end_undo(run: BulkRun, actor: Actor) -> None:
    """Close an undo; where changes are left (it was cancelled), they can be undone later."""
    if not BulkChange.objects.filter(workspace_id=run.workspace_id, run=run).exists():
        run.undone_at = timezone.now()
    run.undo_job_id = None if run.undone_at is None else run.undo_job_id
    run.save()
    record(
        action="undo",
        resource="lead",
        resource_id=run.id,
        actor=actor,
        workspace_id=run.workspace_id,
        new={"did": run.title, "undone": run.undone, "left_alone": run.left_alone},
    )


def counts_of(run: BulkRun) -> dict[str, int]:
    """What was really done, for people, the API and the log."""
    return {
        "asked": run.asked,
        "changed": run.changed,
        "unchanged": run.unchanged,
        "failed": run.failed,
    }


def living_ids(workspace_id: UUID, ids: Sequence[UUID], filter: Group | None = None) -> list[UUID]:
    """Those of the ids that are living leads and match, locked in their order."""
    leads = leads_of(workspace_id, filter).filter(id__in=ids).order_by("id")
    return list(leads.select_for_update(of=("self",)).values_list("id", flat=True))


def purge_bulk_runs() -> int:
    """Delete what is kept of runs past their 30 days, in all workspaces; how many runs."""
    with tenancy.system_context():
        old = dict(BulkRun.objects.expired().values_list("id", "workspace_id"))
        for table in ("leads_bulkchange", "leads_bulkfailure"):
            _delete_in_batches(table, old)
        BulkRun.objects.filter(id__in=old).delete()
    return len(old)


def as_json(actor: Actor) -> dict[str, Any]:
    """Who acts, for a job's params."""
    user, key = (str(one) if one else None for one in (actor.user_id, actor.key_id))
    return {"kind": actor.kind, "label": actor.label, "user": user, "key": key}


def actor_of(stored: Mapping[str, Any]) -> Actor:
    """The actor again."""
    user, key = (UUID(one) if one else None for one in (stored["user"], stored["key"]))
    return Actor(kind=stored["kind"], label=stored["label"], user_id=user, key_id=key)


def _find(name: object) -> BulkAction:
    action = find_action(name)
    if action is None:
        known = ", ".join(one.name for one in all_actions())
        raise InvalidInput("There is no such action.", fields={"action": f"One of: {known}."})
    return action


def _check_role(action: BulkAction, actor: Actor) -> None:
    # Keys count as members, unless the scope that the API asked for is enough.
    if actor.kind == "key" and action.keys_allowed:
        return
    if RANK.get(Role(actor.role or Role.MEMBER), 0) < RANK[Role(action.role)]:
        raise Forbidden(refusal(action.role))


def _check_selection(ids: Sequence[UUID], filter: Group | None) -> None:
    if ids and filter is not None:
        said = "Give ids or a filter, not both."
        raise InvalidInput(said, fields={"ids": said})
    if len(ids) > MAX_IDS:
        raise InvalidInput(
            "Too many leads chosen.",
            fields={"ids": f"At most {MAX_IDS:,}. Use a filter for more."},
        )
    if not ids and filter is None:
        raise InvalidInput("No lead is chosen.", fields={"ids": "Give ids or a filter."})


def _check_undo(run: BulkRun) -> None:
    if run.can_undo:
        return
    if run.undone_at:
        raise Conflict("This is undone already.")
    if run.undo_job_id:
        raise Conflict("This is being undone already. Its page shows how far.")
    if not run.finished_at:
        raise Conflict("This still runs. Cancel it first, then undo what it did.")
    if not run.changed:
        raise Conflict("Nothing was changed, so there is nothing to undo.")
    raise Conflict(
        "This can't be undone any more." if run.undoable_until else "This can't be undone."
    )


def _start_own_job(
    workspace_id: UUID,
    actor: Actor,
    action: BulkAction,
    params: Mapping[str, Any],
    ids: Sequence[UUID],
    filter: Group | None,
    key: str,
) -> Job | None:
    """The job of an action that has its own, for the ids as they were asked: a key stands for them.

    None where a run says what became of it: also where no id is a living lead's.
    """
    if key and BulkRun.objects.filter(workspace_id=workspace_id, key=key).exists():
        return None
    try:
        return action.start(
            workspace_id=workspace_id, actor=actor, params=params, ids=ids, filter=filter, key=key
        )
    except NoneFound:
        return None


def _living(workspace_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    return list(leads_of(workspace_id).filter(id__in=ids).values_list("id", flat=True))


def _lock(workspace_id: UUID, ids: Sequence[UUID]) -> None:
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM leads_lead WHERE workspace_id = %s AND id = ANY(%s)"
            " ORDER BY id FOR UPDATE",
            [workspace_id, list(ids)],
        )


def _write_run(
    workspace_id: UUID,
    actor: Actor,
    action: BulkAction,
    params: dict[str, Any],
    ids: Sequence[UUID],
    filter: Group | None,
    key: str,
) -> tuple[BulkRun, bool]:
    """The run, and whether it is new: the same key gives the first one again."""
    document = dump(filter) if filter is not None else None
    asked = json.dumps([action.name, params, [str(one) for one in ids], document], sort_keys=True)
    digest = hashlib.sha256(asked.encode()).hexdigest() if key else ""
    now = timezone.now()
    run = BulkRun(
        workspace_id=workspace_id,
        action=action.name,
        params=params,
        title=action.title(params)[:200],
        filter=document,
        said="Chosen leads" if filter is None else sentence(filter),
        as_of=today(),
        key=key,
        key_digest=digest,
        created_by_id=actor.user_id,
        created_by_label=actor.label[:200],
        created_by_kind=actor.kind,
        created_by_key=actor.key_id,
        created_at=now,
        undoable_until=now + action.undoable if action.undoable else None,
        kept_until=now + KEPT,
    )
    try:
        with tenancy.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        first = BulkRun.objects.filter(workspace_id=workspace_id, key=key).first() if key else None
        if first is None:
            raise
        if first.key_digest != digest:
            raise Conflict(
                "This Idempotency-Key was used for something else.",
                fields={"Idempotency-Key": "Use a new key for a new request."},
            ) from None
        return first, False
    return run, True


def _do_now(run: BulkRun, action: BulkAction, ids: Sequence[UUID]) -> None:
    living = living_ids(run.workspace_id, ids)
    missing = [one for one in ids if one not in set(living)]
    Batch(run, missing, timezone.now()).fail(dict.fromkeys(missing, MISSING))
    apply_batch(run, action, living)
    run.asked += len(missing)
    run.failed += len(missing)
    end_run(run)


def _job_of(run: BulkRun) -> Job | None:
    jobs = Job.objects.filter(workspace_id=run.workspace_id)
    return jobs.filter(id=run.job_id).first() if run.job_id else None


def _delete_in_batches(table: str, runs: Mapping[UUID, UUID]) -> None:
    deleted = PURGE_BATCH
    while deleted == PURGE_BATCH:
        with tenancy.atomic(), tenancy.connection().cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table}"
                f" WHERE workspace_id = ANY(%s) AND run_id = ANY(%s) LIMIT {PURGE_BATCH}))",
                [list(set(runs.values())), list(runs)],
            )
            deleted = cursor.rowcount
