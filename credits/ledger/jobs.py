"""What a job costs (C-6): held when it starts, captured as it delivers, the rest given back.

Whoever started it (`cursive.lib.jobs.starters`) is who the ledger and the audit log name, not the
worker (C-2). Its cursor has the open `hold` ('' for none) and how many `holds` there have been.
"""

from decimal import Decimal
from uuid import UUID

from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.starters import starter_of

from .operations import capture, hold, release


def hold_for(job: Job, amount: Decimal, *, action: str, actor: Actor) -> None:
    """Hold credits for a job and note it in its cursor, unsaved. Nothing costs nothing.

    Call it when the job is enqueued and each time that it is reopened. Raises as `hold` does.
    """
    holds, held = job.cursor.get("holds", 0) + 1, ""
    if amount > 0:
        made = hold(
            workspace_id=job.workspace_id,
            amount=amount,
            action=action,
            reference=("job", job.id),
            key=f"{job.kind}:{job.id}:hold:{holds}",
            actor=actor,
        )
        held = str(made.id)
    job.cursor = {**job.cursor, "hold": held, "holds": holds}


def capture_for(job: Job, amount: Decimal, *, step: int) -> None:
    """Charge what a step delivered; `step` is a number that no other step of the job has."""
    capture(
        workspace_id=job.workspace_id,
        hold_id=UUID(job.cursor["hold"]),
        amount=amount,
        key=f"{job.kind}:{job.id}:{step}",
        actor=starter_of(job),
        is_audited=False,
    )


def release_rest(job: Job) -> None:
    """Give back what is still held, and note in the cursor, unsaved, that nothing is."""
    if job.cursor["hold"]:
        release(
            workspace_id=job.workspace_id,
            hold_id=UUID(job.cursor["hold"]),
            actor=Actor.system(job.kind),
        )
    job.cursor = {**job.cursor, "hold": ""}


def record_charge(job: Job, amount: Decimal, *, action: str, **said: object) -> None:
    """One audit entry for `amount` credits that a job charged since it began or was tried again.

    `said` is what was delivered for them (A-7).
    """
    record(
        action="spend",
        resource="credits",
        resource_id=job.id,
        actor=starter_of(job),
        workspace_id=job.workspace_id,
        new={"amount": -amount, "action": action, "reference": f"job {job.id}", **said},
    )
