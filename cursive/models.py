"""The ground floor's tables."""

from cursive.lib.jobs.models import Job
from cursive.lib.outbox.models import Event
from cursive.lib.slots.models import Slot

__all__ = ["Event", "Job", "Slot"]
