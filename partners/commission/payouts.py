"""Paying partners: planned, then paid by hand or by a Stripe transfer, once each (P-6).

A payout's cents leave `due` when it is planned and are fixed from then on: whoever pays by hand
pays what they saw, and what is refunded meanwhile is settled by the next one. Suspended partners
aren't paid. A transfer is sent by a worker, which looks for it at Stripe before it sends again.
"""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from credits.stripe.providers import StripeRefused
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, DomainError, InvalidInput, NotFound
from cursive.lib.tenancy import atomic, on_commit, system_context
from partners.program.models import Partner

from .mails import mail_paid
from .models import PAYOUT_FROM_CENTS, PartnerAccount, PartnerEntry, Payout, SoldLead
from .providers import OtherTransfer, find_transfer, make_transfer
from .statements import Change, lock_accounts, write_entries

log = logging.getLogger(__name__)

PLANNING = Actor.system("payouts")
SENDING_TASK = "partners.commission.send_transfers"
# A worker that took a transfer has so long; after a try that came to nothing the next is later.
LEASE = timedelta(minutes=5)
LADDER = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 360)]
BATCH = 200
Kind, State = PartnerEntry.Kind, Payout.State


def plan_payouts() -> int:
    """Plan a payout of all that is due to each partner who has enough due; how many.

    One who is suspended, or has an open payout, gets none. Twice, or twice at once, plans once.
    """
    planned, last = 0, None
    while True:
        with system_context(), atomic():
            ready = _ready()
            if last is not None:
                ready = ready.filter(workspace_id__gt=last)
            ids = ready.order_by("workspace_id").values_list("workspace_id", flat=True)
            batch = list(ids[:BATCH])
            if not batch:
                return planned
            planned += _plan(batch)
        last = batch[-1]


def _ready() -> Any:
    """The accounts that a payout can be planned for."""
    selling = Partner.objects.selling().filter(workspace_id=OuterRef("workspace_id"))
    open_ones = Payout.objects.open().filter(workspace_id=OuterRef("workspace_id"))
    return PartnerAccount.objects.filter(
        Exists(selling), ~Exists(open_ones), due_cents__gte=PAYOUT_FROM_CENTS
    )


def _plan(batch: list[UUID]) -> int:
    lock_accounts(batch)
    # Asked again, now that nobody else changes them.
    accounts = _ready().filter(workspace_id__in=batch).order_by("workspace_id")
    payouts = [Payout(workspace_id=one.workspace_id, cents=one.due_cents) for one in accounts]
    Payout.objects.bulk_create(payouts)
    ids = [payout.workspace_id for payout in payouts]
    planned = Payout.objects.filter(workspace_id=OuterRef("workspace_id"), state=State.PLANNED)
    SoldLead.objects.filter(
        workspace_id__in=ids, state=SoldLead.State.DUE, payout__isnull=True
    ).update(payout=planned.values("id")[:1])
    write_entries(
        Kind.PAYOUT,
        [
            Change(one.workspace_id, one.id, f"payout:{one.id}", due=-one.cents, paying=one.cents)
            for one in payouts
        ],
        PLANNING,
    )
    return len(payouts)


# ---- By hand ----------------------------------------------------------------------------------


def mark_paid(*, payout_id: UUID, reference: str, actor: Actor) -> Payout:
    """Note that staff have paid a planned payout, with the bank's reference.

    Again with the same reference it changes nothing. Raises `Conflict` for one that was paid
    otherwise, failed, or is with Stripe, and where the partner is suspended.
    """
    reference = " ".join(reference.split())
    if not reference or len(reference) > 120:
        raise InvalidInput(
            "Give the bank's reference.", fields={"reference": "1 to 120 characters."}
        )
    with system_context(), atomic():
        payout = _locked(payout_id)
        if payout.state == State.PAID and payout.reference == reference:
            return payout
        _refuse_unplanned(payout)
        _refuse_suspended(payout)
        if payout.attempts:
            raise Conflict(
                f"{payout.number} was sent to Stripe before. Send it there again, or cancel it "
                "and pay the next one by hand."
            )
        _settle(payout, actor, method=Payout.Method.MANUAL, reference=reference)
    return payout


def cancel_payout(*, payout_id: UUID, reason: str, actor: Actor) -> Payout:
    """Give a planned payout up: its cents are due again, and in the next one.

    Raises `Conflict` where it isn't planned any more.
    """
    if not reason.strip():
        raise InvalidInput("Say why.", fields={"reason": "Say why."})
    with system_context(), atomic():
        payout = _locked(payout_id)
        _refuse_unplanned(payout)
        _give_up(payout, actor, reason.strip())
    return payout


# ---- By Stripe --------------------------------------------------------------------------------


def start_transfer(*, payout_id: UUID, actor: Actor) -> Payout:
    """Have a planned payout sent to the partner's connected account, by a worker.

    One that is on its way stays so. Raises `Conflict` as `mark_paid` does, `InvalidInput` where
    the partner has no connected account.
    """
    with system_context(), atomic():
        payout = _locked(payout_id)
        if payout.state == State.SENDING:
            return payout
        _refuse_unplanned(payout)
        partner = _refuse_suspended(payout)
        # What was sent once is sent there again: another account would be another transfer.
        account = payout.stripe_account or partner.stripe_account
        if not account:
            raise InvalidInput(f"{partner.company} has no connected account. Pay by hand.")
        _change(
            payout,
            state=State.SENDING,
            method=Payout.Method.STRIPE,
            stripe_account=account,
            next_attempt_at=timezone.now(),
            decided_by=actor.label[:200],
            error="",
        )
        _note(payout, "send", actor, new={"cents": payout.cents, "account": account})
        on_commit(ring)
    return payout


def ring() -> None:
    """Tell a worker that there is something to send. A lost ring costs a sweep's wait."""
    try:
        current_app.send_task(SENDING_TASK, retry=False)
    except Exception:  # the broker is down: the sweep finds the row
        log.warning("payout_bell_failed", exc_info=True)


def send_transfers(limit: int = 100) -> int:
    """Send what is to be sent now; how many arrived. One that fails stops no other."""
    sent = 0
    for _ in range(limit):
        payout = _claim()
        if payout is None:
            break
        sent += _send(payout)
    return sent


def _claim() -> Payout | None:
    """The payout that waits longest, ours for LEASE."""
    with system_context(), atomic():
        payout: Payout | None = (
            Payout.objects.select_for_update(skip_locked=True)
            .filter(state=State.SENDING, next_attempt_at__lte=Now())
            .order_by("next_attempt_at", "id")
            .first()
        )
        if payout is not None:
            _change(payout, attempts=payout.attempts + 1, next_attempt_at=Now() + LEASE)
    return payout


def _send(payout: Payout) -> bool:
    """Whether it has arrived. Without a connection of ours held while Stripe answers."""
    try:
        transfer = find_transfer(payout) if payout.attempts > 1 else ""
        if not transfer and not _may_be_paid(payout):
            return _put_back(payout)
        transfer = transfer or make_transfer(payout)
    except StripeRefused as refusal:
        return _refused(payout, refusal.message)
    except DomainError as error:
        return _later(payout, error.message)
    except OtherTransfer as error:
        log.error("payout_other_transfer", extra={"payout": str(payout.id), "said": str(error)})
        return _later(payout, str(error))
    with system_context(), atomic():
        mine = _locked(payout.id)
        if mine.state == State.SENDING:
            _settle(mine, PLANNING, method=Payout.Method.STRIPE, transfer_id=transfer)
    return True


def _may_be_paid(payout: Payout) -> bool:
    with system_context():
        return Partner.objects.selling().filter(workspace_id=payout.workspace_id).exists()


def _put_back(payout: Payout) -> bool:
    """The partner was suspended before anything was sent: it waits, planned."""
    with system_context(), atomic():
        mine = _locked(payout.id)
        if mine.state == State.SENDING:
            _change(
                mine,
                state=State.PLANNED,
                next_attempt_at=None,
                attempts=0 if mine.attempts == 1 else mine.attempts,  # nothing was sent
                error="The partner is suspended.",
            )
            _note(mine, "hold", PLANNING, new={"reason": "The partner is suspended."})
    return False


def _refused(payout: Payout, reason: str) -> bool:
    """Stripe said no: the cents are due again."""
    with system_context(), atomic():
        mine = _locked(payout.id)
        if mine.state == State.SENDING:
            _give_up(mine, PLANNING, reason)
    log.error("payout_refused", extra={"payout": str(payout.id), "reason": reason})
    return False


def _later(payout: Payout, error: str) -> bool:
    """Nobody knows whether it was sent: looked for, and tried again, later."""
    wait = LADDER[min(payout.attempts, len(LADDER)) - 1]
    with system_context():
        Payout.objects.filter(id=payout.id, state=State.SENDING).update(
            error=error[:300], next_attempt_at=Now() + wait
        )
    if payout.attempts >= len(LADDER):
        log.error("payout_stuck", extra={"payout": str(payout.id), "error": error})
    return False


# ---- What all share ---------------------------------------------------------------------------


def _locked(payout_id: UUID) -> Payout:
    """The payout, its partner and their account, ours until the transaction ends.

    The partner before the account: a suspension has the partner and waits for listings, a sale has
    listings and waits for the account.
    """
    payout: Payout | None = Payout.objects.filter(id=payout_id).first()
    if payout is None:
        raise NotFound("There is no such payout.")
    partners = Partner.objects.filter(workspace_id=payout.workspace_id)
    partners.select_for_update(no_key=True).first()
    lock_accounts([payout.workspace_id])
    found: Payout = Payout.objects.select_for_update().get(id=payout_id)
    return found


def _refuse_unplanned(payout: Payout) -> None:
    if payout.state == State.PAID:
        how = payout.reference or payout.transfer_id
        raise Conflict(f"{payout.number} is paid already ({how}). Nothing was changed.")
    if payout.state != State.PLANNED:
        said = payout.get_state_display().lower()
        raise Conflict(f"{payout.number} is {said}. Nothing was changed.")


def _refuse_suspended(payout: Payout) -> Partner:
    partner: Partner | None = Partner.objects.filter(workspace_id=payout.workspace_id).first()
    if partner is None or not partner.may_sell:
        raise Conflict(f"The partner of {payout.number} is suspended, and isn't paid meanwhile.")
    return partner


def _settle(
    payout: Payout, actor: Actor, *, method: str, reference: str = "", transfer_id: str = ""
) -> None:
    """The money has arrived."""
    _change(
        payout,
        state=State.PAID,
        method=method,
        reference=reference,
        transfer_id=transfer_id or None,
        paid_at=timezone.now(),
        decided_by=payout.decided_by or actor.label[:200],
        next_attempt_at=None,
        error="",
    )
    SoldLead.objects.filter(
        workspace_id=payout.workspace_id, payout=payout, state=SoldLead.State.DUE
    ).update(state=SoldLead.State.PAID)
    _move(payout, Kind.PAID, actor, paying=-payout.cents, paid=payout.cents)
    _note(payout, "pay", actor, new={"cents": payout.cents, "how": reference or transfer_id})
    mail_paid(payout)


def _give_up(payout: Payout, actor: Actor, reason: str) -> None:
    """The money won't arrive."""
    _change(
        payout,
        state=State.FAILED,
        failed_at=timezone.now(),
        next_attempt_at=None,
        error=reason[:300],
    )
    SoldLead.objects.filter(
        workspace_id=payout.workspace_id, payout=payout, state=SoldLead.State.DUE
    ).update(payout=None)
    _move(payout, Kind.PAYOUT_FAILED, actor, paying=-payout.cents, due=payout.cents, note=reason)
    _note(payout, "fail", actor, new={"cents": payout.cents, "reason": reason})


def _move(payout: Payout, kind: str, actor: Actor, *, note: str = "", **parts: int) -> None:
    change = Change(payout.workspace_id, payout.id, f"{kind}:{payout.id}", **parts)
    write_entries(kind, [change], actor, note=note)


def _change(payout: Payout, **values: Any) -> None:
    Payout.objects.filter(id=payout.id).update(**values)
    for name, value in values.items():
        if not hasattr(value, "resolve_expression"):
            setattr(payout, name, value)


def _note(payout: Payout, action: str, actor: Actor, *, new: dict[str, Any]) -> None:
    record(
        action=action,
        resource="payout",
        resource_id=payout.id,
        actor=actor,
        workspace_id=payout.workspace_id,
        new={"number": payout.number, **new},
        severity="warning",
    )
