"""Reading what calls past the limit cost."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from credits.metering.queries import calls_in_period
from credits.plans.queries import Terms, current_terms

from .models import OverageCharge, OverageChargeQuerySet


@dataclass(frozen=True, slots=True)
class Running:
    """The period that runs now: its plan, its calls, and what those past the limit cost so far."""

    terms: Terms
    calls: int

    @property
    def over(self) -> int:
        """Calls past the limit that are charged."""
        if self.terms.calls is None or self.terms.call_price_usd is None:
            return 0
        return max(0, self.calls - self.terms.calls)

    @property
    def usd(self) -> Decimal:
        """What they cost."""
        return self.over * (self.terms.call_price_usd or Decimal(0))


def running_period(workspace_id: UUID) -> Running:
    """How the workspace's period stands at this moment."""
    terms = current_terms(workspace_id)
    return Running(terms, calls_in_period(workspace_id, terms.period_start))


def closed_charges(workspace_id: UUID) -> OverageChargeQuerySet:
    """The charges of periods that are over, newest first; those without calls past it are none."""
    charges: OverageChargeQuerySet = OverageCharge.objects.filter(workspace_id=workspace_id)
    known = charges.exclude(state__in=[OverageCharge.State.RUNNING, OverageCharge.State.NOTHING])
    return known.select_related("period__plan").order_by("-period__start", "-id")
