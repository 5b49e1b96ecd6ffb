"""Paying by card for a cart that the balance doesn't cover: nothing is sold to others meanwhile.

The listings are kept for whoever pays, for 15 minutes and no longer: asking again doesn't prolong
it, and what was kept and not bought isn't kept for the same workspace again before an hour is
over. What others reserved stays theirs. A purchase ends a reservation, or time does.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from accounts.workspaces.models import Workspace
from credits.purchases.models import CreditPurchase
from credits.purchases.operations import start_checkout
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from marketplace.listings.models import Listing
from marketplace.listings.operations import lock_listings

from .queries import Cart, cart_of

KEPT = timedelta(minutes=15)
NOT_AGAIN = timedelta(hours=1)


def start_cart_checkout(
    *,
    workspace: Workspace,
    actor: Actor,
    package: str,
    key: str,
    success_url: str,
    cancel_url: str,
) -> CreditPurchase:
    """Begin to buy credits for the actor's cart, and keep what lies in it meanwhile.

    Kept is what could be bought with the package, in the cart's order. Takes and raises what
    `credits.purchases.operations.start_checkout` does; nothing is kept where that refuses. The
    cart stays as it is.
    """
    purchase = start_checkout(
        workspace=workspace,
        actor=actor,
        package=package,
        key=key,
        success_url=success_url,
        cancel_url=cancel_url,
    )
    if not purchase.is_over and actor.user_id is not None:
        ids = _payable(cart_of(workspace.id, actor.user_id), purchase.credits)
        reserve_listings(workspace_id=workspace.id, actor=actor, listing_ids=ids)
    return purchase


def _payable(cart: Cart, credits: int) -> list[int]:
    """What of a cart the balance and so many credits more pay for, in its order."""
    left, ids = cart.available + credits, []
    for row in cart.bought:
        left -= row.credits or 0
        if left < 0:
            break
        ids.append(row.item.listing_id)
    return ids


def reserve_listings(*, workspace_id: UUID, actor: Actor, listing_ids: Sequence[int]) -> int:
    """Keep what is free of these for the workspace, for 15 minutes from now; how many.

    In a transaction of its own, as the system, since listings are nobody's rows.
    """
    with tenancy.system_context(), tenancy.atomic():
        lock_listings(listing_ids)
        now = timezone.now()
        is_free = Q(reserved_until__isnull=True) | Q(reserved_until__lte=now)
        was_ours = Q(reserved_for=workspace_id, reserved_until__gt=now - NOT_AGAIN)
        free = (
            Listing.objects.on_sale()
            .filter(is_free, id__in=listing_ids, sold__lt=F("max_sales"))
            .exclude(was_ours)
            .exclude(seller_id=workspace_id)
        )
        kept = free.update(reserved_for=workspace_id, reserved_until=now + KEPT)
        if kept:
            record(
                action="reserve",
                resource="listings",
                resource_id=workspace_id,
                actor=actor,
                workspace_id=workspace_id,
                new={"listings": kept, "minutes": KEPT.seconds // 60},
            )
    return kept
