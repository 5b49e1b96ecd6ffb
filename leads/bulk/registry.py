"""What can be done with many leads at once. Rooms and apps register theirs in `apps.ready()`.

class Score(BulkAction):
    name, label, icon = "score", "Score again", "refresh"

    def apply(self, batch: Batch) -> Outcome:
        changes = score_leads(workspace_id=batch.workspace_id, ids=batch.ids)
        return Outcome(changed=len(changes))

register_action(Score())
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms

from accounts.workspaces.models import Role
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from leads.filters.tree import Group

from .models import BulkFailure, BulkRun


@dataclass(frozen=True, slots=True)
class Batch:
    """Some leads of one run, living and locked to the end of the transaction, in id order."""

    run: BulkRun
    ids: Sequence[UUID]
    now: datetime.datetime
    by: Actor | None = None  # who takes it back

    @property
    def workspace_id(self) -> UUID:
        """Whose leads they are."""
        return self.run.workspace_id

    @property
    def params(self) -> Mapping[str, Any]:
        """What `BulkAction.read` made of the values."""
        params: Mapping[str, Any] = self.run.params
        return params

    @property
    def actor(self) -> Actor:
        """Who asked for it, or takes it back."""
        return self.by or self.run.actor

    def fail(self, reasons: Mapping[UUID, str]) -> None:
        """Write down which leads can't be done, and why, in a sentence for people."""
        BulkFailure.objects.bulk_create(
            BulkFailure(
                workspace_id=self.workspace_id, run=self.run, lead_id=lead_id, reason=reason[:200]
            )
            for lead_id, reason in reasons.items()
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: really changed, and failed (written down by then)."""

    changed: int
    failed: int = 0


class BulkAction:
    """One thing that can be done with many leads. Subclass, and register an instance."""

    name: str
    label: str
    icon: str = "bolt"
    order: int = 50  # in the bar and the menu
    in_bar: bool = False  # the rest is in the menu behind it
    # The name of a page that takes the selection instead of the dialog.
    page: str = ""
    role: str = Role.MEMBER
    # Whether API keys may do it though members may not, since their scope decides.
    keys_allowed: bool = False
    is_destructive: bool = False
    # How long it can be undone; None where it can't, and `revert` isn't asked for.
    undoable: datetime.timedelta | None = None
    # The names of its values in the API's body.
    values: tuple[str, ...] = ()

    def read(self, *, workspace_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values as they are kept (JSON). Raises InvalidInput naming the field."""
        return {}

    def title(self, params: Mapping[str, Any]) -> str:
        """What is done, in words for people: 'Set status to Won'."""
        return self.label

    def form(self, workspace_id: UUID, data: Any = None) -> forms.Form | None:
        """The form that asks for the values, its fields named as `values`; None without any."""
        return None

    def apply(self, batch: Batch) -> Outcome:
        """Do it, set by set, in the batch's transaction; leads that need no change are left."""
        raise TypeError(f"{type(self).__name__} doesn't say what to do")

    def revert(self, batch: Batch) -> int:
        """Take it back for those of the batch that weren't changed since; how many.

        `batch.ids` may have leads that are deleted or gone.
        """
        raise TypeError(f"{type(self).__name__} can't be undone")

    def start(
        self,
        *,
        workspace_id: UUID,
        actor: Actor,
        params: Mapping[str, Any],
        ids: Sequence[UUID],
        filter: Group | None,
        key: str,
    ) -> Job | None:
        """Start a job of its own instead of being applied batch by batch; None: it has none.

        `ids` are as they were asked for. Raises NoneFound where none of them is a living lead.
        """
        return None


_actions: dict[str, BulkAction] = {}


def register_action(action: BulkAction) -> None:
    """Offer `action` in the lead list and in the API."""
    _actions[action.name] = action


def find_action(name: object) -> BulkAction | None:
    """The action of that name, if there is one."""
    return _actions.get(name) if isinstance(name, str) else None


def all_actions() -> list[BulkAction]:
    """Every action, in the order of the bar."""
    return sorted(_actions.values(), key=lambda action: (action.order, action.label))
