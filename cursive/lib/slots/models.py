"""Slots that were taken."""

from django.db import models
from django.utils import timezone


class Slot(models.Model):
    """One run of one periodic task: `slot` is the period's name, such as 2026-11-21."""

    name = models.CharField(max_length=80)
    slot = models.CharField(max_length=40)
    taken_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "slot"], name="slot_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.slot}"
