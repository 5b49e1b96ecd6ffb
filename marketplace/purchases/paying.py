"""Paying by card for a cart that the balance doesn't cover: nothing is sold to others meanwhile.

One place of each listing is kept for whoever pays, for 15 minutes and no longer: asking again
doesn't prolong it, and what was kept and not bought rests, so that it isn't kept for anybody before
an hour is over (ADR 0030). A purchase ends a reservation, or a payment that is given up, or time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
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

from .models import CartItem
from .queries import Cart, cart_of

KEPT = timedelta(minutes=15)
RESTS = timedelta(hours=1)
# A checkout's reservation begins with the answer of Stripe, which takes seconds.
BEGINS_WITHIN = timedelta(minutes=1)


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
        is_free = Q(reserved_until__isnull=True) | Q(reserved_until__lte=now - RESTS)
        free = (
            Listing.objects.on_sale()
            .filter(is_free, id__in=listing_ids, sold__lt=F("max_sales"))
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


def release_reserved(
    *, workspace_id: UUID, user_id: UUID, actor: Actor, begun_by: datetime | None = None
) -> int:
    """Give up what is kept for the workspace of what lies in this person's cart; how many.

    With `begun_by` only what was kept by then. They rest like what wasn't bought in time. In a
    transaction of its own, as the system.
    """
    with tenancy.system_context(), tenancy.atomic():
        mine = CartItem.objects.of_user(workspace_id, user_id).inside()
        ids = list(mine.values_list("listing_id", flat=True))
        lock_listings(ids)
        now = timezone.now()
        kept = Listing.objects.filter(id__in=ids, reserved_for=workspace_id, reserved_until__gt=now)
        if begun_by is not None:
            kept = kept.filter(reserved_until__lte=begun_by + KEPT)
        released = kept.update(reserved_until=now)
        if released:
            record(
                action="release",
                resource="listings",
                resource_id=workspace_id,
                actor=actor,
                workspace_id=workspace_id,
                new={"listings": released},
            )
    return released


def release_unpaid(purchase: CreditPurchase) -> None:
    """Give up what was kept for a payment that won't be made any more."""
    if purchase.created_by_id is not None:
        release_reserved(
            workspace_id=purchase.workspace_id,
            user_id=purchase.created_by_id,
            actor=Actor.system("payments"),
            begun_by=purchase.created_at + BEGINS_WITHIN,
        )
