"""Verification as a bulk action (L-17)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from cursive.lib.actors import Actor
from cursive.lib.errors import InvalidInput
from cursive.lib.jobs.models import Job
from leads.bulk.registry import BulkAction
from leads.filters.tree import Group

from .operations import start_verification


class Verify(BulkAction):
    """By a job of its own; in the list the dialog says the price first."""

    name, label, icon, order = "verify", "Verify e-mail", "mail-check", 60
    page = "leads:verification_start"
    values = ("again",)

    def read(self, *, workspace_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
        """Whether to ask again for addresses that have a fresh answer."""
        again = values.get("again", False)
        if not isinstance(again, bool):
            raise InvalidInput("again is true or false.", fields={"again": "true or false."})
        return {"again": again}

    def start(
        self,
        *,
        workspace_id: UUID,
        actor: Actor,
        params: Mapping[str, Any],
        ids: Sequence[UUID],
        filter: Group | None,
        key: str,
    ) -> Job:
        """Start the run."""
        return start_verification(
            workspace_id=workspace_id,
            actor=actor,
            ids=ids,
            filter=filter,
            again=params["again"],
            key=key,
        )
