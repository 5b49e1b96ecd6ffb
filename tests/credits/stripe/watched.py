"""A handler to watch, of a type of event that nobody else handles."""

from collections.abc import Callable, Mapping
from typing import Any

from credits.ledger.operations import grant
from credits.stripe.queries import workspace_of_metadata
from credits.stripe.registry import EventHandler, Prepared
from cursive.lib.actors import Actor
from tests.credits.stripe.paying import happened

KIND = "test.paid"


class Watched(EventHandler):
    """Grants one credit for each object, and does what a test puts in its way."""

    types = (KIND,)

    def __init__(self) -> None:
        self.on_prepare: Callable[[], object] = lambda: None
        self.on_apply: Callable[[], object] = lambda: None
        self.prepared = 0
        self.applied = 0

    def prepare(self, event: Mapping[str, Any]) -> Prepared | None:
        self.prepared += 1
        self.on_prepare()
        thing = event["data"]["object"]
        return None if thing.get("foreign") else Prepared(workspace_of_metadata(thing), thing)

    def apply(self, prepared: Prepared) -> None:
        grant(
            workspace_id=prepared.workspace_id,
            amount=1,
            action="grant",
            reference=("test", prepared.facts["id"]),
            key=f"test:{prepared.facts['id']}",
            actor=Actor.system("test"),
        )
        self.applied += 1
        self.on_apply()


def paid(workspace_id: object, thing: str = "pi_1", event_id: str = "", **more: Any) -> dict:
    """An event of KIND about an object of this workspace."""
    fields = {"id": thing, "metadata": {"workspace_id": str(workspace_id)}, **more}
    return happened(KIND, fields, event_id)
