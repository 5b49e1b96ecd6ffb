"""People of the lead database of whom staff have said that they are not the same (L-14)."""

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput
from leads.catalogue.tombstones import lock_people

from .models import PeopleApart


def told_apart() -> set[tuple[int, int]]:
    """All such pairs of catalogue ids, the smaller id first. They are made by hand, so few."""
    return set(PeopleApart.objects.values_list("first", "second"))


def tell_apart(*, first: int, second: int, actor: Actor) -> None:
    """Remember that two people are not the same: no look shows the pair again.

    Raises `InvalidInput` where they are one id, `Conflict` where they are merged. Said twice, it
    is remembered once.
    """
    low, high = _in_order(first, second)
    with tenancy.system_context(), tenancy.atomic():
        aliases = lock_people()
        if aliases.kept_for(low) == aliases.kept_for(high):
            raise Conflict("These two are merged. Undo that first.")
        _, is_new = PeopleApart.objects.get_or_create(
            first=low, second=high, defaults={"decided_by": actor.label}
        )
        if is_new:
            _note("dismiss", low, high, actor)


def take_back(*, first: int, second: int, actor: Actor) -> None:
    """They may be the same after all: looks show the pair again."""
    low, high = _in_order(first, second)
    with tenancy.system_context(), tenancy.atomic():
        gone, _ = PeopleApart.objects.filter(first=low, second=high).delete()
        if gone:
            _note("reopen", low, high, actor)


def _in_order(first: int, second: int) -> tuple[int, int]:
    if first == second:
        raise InvalidInput("Two people are needed.", fields={"second": "Another than the first."})
    return min(first, second), max(first, second)


def _note(action: str, low: int, high: int, actor: Actor) -> None:
    record(
        action=action,
        resource="catalogue_pair",
        resource_id=f"{low}-{high}",
        actor=actor,
        new={"people": [low, high]},
    )
