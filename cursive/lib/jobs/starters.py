"""Who started a job, for what its worker writes in their name (A-7, C-2)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cursive.lib.actors import Actor

from .models import Job


def started_by(actor: Actor) -> dict[str, str]:
    """For a job's `params["by"]`: what its row doesn't say of who starts it."""
    return {"kind": actor.kind, "key": str(actor.key_id or "")}


def starter_of(job: Job) -> Actor:
    """Who started the job, as its row and `params["by"]` say."""
    by: Mapping[str, Any] = job.params["by"]
    return Actor(
        kind=by["kind"],
        label=job.created_by_label,
        user_id=job.created_by_id,
        key_id=UUID(by["key"]) if by["key"] else None,
    )
