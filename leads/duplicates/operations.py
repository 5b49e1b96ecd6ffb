"""What users decide about a pair: not the same, or after all perhaps."""

from uuid import UUID

from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, NotFound

from .models import DuplicateCandidate


def dismiss_candidate(
    *, workspace_id: UUID, candidate_id: UUID, actor: Actor
) -> DuplicateCandidate:
    """Remember that two leads are not the same; no search brings the pair back.

    Raises `NotFound`, and `Conflict` where it was decided already.
    """
    return _decide(workspace_id, candidate_id, actor, DuplicateCandidate.State.OPEN)


def reopen_candidate(*, workspace_id: UUID, candidate_id: UUID, actor: Actor) -> DuplicateCandidate:
    """Take back that two leads are not the same. Raises `NotFound` and `Conflict`."""
    return _decide(workspace_id, candidate_id, actor, DuplicateCandidate.State.DISMISSED)


def _decide(workspace_id: UUID, candidate_id: UUID, actor: Actor, old: str) -> DuplicateCandidate:
    states = DuplicateCandidate.State
    new = states.DISMISSED if old == states.OPEN else states.OPEN
    with tenancy.atomic():
        candidate = (
            DuplicateCandidate.objects.select_for_update()
            .filter(workspace_id=workspace_id, id=candidate_id)
            .first()
        )
        if candidate is None:
            raise NotFound("There is no such pair.")
        if candidate.state != old:
            was = states(candidate.state).label.lower()
            raise Conflict(f"This pair was decided already: {was}.")
        candidate.state = new
        candidate.decided_at = timezone.now() if new == states.DISMISSED else None
        candidate.decided_by_label = actor.label if new == states.DISMISSED else ""
        candidate.merge = None  # somebody's own word from now on
        candidate.save(update_fields=["state", "decided_at", "decided_by_label", "merge"])
        record(
            action="dismiss" if new == states.DISMISSED else "reopen",
            resource="duplicate",
            resource_id=candidate.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"leads": [str(candidate.first_id), str(candidate.second_id)]},
        )
    return candidate
