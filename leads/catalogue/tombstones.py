"""The list of tombstones as a bitmap, kept in each process for a few seconds."""

import threading
import time
from collections.abc import Iterable

from pyroaring import BitMap

from cursive.lib import tenancy

from .models import CatalogueTombstone

SECONDS = 5.0


class _Kept:
    lock = threading.Lock()
    until = 0.0
    ids = BitMap()


def current_tombstones() -> BitMap:
    """Return the ids of people who must not be found. Read-only; at most 5 seconds old.

    A process that has just written a tombstone sees it at once.
    """
    if time.monotonic() < _Kept.until:
        return _Kept.ids
    with _Kept.lock:
        if time.monotonic() >= _Kept.until:
            _Kept.ids = BitMap(CatalogueTombstone.objects.values_list("catalogue_id", flat=True))
            _Kept.until = time.monotonic() + SECONDS
    return _Kept.ids


def forget_kept() -> None:
    """Read the list again when it is next asked for."""
    _Kept.until = 0.0


def bury(ids: Iterable[int], *, reason: CatalogueTombstone.Reason) -> int:
    """Take people out of the catalogue; return how many were in until now.

    Part of the caller's transaction; other processes follow within 5 seconds of its commit.
    """
    wanted = BitMap(ids)
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
