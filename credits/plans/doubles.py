"""A workspace has one subscription. A second one ends at once, and its money goes back (C-13).

Two checkout pages that are both paid make two. Which one stays is decided by what Stripe says, the
same way by whoever asks: the one that began first.
"""

from contextlib import suppress

from credits.stripe.providers import StripeRefused, calling, stripe_client

from .providers import DOUBLE_OF, PAGE, SubscriptionFacts, living_subscriptions, read_subscription

REFUNDED_BEFORE = {"charge_already_refunded", "charge_disputed"}


def without_double(facts: SubscriptionFacts) -> SubscriptionFacts:
    """End all living subscriptions of the customer of `facts` but the first, and refund them.

    Returns `facts`, as they are afterwards where they changed by it. It may be done again, also
    after it broke off anywhere: a subscription is marked first, then refunded, and lives until
    that is done. Its events bring what became of it into our books. Outside every transaction;
    raises `StripeUnavailable`, `StripeRefused`.
    """
    if not facts.is_living:
        return facts
    # A marked one has lost already, should staff have moved its start since.
    living = sorted(
        living_subscriptions(facts.customer_id),
        key=lambda one: (bool(one.double_of), one.started_at, one.stripe_id),
    )
    for later in living[1:]:
        _end(later.stripe_id, first=living[0].stripe_id)
    ended = any(later.stripe_id == facts.stripe_id for later in living[1:])
    return read_subscription(facts.stripe_id) if ended else facts


def _end(stripe_id: str, *, first: str) -> None:
    subscriptions = stripe_client().v1.subscriptions
    with calling("mark the second subscription"):
        subscriptions.update(
            stripe_id,
            {"metadata": {DOUBLE_OF: first}},
            {"idempotency_key": f"double:{stripe_id}:mark"},
        )
    for intent in _first_payments(stripe_id):
        _refund(intent, key=f"double:{stripe_id}:refund")
    # Another worker may have ended it in between.
    with suppress(StripeRefused), calling("end the second subscription"):
        subscriptions.cancel(
            stripe_id,
            {"prorate": False, "invoice_now": False},
            {"idempotency_key": f"double:{stripe_id}:end"},
        )


def _first_payments(stripe_id: str) -> list[str]:
    """The payment intents that its first invoice was paid with; none for a trial."""
    client = stripe_client().v1
    with calling("read what was paid for the second subscription"):
        invoices = client.invoices.list(
            {"subscription": stripe_id, "status": "paid", "limit": PAGE}
        ).data
        if not invoices:
            return []
        paid = client.invoice_payments.list({"invoice": invoices[-1].id, "status": "paid"}).data
    intents = [one.payment.payment_intent for one in paid]
    return [one if isinstance(one, str) else one.id for one in intents if one]


def _refund(intent: str, *, key: str) -> None:
    try:
        with calling("refund the second subscription"):
            stripe_client().v1.refunds.create(
                {"payment_intent": intent, "reason": "duplicate"},
                {"idempotency_key": f"{key}:{intent}"},
            )
    except StripeRefused as refusal:
        if refusal.stripe_code not in REFUNDED_BEFORE:
            raise
