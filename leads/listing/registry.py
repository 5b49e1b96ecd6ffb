"""What brings leads beside jobs, such as orders. Rooms above register theirs in ready()."""

from collections.abc import Callable, Collection
from uuid import UUID

# Called with a workspace and ids (None: the newest, so many as are asked for); id to title.
Bringer = Callable[[UUID, Collection[str] | None, int], dict[str, str]]

_bringers: list[Bringer] = []


def register_bringer(bringer: Bringer) -> None:
    """Let leads be asked for by what `bringer` knows: the `job_id` of a lead is its id there."""
    if bringer not in _bringers:
        _bringers.append(bringer)


def others_that_brought(
    workspace_id: UUID, ids: Collection[str] | None, most: int
) -> dict[str, str]:
    """What else than jobs has brought leads: the newest, or those of `ids`; id to title."""
    found: dict[str, str] = {}
    for bringer in _bringers:
        found |= bringer(workspace_id, ids, most)
    return found
