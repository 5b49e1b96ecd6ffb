"""Charging the kept card when the balance fell under the threshold (C-14).

Three steps, and a worker may die between any two of them: a pending purchase is written with the
crossing that it answers; the card is charged with the purchase's id as idempotency key, outside of
every transaction; what Stripe says is settled, as for any purchase. What stays pending is tried
again by the next sweep, under the same key.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from credits.ledger.queries import is_frozen
from credits.prices.queries import packages
from credits.stripe.providers import StripeRefused, StripeUnavailable
from credits.stripe.queries import customer_of
from cursive.lib.tenancy import tenant_context

from .models import AutoReload, CreditPurchase
from .operations import fail_reload, purchase_id_of, settle
from .providers import Payment, charge_card, find_payment
from .reloads import AUTO_RELOAD, MOST_A_DAY, reloads_today, take_crossing

log = logging.getLogger(__name__)

# A charge of another worker may be under way for so long.
PATIENCE = timedelta(minutes=2)
# Stripe forgets idempotency keys after a day: from then on a charge is looked up, not repeated.
KEY_LIFETIME = timedelta(hours=23)


def run_reload(workspace_id: UUID) -> UUID | None:
    """Answer a crossing of this workspace, or go on with a charge; the purchase's id, if any.

    Outside of transactions and of every workspace; may be run by two at once.
    """
    with tenant_context(workspace_id):
        purchase, may_charge = _claim(workspace_id)
    if purchase is None:
        return None
    try:
        payment = _charge(purchase) if may_charge else _look_up(purchase)
    except StripeUnavailable:
        log.warning("auto_reload_waits", extra={"purchase": str(purchase.id)}, exc_info=True)
        return purchase.id
    except StripeRefused as refusal:
        _fail(purchase, refusal.message)
        return purchase.id
    if payment is None:
        _fail(purchase, "The payment was not made.")
    else:
        with tenant_context(workspace_id):
            settle(workspace_id=workspace_id, purchase_id=purchase.id, payment=payment)
    return purchase.id


def _claim(workspace_id: UUID) -> tuple[CreditPurchase | None, bool]:
    """(the purchase to go on with, whether its card may be charged)."""
    reload: AutoReload | None = (
        AutoReload.objects.select_for_update(of=("self",)).filter(workspace_id=workspace_id).first()
    )
    if reload is None:
        return None, False
    purchases = CreditPurchase.objects.filter(workspace_id=workspace_id).reloads()
    unfinished: CreditPurchase | None = purchases.unfinished().order_by("created_at").first()
    if unfinished is not None:
        age = timezone.now() - unfinished.created_at
        if age < PATIENCE:
            return None, False
        return unfinished, reload.enabled and age < KEY_LIFETIME
    if not reload.enabled or is_frozen(workspace_id) or reloads_today(workspace_id) >= MOST_A_DAY:
        return None, False
    crossing = take_crossing(reload)
    return (_new(reload, crossing), True) if crossing else (None, False)


def _new(reload: AutoReload, crossing: str) -> CreditPurchase | None:
    offer = next((one for one in packages() if one.code == reload.package_code), None)
    if offer is None:
        reload.enabled, reload.off_reason = False, "The package is not for sale any more."
        reload.save(update_fields=["enabled", "off_reason"])
        return None
    key = f"auto-reload:{crossing}"
    purchase: CreditPurchase = CreditPurchase.objects.create(
        id=purchase_id_of(reload.workspace_id, key),
        workspace_id=reload.workspace_id,
        key=key,
        source=CreditPurchase.Source.AUTO_RELOAD,
        package_code=offer.code,
        package_name=offer.name,
        credits=offer.credits,
        cents=offer.price_cents,
        payment_method=reload.payment_method,
        paid_with=reload.paid_with,
        threshold=reload.threshold,
        created_by_id=reload.enabled_by_id,
        created_by_label=AUTO_RELOAD.label,
    )
    return purchase


def _charge(purchase: CreditPurchase) -> Payment | None:
    customer = customer_of(purchase.workspace_id)
    if customer is None:
        return None
    return charge_card(purchase=purchase, customer=customer, payment_method=purchase.payment_method)


def _look_up(purchase: CreditPurchase) -> Payment | None:
    customer = customer_of(purchase.workspace_id)
    if customer is None:
        return None
    return find_payment(customer=customer, purchase_id=purchase.id)


def _fail(purchase: CreditPurchase, reason: str) -> None:
    with tenant_context(purchase.workspace_id):
        fail_reload(workspace_id=purchase.workspace_id, purchase_id=purchase.id, reason=reason)
