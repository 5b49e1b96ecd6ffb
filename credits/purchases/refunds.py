"""Credits that go back because their money did, and what is owed where they were spent (C-12)."""

from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from credits.ledger.operations import take_back
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, NotFound
from cursive.lib.money import round_credits

from .mails import mail_refund
from .models import MAX_TEXT, CreditPurchase, Reversal
from .providers import Payment
from .reloads import stop_reload

STRIPE = Actor.system("Stripe")


def take_refunds(purchase: CreditPurchase, payment: Payment) -> None:
    """Take back the credits of every refund that wasn't seen yet. The purchase is locked.

    Auto-reload doesn't charge a card again whose money was given back.
    """
    made = Reversal.objects.filter(workspace_id=purchase.workspace_id, purchase_id=purchase.id)
    known = set(made.values_list("stripe_id", flat=True))
    for refund in payment.refunds:
        if refund.id in known:
            continue
        stop_reload(
            workspace_id=purchase.workspace_id,
            payment=payment,
            purchase=purchase,
            what="refunded",
            cause_id=refund.id,
        )
        before, after = purchase.refunded_cents, purchase.refunded_cents + refund.cents
        purchase.refunded_cents = min(after, purchase.cents)
        share = _worth(purchase, purchase.refunded_cents) - _worth(purchase, before)
        reversal = reverse_credits(
            workspace_id=purchase.workspace_id,
            cause=Reversal.Cause.REFUND,
            stripe_id=refund.id,
            cents=refund.cents,
            credits=min(share, purchase.credits - _reversed(purchase)),
            purchase=purchase,
            actor=STRIPE,
        )
        mail_refund(purchase, refund_id=refund.id, cents=refund.cents, taken=reversal.taken)
    whole = purchase.refunded_cents >= purchase.cents
    purchase.state = CreditPurchase.State.REFUNDED if whole else CreditPurchase.State.PAID
    purchase.save(update_fields=["refunded_cents", "state"])


def reverse_credits(
    *,
    workspace_id: UUID,
    cause: str,
    stripe_id: str,
    cents: int,
    credits: Decimal,
    actor: Actor,
    purchase: CreditPurchase | None = None,
    paid_for: str = "",
    note: str = "",
) -> Reversal:
    """Take `credits` back as far as the balance reaches; the rest is owed, for staff to see.

    `stripe_id` (of a refund or a dispute) makes it happen once; the first result is returned.
    Also for payments that aren't purchases, such as a plan's month: `paid_for` names those.
    """
    with tenancy.atomic():
        first = Reversal.objects.filter(workspace_id=workspace_id, stripe_id=stripe_id).first()
        if first is not None:
            return first
        reversal = Reversal(
            workspace_id=workspace_id,
            purchase_id=purchase.id if purchase else None,
            cause=cause,
            paid_for=paid_for,
            stripe_id=stripe_id,
            cents=cents,
            credits=credits,
            note=note[:MAX_TEXT],
        )
        if credits > 0:
            reversal.taken = _take(reversal, credits, f"stripe:{stripe_id}", actor)
        is_clear = reversal.taken == credits
        reversal.state = Reversal.State.CLEAR if is_clear else Reversal.State.OWED
        reversal.save(force_insert=True)
    return reversal


def credits_of_purchase(purchase: CreditPurchase, cents: int) -> Decimal:
    """How many of a purchase's credits `cents` stand for and haven't gone back yet."""
    if not purchase.was_paid:
        return Decimal("0.00")
    left = min(_worth(purchase, cents), purchase.credits - _reversed(purchase))
    return max(Decimal("0.00"), left)


def reversed_of(workspace_id: UUID, paid_for: str) -> Decimal:
    """How many credits of a payment that is no purchase have gone back, or were to, so far."""
    gone = Reversal.objects.filter(workspace_id=workspace_id, paid_for=paid_for)
    return gone.aggregate(total=Sum("credits"))["total"] or Decimal("0.00")


def collect_owed(*, workspace_id: UUID, reversal_id: UUID, actor: Actor, reason: str) -> Reversal:
    """Take what is owed from the balance of now, as far as it reaches; for staff (C-12).

    Raises `NotFound`, and `Conflict` where nothing is owed or the balance is empty.
    """
    with tenancy.atomic():
        reversal = _owed(workspace_id, reversal_id)
        owed = reversal.owed
        reversal.collections += 1
        key = f"stripe:{reversal.stripe_id}:{reversal.collections}"
        taken = _take(reversal, owed, key, actor)
        if not taken:
            raise Conflict("The balance is empty: nothing could be taken.")
        reversal.taken += taken
        if reversal.taken == reversal.credits:
            reversal.state = Reversal.State.CLEAR
        _decide(reversal, actor, "collect", reason, {"taken": taken, "owed": reversal.owed})
    return reversal


def waive_owed(*, workspace_id: UUID, reversal_id: UUID, actor: Actor, reason: str) -> Reversal:
    """Let go what is owed; for staff. Raises `NotFound`, `Conflict` where nothing is owed."""
    with tenancy.atomic():
        reversal = _owed(workspace_id, reversal_id)
        owed = reversal.owed
        reversal.state = Reversal.State.WAIVED
        _decide(reversal, actor, "waive", reason, {"waived": owed})
    return reversal


def _owed(workspace_id: UUID, reversal_id: UUID) -> Reversal:
    reversal: Reversal | None = (
        Reversal.objects.select_for_update(of=("self",))
        .filter(workspace_id=workspace_id, id=reversal_id)
        .first()
    )
    if reversal is None:
        raise NotFound("There is no such debt.")
    if reversal.state != Reversal.State.OWED:
        raise Conflict("Nothing is owed here any more.")
    return reversal


def _decide(
    reversal: Reversal, actor: Actor, action: str, reason: str, new: dict[str, object]
) -> None:
    reversal.note = reason[:MAX_TEXT]
    reversal.decided_by, reversal.decided_at = actor.label[:200], timezone.now()
    reversal.save()
    record(
        action=action,
        resource="credits_owed",
        resource_id=reversal.id,
        actor=actor,
        workspace_id=reversal.workspace_id,
        new={"reason": reason, **new},
        severity="warning",
    )


def _take(reversal: Reversal, credits: Decimal, key: str, actor: Actor) -> Decimal:
    entry = take_back(
        workspace_id=reversal.workspace_id,
        up_to=credits,
        reference=("purchase", reversal.purchase_id)
        if reversal.purchase_id
        else ("stripe", reversal.stripe_id[:64]),
        key=key,
        actor=actor,
        metadata={"cause": reversal.cause, "staff": actor.kind == "user"},
    )
    return -entry.amount if entry is not None else Decimal("0.00")


def _worth(purchase: CreditPurchase, cents: int) -> Decimal:
    """The credits that so many cents of its price stand for."""
    return round_credits(Decimal(purchase.credits) * min(cents, purchase.cents) / purchase.cents)


def _reversed(purchase: CreditPurchase) -> Decimal:
    """How many of its credits have gone back, or were to, so far."""
    total = Reversal.objects.filter(
        workspace_id=purchase.workspace_id, purchase_id=purchase.id
    ).aggregate(total=Sum("credits"))["total"]
    return total or Decimal("0.00")
