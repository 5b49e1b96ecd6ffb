"""What partners are told by mail about their money. `credits.receipts` sends it once."""

from django.urls import reverse

from credits.receipts.operations import queue_mail
from credits.stripe.providers import test_payments
from cursive.lib.ui.formatting import format_cents
from partners.program.models import Partner

from .models import Payout


def mail_paid(payout: Payout) -> None:
    """That a payout was paid, and how, to the owners."""
    companies = Partner.objects.filter(workspace_id=payout.workspace_id)
    by_stripe = payout.method == Payout.Method.STRIPE
    how = "to your account at Stripe" if by_stripe else f"reference {payout.reference}"
    queue_mail(
        workspace_id=payout.workspace_id,
        kind="partner_paid",
        key=f"partner-paid:{payout.id}",
        subject=f"{format_cents(payout.cents)} for sold leads are paid",
        context={
            "company": companies.values_list("company", flat=True).first() or "you",
            "cents": payout.cents,
            "number": payout.number,
            "how": how,
            "test": by_stripe and test_payments(),
            "path": reverse("partners:payouts"),
        },
    )
