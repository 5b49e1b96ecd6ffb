"""Starting verifications, and what the clock does to the queue."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone

from credits.prices.queries import price_of
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import InvalidInput, NoneFound
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import earlier_job, enqueue_job, ring
from cursive.lib.jobs.starters import started_by
from leads.filters.document import dump
from leads.filters.sentence import sentence
from leads.filters.tree import Group
from leads.records.queries import leads_of

from .known import forget_old
from .models import Check
from .queries import candidates
from .runs import ACTION, KIND, hold_price, queue_next

MAX_IDS = 1_000
KEPT = timedelta(days=90)
PURGED_AT_A_TIME = 5_000


def start_verification(
    *,
    workspace_id: UUID,
    actor: Actor,
    ids: Sequence[UUID] = (),
    filter: Group | None = None,
    again: bool = False,
    key: str = "",
) -> Job:
    """Start the job that checks the addresses of these leads: `ids`, or all that match `filter`.

    Holds the price of each; captured is what gets an answer other than 'unknown'. Left out are
    leads without an address, leads that are being checked already and, unless `again`, addresses
    that were answered for in the last 30 days; ids of no lead of the workspace are counted as
    `not_found` in the job's result. The same `key` with the same request gives the same job.
    Raises `InvalidInput` for too many ids or nobody to check (`NoneFound` where none of the ids is
    a lead), `InsufficientCredits`,
    `SpendingFrozen`, `Conflict` for a key that was used otherwise; nothing has changed then.
    """
    if not ids and filter is None:
        raise InvalidInput("Choose leads, or give a filter.", fields={"ids": "Choose leads."})
    if len(ids) > MAX_IDS:
        raise InvalidInput("Too many leads chosen.", fields={"ids": f"At most {MAX_IDS:,}."})
    chosen = list(dict.fromkeys(str(one) for one in ids))
    request: dict[str, Any] = {
        "ids": chosen,
        "filter": dump(filter) if filter is not None else None,
        "again": again,
    }
    with tenancy.atomic():
        if chosen:  # two at once come one after the other: the second sees what the first queued
            _lock_starts(workspace_id)
        earlier = earlier_job(workspace_id=workspace_id, kind=KIND, key=key, params=request)
        if earlier is not None:
            return earlier
        leads = leads_of(workspace_id, filter)
        known = (leads.filter(id__in=chosen) if chosen else leads).count()
        total = candidates(workspace_id, filter=filter, ids=chosen, again=again).count()
        if not total:
            raise _nothing(known, by_ids=bool(chosen))
        job, _ = enqueue_job(
            workspace_id=workspace_id,
            kind=KIND,
            title=f"Check {total:,} e-mail {'address' if total == 1 else 'addresses'}",
            params={
                **request,
                "price": str(price_of(ACTION)),
                "by": started_by(actor),
                "skipped": known - total,
                "not_found": len(chosen) - known if chosen else 0,
            },
            actor=actor,
            key=key,
            total=total,
        )
        hold_price(job, total, actor)
        if chosen:  # few enough to be in the queue at once, so that their pages show it
            job.cursor = queue_next(job)
        job.save(update_fields=["cursor"])
        record(
            action="verify",
            resource="lead",
            resource_id=job.id,
            actor=actor,
            workspace_id=workspace_id,
            new={
                "leads": total,
                "which": sentence(filter) if filter is not None else "chosen leads",
            },
        )
    return job


def _lock_starts(workspace_id: UUID) -> None:
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"verify:{workspace_id}"]
        )


def _nothing(known: int, *, by_ids: bool) -> InvalidInput:
    why = "They have no address, are being checked, or were checked in the last 30 days."
    if known:
        return InvalidInput("There is nothing to check.", fields={"ids": why})
    error = NoneFound if by_ids else InvalidInput
    return error("There is nothing to check.", fields={"ids": "There are no such leads."})


def wake_queue() -> int:
    """Ring for the jobs of addresses that are due, in all workspaces; how many jobs.

    A job that waits says itself when it goes on. This is for what came earlier than it could know:
    a provider that is back, or a worker that died while it asked.
    """
    with tenancy.system_context(), tenancy.atomic():
        due = Check.objects.due().filter(
            workspace_id=OuterRef("workspace_id"), job_id=OuterRef("id")
        )
        now = timezone.now()
        jobs = list(
            Job.objects.active()
            .filter(Exists(due), kind=KIND, lease_token=None)
            .select_for_update(skip_locked=True)
        )
        Job.objects.filter(id__in=[job.id for job in jobs], next_attempt_at__gt=now).update(
            next_attempt_at=now
        )
        for job in jobs:
            ring(job)
    return len(jobs)


def purge_checks() -> int:
    """Forget answers after a month and finished checks after 90 days, in all workspaces."""
    with tenancy.system_context():
        forget_old()
        purged = 0
        while True:
            over = Check.objects.filter(finished_at__lt=timezone.now() - KEPT)
            ids = list(over.values_list("id", flat=True)[:PURGED_AT_A_TIME])
            Check.objects.filter(id__in=ids).delete()
            purged += len(ids)
            if len(ids) < PURGED_AT_A_TIME:
                return purged
