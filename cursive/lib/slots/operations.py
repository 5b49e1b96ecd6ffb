"""Taking slots."""

from datetime import timedelta

from django.utils import timezone

from .models import Slot

KEPT = timedelta(days=7)


def take_slot(name: str, slot: str) -> bool:
    """Whether the caller is the one to do `name` for `slot`.

    Call it in the transaction that does the work: if that fails, the slot is free again.
    """
    _, inserted = _insert(name, slot)
    if inserted:
        Slot.objects.filter(name=name, taken_at__lt=timezone.now() - KEPT).delete()
    return inserted


def _insert(name: str, slot: str) -> tuple[Slot, bool]:
    return Slot.objects.get_or_create(name=name, slot=slot)
