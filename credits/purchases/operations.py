"""Starting a purchase, and what follows from what Stripe says of it (C-8, C-12).

Nothing here believes an event: `settle` is given the payment as Stripe has it now, and makes our
rows and the ledger fit. So events may come late, twice, at once and in any order. Its locks are
taken in one order: the purchase, auto-reload, the account.
"""

from datetime import timedelta
from uuid import UUID, uuid5

from django.db.models.functions import Now
from django.utils import timezone

from accounts.workspaces.authority import require_role
from accounts.workspaces.models import Role, Workspace
from credits.ledger.operations import SpendingFrozen, grant
from credits.ledger.queries import is_frozen
from credits.prices.queries import Offer, packages
from credits.stripe.operations import ensure_customer
from credits.stripe.providers import StripeUnavailable, page_waits
from cursive.lib import limits, tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound

from .mails import mail_receipt
from .models import MAX_KEY, MAX_TEXT, CreditPurchase
from .providers import CURRENCY, Payment, Session, create_session
from .refunds import take_refunds
from .registry import tell_unpaid
from .reloads import AUTO_RELOAD, keep_card, lock_reload, switch_off

PURCHASES_AN_HOUR = limits.Limit(
    "credit-purchases",
    "5/hour",
    "Your workspace has started 5 purchases in the last hour. Wait a little, then go on.",
    fail_closed=True,
)
# Both calls to Stripe together, so that the page says within 10 seconds that they failed.
CHECKOUT_SECONDS = 8.5
# A purchase that has no session by then is closed; its key means nothing to Stripe before long.
BEGINS_WITHIN = timedelta(hours=1)
# What a payment is when nobody will pay it any more without a new try.
GIVEN_UP = {"requires_payment_method", "requires_action", "requires_confirmation", "canceled"}


class PaymentMismatch(DomainError):
    """Stripe took another amount than the purchase's. Nothing is credited until staff looked."""

    code = "payment_mismatch"
    status = 409


def start_checkout(
    *,
    workspace: Workspace,
    actor: Actor,
    package: str,
    key: str,
    success_url: str,
    cancel_url: str,
    keep_card: bool = False,
) -> CreditPurchase:
    """Begin to buy a package, by its code; the customer pays at `checkout_url` (C-8).

    For owners, admins, and API keys with the scope billing. Price and credits are those of the
    price list. `success_url` may hold `{CHECKOUT_SESSION_ID}`; `keep_card` lets auto-reload
    charge the card later. The same `key` again gives the same purchase, whatever became of it.
    Calls Stripe, and holds no lock while it waits. Raises `InvalidInput` for a package that
    isn't for sale, `Conflict` for a key that was used otherwise, `SpendingFrozen`, `TooMany`
    past 5 an hour, `StripeUnavailable`, `StripeRefused`; nothing is bought then, but a purchase
    that hasn't begun may stay (`close_unbegun`).
    """
    _require_buyer(workspace.id, actor)
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise InvalidInput(
            "Give an idempotency key.", fields={"Idempotency-Key": f"1 to {MAX_KEY} characters."}
        )
    first = _same(workspace.id, key, package)
    if first is not None and (first.has_begun or first.is_over):
        return first
    planned = first or _new(workspace.id, key, _offered(package), actor)
    if is_frozen(workspace.id):
        raise SpendingFrozen
    limits.hit_once(PURCHASES_AN_HOUR, workspace.id, key)
    try:
        purchase = _plan(planned)
        with page_waits(CHECKOUT_SECONDS):
            session = create_session(
                purchase=purchase,
                customer=ensure_customer(workspace=workspace, actor=actor),
                success_url=success_url,
                cancel_url=cancel_url,
                keep_card=keep_card,
            )
    except StripeUnavailable:
        # Who couldn't begin may try again; nobody was offered anything.
        limits.give_back(PURCHASES_AN_HOUR, workspace.id, key)
        raise
    return _begin(purchase, session, actor)


def settle(
    *,
    workspace_id: UUID,
    purchase_id: UUID,
    payment: Payment | None,
    session: Session | None = None,
) -> CreditPurchase:
    """Make a purchase fit what Stripe says of it now: credit it once, take refunds back, close it.

    In the caller's transaction where there is one. Raises `NotFound`, and `PaymentMismatch`
    where another amount was paid.
    """
    with tenancy.atomic():
        purchase = _locked(workspace_id, purchase_id)
        if session is not None and purchase.session_id is None:
            # Stripe's answer about it came too late for us.
            purchase.session_id = session.id
            purchase.save(update_fields=["session_id"])
        if _is_paid(payment, session):
            lock_reload(workspace_id)
            if not purchase.was_paid:
                _fulfil(purchase, payment, session)
            if payment is not None:
                take_refunds(purchase, payment)
        elif not purchase.is_over:
            _close(purchase, payment, session)
    return purchase


def close_unbegun() -> int:
    """Close the purchases of all workspaces that never got a page at Stripe; how many.

    Stripe may have made one and told us too late; should it be paid, it is credited all the same.
    """
    with tenancy.system_context(), tenancy.atomic():
        closed: int = CreditPurchase.objects.unbegun(before=Now() - BEGINS_WITHIN).update(
            state=CreditPurchase.State.EXPIRED, failure="It was never begun."
        )
    return closed


def fail_reload(*, workspace_id: UUID, purchase_id: UUID, reason: str) -> CreditPurchase:
    """Note that an auto-reload's card was not charged, and switch auto-reload off (C-14)."""
    with tenancy.atomic():
        purchase = _locked(workspace_id, purchase_id)
        if not purchase.is_over:
            purchase.state = CreditPurchase.State.FAILED
            purchase.failure = reason[:MAX_TEXT]
            purchase.save(update_fields=["state", "failure"])
            switch_off(purchase, reason)
    return purchase


def purchase_id_of(workspace_id: UUID, key: str) -> UUID:
    """The id of the purchase of a key: whoever asks twice means the same one, saved or not."""
    return uuid5(workspace_id, key)


def _require_buyer(workspace_id: UUID, actor: Actor) -> None:
    if actor.kind != "key":
        require_role(workspace_id, actor, Role.ADMIN)
    elif "billing" not in actor.scopes:
        raise Forbidden("This API key lacks the scope 'billing'.")


def _same(workspace_id: UUID, key: str, package: str) -> CreditPurchase | None:
    """The purchase of this key, where there is one already."""
    first: CreditPurchase | None = CreditPurchase.objects.filter(
        workspace_id=workspace_id, key=key
    ).first()
    if first is not None and first.package_code != package:
        raise Conflict(
            "This idempotency key was used for something else.",
            fields={"Idempotency-Key": "Use a new key for a new purchase."},
        )
    return first


def _plan(purchase: CreditPurchase) -> CreditPurchase:
    """Write a new purchase down before Stripe hears of it, or find what another try has written.

    By the system's role in a transaction of its own: whatever becomes of the page, no session is
    ever at Stripe that we have no row of.
    """
    with tenancy.system_context(), tenancy.atomic():
        CreditPurchase.objects.bulk_create([purchase], ignore_conflicts=True)
        first = _same(purchase.workspace_id, purchase.key, purchase.package_code)
    assert first is not None  # written by us or by another
    return first


def _begin(purchase: CreditPurchase, session: Session, actor: Actor) -> CreditPurchase:
    """Note the session of a purchase; of two tries at once, Stripe gave both the same one."""
    with tenancy.atomic():
        kept = _locked(purchase.workspace_id, purchase.id)
        if not kept.checkout_url:
            kept.session_id, kept.checkout_url = session.id, session.url
            kept.save(update_fields=["session_id", "checkout_url"])
            record(
                action="create",
                resource="purchase",
                resource_id=kept.id,
                actor=actor,
                workspace_id=kept.workspace_id,
                new={"package": kept.package_code, "credits": kept.credits, "cents": kept.cents},
            )
    return kept


def _offered(code: str) -> Offer:
    for offer in packages():
        if offer.code == code:
            return offer
    sentence = "This package isn't for sale. Choose one of the list."
    raise InvalidInput(sentence, fields={"package": sentence})


def _new(workspace_id: UUID, key: str, offer: Offer, actor: Actor) -> CreditPurchase:
    return CreditPurchase(
        id=purchase_id_of(workspace_id, key),
        workspace_id=workspace_id,
        key=key,
        package_code=offer.code,
        package_name=offer.name,
        credits=offer.credits,
        cents=offer.price_cents,
        created_by_id=actor.user_id,
        created_by_label=actor.label[:200],
    )


def _locked(workspace_id: UUID, purchase_id: UUID) -> CreditPurchase:
    purchase: CreditPurchase | None = (
        CreditPurchase.objects.select_for_update(of=("self",))
        .filter(workspace_id=workspace_id, id=purchase_id)
        .first()
    )
    if purchase is None:
        raise NotFound("There is no such purchase.")
    return purchase


def _is_paid(payment: Payment | None, session: Session | None) -> bool:
    if payment is not None:
        return payment.is_paid
    return session is not None and session.is_paid


def _fulfil(purchase: CreditPurchase, payment: Payment | None, session: Session | None) -> None:
    paid: Payment | Session | None = payment or session
    assert paid is not None  # something was paid
    if (paid.cents, paid.currency) != (purchase.cents, CURRENCY):
        raise PaymentMismatch(
            f"{purchase.number} costs {purchase.cents} {CURRENCY}, but {paid.id} is"
            f" {paid.cents} {paid.currency}."
        )
    purchase.state = CreditPurchase.State.PAID
    purchase.paid_at = timezone.now()
    purchase.failure = ""
    if payment is not None:
        purchase.payment_intent_id = payment.id
        purchase.paid_with = payment.paid_with
    purchase.save(update_fields=["state", "paid_at", "failure", "payment_intent_id", "paid_with"])
    if payment is not None and purchase.source == CreditPurchase.Source.CHECKOUT:
        keep_card(purchase.workspace_id, payment)
    grant(
        workspace_id=purchase.workspace_id,
        amount=purchase.credits,
        action="purchase",
        reference=("purchase", purchase.id),
        key=f"stripe:{paid.id}",
        actor=_buyer(purchase),
        metadata={"package": purchase.package_code, "cents": purchase.cents},
    )
    mail_receipt(purchase)


def _buyer(purchase: CreditPurchase) -> Actor:
    """Who the history shows: whoever started it, though the money comes by an event."""
    if purchase.source == CreditPurchase.Source.AUTO_RELOAD:
        return AUTO_RELOAD
    if purchase.created_by_id:
        return Actor("user", purchase.created_by_label, user_id=purchase.created_by_id)
    return Actor("key", purchase.created_by_label)


def _close(purchase: CreditPurchase, payment: Payment | None, session: Session | None) -> None:
    """Note that it won't be paid, where that is so; else it stays pending."""
    given_up = payment is not None and payment.status in GIVEN_UP
    automatic = purchase.source == CreditPurchase.Source.AUTO_RELOAD
    if session is not None and session.status == "expired":
        purchase.state = CreditPurchase.State.EXPIRED
    # At Checkout a declined card may be followed by another, until the session is complete.
    elif given_up and (automatic or (session is not None and session.status == "complete")):
        purchase.state = CreditPurchase.State.FAILED
        assert payment is not None
        purchase.failure = (payment.failure or "The payment was not made.")[:MAX_TEXT]
    else:
        return
    purchase.save(update_fields=["state", "failure"])
    tell_unpaid(purchase)
    if automatic:
        switch_off(purchase, purchase.failure)
