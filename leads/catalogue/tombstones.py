"""Who of the catalogue's people is gone, and who was merged, kept in each process for seconds."""

import threading
import time
from collections.abc import Iterable

from django.db.models import BigIntegerField, Value
from pyroaring import BitMap

from cursive.lib import tenancy

from .aliases import Aliases
from .models import CatalogueMerge, CatalogueTombstone

SECONDS = 5.0
_LOCK = "leads.catalogue.people"


class _Kept:
    lock = threading.Lock()
    until = 0.0
    ids = BitMap()
    aliases = Aliases()


def current_tombstones() -> BitMap:
    """Return the ids of people who left for good. Read-only; at most 5 seconds old.

    A process that has just written a tombstone sees it at once. Those hidden by a merge aren't
    among them: a load keeps their records.
    """
    _refresh()
    return _Kept.ids


def current_aliases() -> Aliases:
    """Return who was merged with whom; as old as the tombstones, and read together with them."""
    _refresh()
    return _Kept.aliases


def _refresh() -> None:
    if time.monotonic() < _Kept.until:
        return
    with _Kept.lock:
        if time.monotonic() < _Kept.until:
            return
        nobody = Value(None, output_field=BigIntegerField())
        gone = CatalogueTombstone.objects.values_list("catalogue_id", nobody)
        merged = CatalogueMerge.objects.in_force().values_list("hidden_id", "kept_id")
        ids, pairs = BitMap(), []
        for one, kept in gone.union(merged, all=True):
            if kept is None:
                ids.add(one)
            else:
                pairs.append((one, kept))
        aliases = Aliases(pairs)
        if aliases != _Kept.aliases:  # what was worked out from the same ones stays
            _Kept.aliases = aliases
        _Kept.ids = ids
        _Kept.until = time.monotonic() + SECONDS


def forget_kept() -> None:
    """Read the lists again when they are next asked for."""
    _Kept.until = 0.0


def lock_people() -> Aliases:
    """Wait until nobody else buries or merges people; lasts to the commit.

    Returns who is merged with whom now.
    """
    with tenancy.connection().cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
    return aliases_now()


def aliases_now() -> Aliases:
    """Who is merged with whom, read anew: for who decides or shows what staff have decided."""
    return Aliases(CatalogueMerge.objects.in_force().values_list("hidden_id", "kept_id"))


def unbury(ids: Iterable[int], *, reason: CatalogueTombstone.Reason) -> int:
    """Let people be found again who were taken out for this reason and no other, with the records
    that were merged with theirs; return how many records.

    Who has left the lead database since comes back with the next file that has them.
    """
    with tenancy.atomic():
        wanted = lock_people().with_same(BitMap(ids))
        gone = CatalogueTombstone.objects.filter(catalogue_id__in=wanted, reason=reason)
        count, _ = gone.delete()
        tenancy.on_commit(forget_kept)
    return count


def bury(ids: Iterable[int], *, reason: CatalogueTombstone.Reason) -> int:
    """Take people out of the catalogue, with the records that were merged with theirs; return how
    many records were in until now.

    Part of the caller's transaction; other processes follow within 5 seconds of its commit.
    """
    with tenancy.atomic():
        wanted = lock_people().with_same(BitMap(ids))
        rows = CatalogueTombstone.objects.all()
        known = BitMap(rows.filter(catalogue_id__in=wanted).values_list("catalogue_id", flat=True))
        fresh = wanted - known
        rows.bulk_create(
            [CatalogueTombstone(catalogue_id=each, reason=reason) for each in fresh],
            ignore_conflicts=True,
            batch_size=5_000,
        )
        tenancy.on_commit(forget_kept)
    return len(fresh)
