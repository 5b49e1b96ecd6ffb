"""Credits of a plan's month that go back because their money did (C-12)."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from credits.ledger.queries import granted_for
from credits.purchases.models import Reversal
from credits.purchases.providers import Refund
from credits.purchases.refunds import reverse_credits, reversed_of
from credits.purchases.registry import PaidCredits
from cursive.lib import tenancy
from cursive.lib.money import round_credits

from .models import Invoice, Period
from .operations import STRIPE
from .providers import InvoiceFacts, read_invoice_of_payment


def take_back_refunds(
    *, workspace_id: UUID, facts: InvoiceFacts, refunds: Sequence[Refund]
) -> None:
    """Take back the share of the granted credits that was refunded, as far as the balance reaches.

    The rest is owed, for staff to see. Each refund counts once, however often it is told.
    """
    with tenancy.atomic():
        _lock(workspace_id, facts.stripe_id)
        granted = _granted(workspace_id, facts.stripe_id)
        gone = 0
        for refund in refunds:
            before, gone = gone, min(gone + refund.cents, facts.cents)
            credits = _share(granted, gone, facts.cents) - _share(granted, before, facts.cents)
            left = granted - reversed_of(workspace_id, facts.stripe_id)
            reverse_credits(
                workspace_id=workspace_id,
                cause=Reversal.Cause.REFUND,
                stripe_id=refund.id,
                cents=refund.cents,
                credits=max(Decimal(0), min(credits, left)),
                actor=STRIPE,
                paid_for=facts.stripe_id,
                note=f"{facts.description}, invoice {facts.number}",
            )


class PlanCredits(PaidCredits):
    """The credits of a plan's month, should its payment be disputed and lost (C-12)."""

    def find(self, payment_intent: str) -> str:
        """The invoice that was paid, where it has periods of a plan."""
        facts = read_invoice_of_payment(payment_intent)
        return facts.stripe_id if facts is not None and facts.lines else ""

    def left(self, *, workspace_id: UUID, paid_for: str, cents: int) -> Decimal:
        """The share of the granted credits, less what refunds took."""
        invoice = _lock(workspace_id, paid_for)
        if invoice is None:
            return Decimal("0.00")
        granted = _granted(workspace_id, paid_for)
        share = _share(granted, min(cents, invoice.cents), invoice.cents)
        return max(Decimal("0.00"), min(share, granted - reversed_of(workspace_id, paid_for)))


def _lock(workspace_id: UUID, invoice_id: str) -> Invoice | None:
    """Let one transaction at a time take credits of an invoice back."""
    invoices = Invoice.objects.filter(workspace_id=workspace_id, stripe_id=invoice_id)
    if tenancy.connection().in_atomic_block:
        invoices = invoices.select_for_update(of=("self",))
    found: Invoice | None = invoices.first()
    return found


def _granted(workspace_id: UUID, invoice_id: str) -> Decimal:
    """The credits that the invoice's periods were granted, less what an upgrade took back."""
    periods = Period.objects.filter(workspace_id=workspace_id, invoice_id=invoice_id)
    ids = periods.values_list("id", flat=True)
    return granted_for(workspace_id, action="subscription", kind="period", ids=ids)


def _share(credits: Decimal, cents: int, of: int) -> Decimal:
    return round_credits(credits * cents / of) if of else Decimal(0)
