"""Counting calls past the limit, and invoicing each closed period once (C-20).

A period runs, closes, and is invoiced when it has: never before, so no number has to be mended at
Stripe, and nothing is charged twice (ADR 0012). All of it may run twice, or twice at once.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from credits.metering.queries import calls_in_period
from credits.plans.models import Period
from credits.prices.models import Plan
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, NotFound
from cursive.lib.tenancy import system_context

from .models import SETTLING, OverageCharge
from .providers import Bill, add_item, draft_invoice, send_invoice

log = logging.getLogger(__name__)

BILLING = Actor.system("overage")
LEASE = timedelta(minutes=5)


def count_overage(now: datetime | None = None) -> int:
    """Write down the calls of every period that isn't settled, in all workspaces; how many.

    One that fails is logged, and the others go on.
    """
    now = now or timezone.now()
    counted = 0
    for workspace_id, period_id in _open_periods():
        try:
            with system_context(), tenancy.atomic():
                _count(workspace_id, period_id, now)
            counted += 1
        except Exception:
            log.exception("overage_not_counted", extra={"period": str(period_id)})
    return counted


def bill_overage() -> tuple[int, int]:
    """Invoice what is due, in all workspaces: (how many were, how many failed).

    A failure is kept with its error for staff, logged, and tried again the next time.
    """
    with system_context():
        due = list(OverageCharge.objects.due().order_by("id").values_list("id", flat=True))
    billed = failed = 0
    for charge_id in due:
        outcome = bill_charge(charge_id)
        billed += outcome is True
        failed += outcome is False
    return billed, failed


def bill_charge(charge_id: UUID) -> bool | None:
    """Invoice one charge: True where it is, False where it failed, None where it isn't due or
    another process is at it.
    """
    charge = _claim(charge_id)
    if charge is None:
        return None
    try:
        _bill(charge)
    except Exception as error:
        log.exception("overage_not_billed", extra=_named(charge))
        _change(
            charge,
            state=OverageCharge.State.FAILED,
            error=f"{type(error).__name__}: {error}"[:500].replace("\0", ""),
            lease_until=None,
        )
        return False
    return True


def retry_charge(*, charge_id: UUID, actor: Actor) -> bool | None:
    """Invoice a failed charge now, for staff. Raises `NotFound`, `Conflict` where none failed."""
    with system_context(), tenancy.atomic():
        charge = OverageCharge.objects.filter(id=charge_id).first()
        if charge is None:
            raise NotFound("There is no such charge.")
        if charge.state != OverageCharge.State.FAILED:
            raise Conflict(f"This charge is {charge.get_state_display().lower()}.")
        record(
            action="retry",
            resource="overage",
            resource_id=charge.id,
            actor=actor,
            workspace_id=charge.workspace_id,
            old={"error": charge.error, "attempts": charge.attempts},
            severity="warning",
        )
    return bill_charge(charge_id)


# ---- Counting ---------------------------------------------------------------------------------


def _open_periods() -> list[tuple[UUID, UUID]]:
    """(workspace, period) of those whose calls may still change, or are to be settled."""
    still_open = Q(charges__isnull=True) | Q(charges__state=OverageCharge.State.RUNNING)
    with system_context():
        return list(Period.objects.filter(still_open).values_list("workspace_id", "id"))


def _count(workspace_id: UUID, period_id: UUID, now: datetime) -> None:
    periods = Period.objects.filter(workspace_id=workspace_id, id=period_id)
    period = periods.select_related("plan").get()
    charges = OverageCharge.objects.filter(workspace_id=workspace_id)
    charges.get_or_create(
        period=period, defaults={"workspace_id": workspace_id, "calls": 0, "included": None}
    )
    charge = charges.select_for_update().get(period=period)
    if charge.state != OverageCharge.State.RUNNING:
        return  # settled meanwhile: its numbers are final
    charge.calls = calls_in_period(workspace_id, period.start)
    charge.included = period.plan.calls
    charged = period.plan.past_limit == Plan.PastLimit.CHARGED
    charge.call_price_usd = period.plan.call_price_usd if charged else None
    charge.counted_at = now
    if period.end + SETTLING <= now:
        due = charge.over > 0 and bool(charge.call_price_usd)
        charge.state = OverageCharge.State.DUE if due else OverageCharge.State.NOTHING
    charge.save()


# ---- Invoicing --------------------------------------------------------------------------------


def _claim(charge_id: UUID) -> OverageCharge | None:
    """The charge, ours for LEASE; None where it isn't due or another process has it."""
    with system_context(), tenancy.atomic():
        due = OverageCharge.objects.due().filter(id=charge_id)
        if due.select_for_update(skip_locked=True).first() is None:
            return None
        charge = OverageCharge.objects.select_related("period__subscription").get(id=charge_id)
        _change(
            charge,
            lease_until=Now() + LEASE,
            attempts=charge.attempts + 1,
            first_tried_at=charge.first_tried_at or timezone.now(),
        )
    return charge


def _bill(charge: OverageCharge) -> None:
    """All steps at Stripe that aren't done yet; what each made is kept before the next."""
    bill = _bill_of(charge)
    if not charge.invoice_id:
        charge.invoice_id = draft_invoice(bill)
        _change(charge, invoice_id=charge.invoice_id)
    if not charge.item_id:
        charge.item_id = add_item(bill, charge.invoice_id)
        _change(charge, item_id=charge.item_id)
    send_invoice(bill, charge.invoice_id)
    with system_context(), tenancy.atomic():
        changed = OverageCharge.objects.filter(
            id=charge.id, state__in=OverageCharge.UNBILLED
        ).update(state=OverageCharge.State.BILLED, billed_at=Now(), error="", lease_until=None)
        if changed:
            record(
                action="invoice",
                resource="overage",
                resource_id=charge.id,
                actor=BILLING,
                workspace_id=charge.workspace_id,
                new={"calls": charge.over, "cents": charge.cents, "invoice": charge.invoice_id},
            )


def _bill_of(charge: OverageCharge) -> Bill:
    period = charge.period
    assert charge.call_price_usd is not None  # it is due, so its calls have a price
    return Bill(
        key=f"overage:{period.subscription.stripe_id}:{int(period.start.timestamp())}",
        workspace_id=charge.workspace_id,
        customer_id=period.subscription.customer_id,
        subscription_id=period.subscription.stripe_id,
        calls=charge.over,
        call_price_usd=charge.call_price_usd,
        start=period.start,
        end=period.end,
        description=f"API calls past the limit, {period.start:%Y-%m-%d} to {period.end:%Y-%m-%d}",
        since=charge.first_tried_at,
    )


def _change(charge: OverageCharge, **values: Any) -> None:
    with system_context():
        OverageCharge.objects.filter(id=charge.id).update(**values)


def _named(charge: OverageCharge) -> dict[str, str]:
    return {
        "charge": str(charge.id),
        "workspace": str(charge.workspace_id),
        "period": str(charge.period_id),
    }
