"""Disputed payments: spending stops at once, and goes on when staff have decided (C-12)."""

from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from accounts.workspaces.models import Workspace
from credits.ledger.operations import set_frozen
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound

from .models import MAX_TEXT, CreditPurchase, Dispute, Reversal
from .providers import DisputeFacts, Payment
from .refunds import STRIPE, credits_of_purchase, reverse_credits
from .registry import credits_left
from .reloads import stop_reload


def note_dispute(
    *,
    workspace_id: UUID,
    facts: DisputeFacts,
    purchase_id: UUID | None,
    payment: Payment | None = None,
    paid_for: str = "",
) -> Dispute:
    """Write a dispute down as it is at Stripe, and freeze the workspace until it is decided.

    `paid_for` is what was paid where it is no purchase (`registry.what_was_paid`). Auto-reload is
    switched off where its charge or its card is disputed.

    One that was decided already stays so, whatever still comes from Stripe about it.
    """
    with tenancy.atomic():
        _lock(workspace_id)
        dispute: Dispute | None = Dispute.objects.filter(
            workspace_id=workspace_id, stripe_id=facts.id
        ).first()
        if dispute is not None:
            dispute.status = facts.status
            dispute.save(update_fields=["status"])
            return dispute
        stop_reload(
            workspace_id=workspace_id,
            payment=payment,
            purchase=_purchase_of(workspace_id, purchase_id),
            what="disputed",
            cause_id=facts.id,
        )
        dispute = Dispute.objects.create(
            workspace_id=workspace_id,
            purchase_id=purchase_id,
            stripe_id=facts.id,
            charge_id=facts.charge_id,
            paid_for=paid_for,
            cents=facts.cents,
            reason=facts.reason[:60],
            status=facts.status,
        )
        set_frozen(
            workspace_id=workspace_id,
            frozen=True,
            actor=STRIPE,
            reason=f"Dispute {facts.id}: {facts.reason}",
        )
        record(
            action="create",
            resource="dispute",
            resource_id=dispute.id,
            actor=STRIPE,
            workspace_id=workspace_id,
            new={"dispute": facts.id, "cents": facts.cents, "reason": facts.reason},
            severity="warning",
        )
    return dispute


def credits_at_stake(dispute: Dispute) -> Decimal:
    """How many credits would be taken back if staff decided so; 0 where there are none."""
    if dispute.purchase_id is None:
        return credits_left(
            workspace_id=dispute.workspace_id, paid_for=dispute.paid_for, cents=dispute.cents
        )
    purchase = _purchase_of(dispute.workspace_id, dispute.purchase_id)
    return credits_of_purchase(purchase, dispute.cents) if purchase else Decimal("0.00")


def decide_dispute(
    *, workspace_id: UUID, dispute_id: UUID, decision: str, reason: str, actor: Actor
) -> Dispute:
    """Let the workspace spend again, keeping the credits or giving them back; for staff.

    Spending stays frozen while another dispute is undecided. Raises `NotFound`, `InvalidInput`,
    and `Conflict` for one that is decided already.
    """
    if decision not in Dispute.Decision.values:
        raise InvalidInput("Choose what follows.", fields={"decision": "Choose what follows."})
    if not reason.strip():
        raise InvalidInput("Give a reason.", fields={"reason": "Give a reason."})
    with tenancy.atomic():
        found = Dispute.objects.filter(workspace_id=workspace_id, id=dispute_id).first()
        if found is None:
            raise NotFound("There is no such dispute.")
        if found.purchase_id:
            # Locked first, as everywhere.
            CreditPurchase.objects.select_for_update(of=("self",)).filter(
                workspace_id=workspace_id, id=found.purchase_id
            ).first()
        _lock(workspace_id)
        undecided = Dispute.objects.filter(workspace_id=workspace_id).undecided()
        open_ones = {one.id: one for one in undecided}
        dispute: Dispute | None = open_ones.pop(dispute_id, None)
        if dispute is None:
            raise Conflict("This dispute is decided already.")
        if decision == Dispute.Decision.TAKE_BACK:
            _take_back(dispute, actor)
        dispute.decision, dispute.note = decision, reason.strip()[:MAX_TEXT]
        dispute.decided_by, dispute.decided_at = actor.label[:200], timezone.now()
        dispute.save()
        record(
            action="decide",
            resource="dispute",
            resource_id=dispute.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"decision": decision, "reason": reason, "still_frozen": bool(open_ones)},
            severity="warning",
        )
        if not open_ones:
            set_frozen(workspace_id=workspace_id, frozen=False, actor=actor, reason=reason.strip())
    return dispute


def _purchase_of(workspace_id: UUID, purchase_id: UUID | None) -> CreditPurchase | None:
    if purchase_id is None:
        return None
    found: CreditPurchase | None = CreditPurchase.objects.filter(
        workspace_id=workspace_id, id=purchase_id
    ).first()
    return found


def _take_back(dispute: Dispute, actor: Actor) -> None:
    """Take back what hasn't gone back yet of the credits that the lost payment bought."""
    credits = credits_at_stake(dispute)
    if not credits:
        raise Conflict("There are no credits of this payment that could be taken back.")
    reverse_credits(
        workspace_id=dispute.workspace_id,
        cause=Reversal.Cause.DISPUTE,
        stripe_id=dispute.stripe_id,
        cents=dispute.cents,
        credits=credits,
        purchase=dispute.purchase,
        paid_for=dispute.paid_for,
        actor=actor,
    )


def _lock(workspace_id: UUID) -> None:
    """Let one transaction at a time write or decide disputes of a workspace.

    So nobody unfreezes it for the last one while another is just being written.
    """
    Workspace.objects.select_for_update(no_key=True).get(id=workspace_id)
