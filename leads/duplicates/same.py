"""People of the lead database of whom staff have said that they are the same (L-14)."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from leads.catalogue.aliases import Aliases
from leads.catalogue.local import local_source
from leads.catalogue.models import CatalogueMerge, CatalogueTombstone
from leads.catalogue.tombstones import forget_kept, lock_people
from leads.records.person import FIELD_NAMES, Person

from .models import UNDO_KEPT, PeopleApart


def merge_people(*, hidden: int, kept: int, actor: Actor) -> CatalogueMerge:
    """Hide one person of the lead database as the same as another, who is kept.

    Said twice, it is one merge. Whoever is kept may be merged into a third; a circle can't be
    made. Raises `InvalidInput` where they are one id, `NotFound` where one of them isn't in the
    lead database, and `Conflict` where they are merged otherwise, or told apart.
    """
    if hidden == kept:
        raise InvalidInput("Two people are needed.", fields={"hidden": "Another than the kept."})
    with tenancy.system_context(), tenancy.atomic():
        aliases = lock_people()
        _both_there(hidden, kept)
        known = CatalogueMerge.objects.in_force().filter(hidden_id=hidden).first()
        if known is not None and known.kept_id == kept:
            return known
        _refuse_otherwise(hidden, kept, known, aliases)
        merge = CatalogueMerge.objects.create(
            hidden_id=hidden, kept_id=kept, merged_by=actor.label[:200]
        )
        _note("merge", merge, actor)
        tenancy.on_commit(forget_kept)
    return merge


def undo_people_merge(*, merge_id: int, actor: Actor) -> CatalogueMerge:
    """Bring the hidden person back; who owns whom is again as it was without the merge.

    Raises `NotFound`, and `Conflict` where it was undone, is older than 30 days, or where the
    hidden person has left the lead database for good.
    """
    with tenancy.system_context(), tenancy.atomic():
        lock_people()
        merge = CatalogueMerge.objects.filter(id=merge_id).first()
        if merge is None:
            raise NotFound("There is no such merge.")
        if merge.undone_at is not None:
            raise Conflict("This merge was undone already.")
        if not can_undo(merge):
            raise Conflict(f"A merge can be undone for {UNDO_KEPT.days} days. This one is older.")
        if CatalogueTombstone.objects.filter(catalogue_id=merge.hidden_id).exists():
            raise Conflict("The hidden person has left the lead database since: nobody comes back.")
        merge.undone_at, merge.undone_by = timezone.now(), actor.label[:200]
        merge.save(update_fields=["undone_at", "undone_by"])
        _note("undo", merge, actor)
        tenancy.on_commit(forget_kept)
    return merge


def can_undo(merge: CatalogueMerge) -> bool:
    """Whether it is in force and fresh enough."""
    return merge.undone_at is None and merge.merged_at + UNDO_KEPT > timezone.now()


def better_of(first: Person, second: Person) -> int:
    """Which of two records to keep, 0 or 1: verified over unverified, newer over older, filled
    over empty, in this order; the first where they are equal.

    On leads this is asked field by field; here one whole record stays as it is.
    """

    def rank(person: Person) -> tuple[Any, ...]:
        verified = bool(person.email_verified) + bool(person.phone_verified)
        day = person.source_date.toordinal() if person.source_date else 0
        return verified, day, sum(bool(getattr(person, name)) for name in FIELD_NAMES)

    return int(rank(second) > rank(first))


def _both_there(hidden: int, kept: int) -> None:
    pair = (hidden, kept)
    gone = CatalogueTombstone.objects.filter(catalogue_id__in=pair).exists()
    if gone or len(local_source().own_records(pair)) < 2:
        raise NotFound("One of the two is not in the lead database any more. Nothing was merged.")


def _refuse_otherwise(
    hidden: int, kept: int, known: CatalogueMerge | None, aliases: Aliases
) -> None:
    if known is not None:
        raise Conflict(
            f"Person {hidden} is merged into person {known.kept_id} already. Undo that first."
        )
    if aliases.kept_for(kept) == hidden:
        raise Conflict(
            f"Person {kept} is merged into person {hidden} already. Undo that first to keep the"
            " other one."
        )
    one, other = aliases.all_of(hidden), aliases.all_of(kept)
    apart = PeopleApart.objects.filter(
        Q(first__in=one, second__in=other) | Q(first__in=other, second__in=one)
    ).first()
    if apart is not None:
        raise Conflict(
            f"Persons {apart.first} and {apart.second} were told apart. Take that back first."
        )


def _note(action: str, merge: CatalogueMerge, actor: Actor) -> None:
    record(
        action=action,
        resource="catalogue_merge",
        resource_id=merge.id,
        actor=actor,
        new={"hidden": merge.hidden_id, "kept": merge.kept_id},
    )
