"""Reading purchases: for their pages, and for the history of credits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from credits.ledger.queries import is_frozen
from credits.stripe.providers import test_payments
from cursive.lib.errors import NotFound
from cursive.lib.ui.formatting import format_cents

from .models import AutoReload, CreditPurchase, CreditPurchaseQuerySet
from .reloads import reload_of

LATEST = 5
# Stripe closes a session that nobody paid after a day.
SESSION_LIFETIME = timedelta(hours=24)


def get_purchase(workspace_id: UUID, purchase_id: UUID) -> CreditPurchase:
    """One purchase of the workspace. Raises `NotFound`."""
    found: CreditPurchase | None = CreditPurchase.objects.filter(
        workspace_id=workspace_id, id=purchase_id
    ).first()
    if found is None:
        raise NotFound("There is no such purchase.")
    return found


def purchases_of(workspace_id: UUID) -> CreditPurchaseQuerySet:
    """The purchases of the workspace that have begun, unordered."""
    found: CreditPurchaseQuerySet = CreditPurchase.objects.filter(workspace_id=workspace_id)
    return found.begun()


def can_be_paid(purchase: CreditPurchase) -> bool:
    """Whether its page at Stripe still takes the payment."""
    young = purchase.created_at > timezone.now() - SESSION_LIFETIME
    return not purchase.is_over and bool(purchase.checkout_url) and young


@dataclass(frozen=True, slots=True)
class Buying:
    """What the credits page says about buying."""

    is_test: bool
    is_frozen: bool
    reload: AutoReload
    latest: list[CreditPurchase]


def buying_of(workspace_id: UUID) -> Buying:
    """Whether payments are tests, whether spending is frozen, auto-reload, the last purchases."""
    latest = purchases_of(workspace_id).order_by(*CreditPurchase.NEWEST_FIRST)[:LATEST]
    return Buying(
        is_test=test_payments(),
        is_frozen=is_frozen(workspace_id),
        reload=reload_of(workspace_id),
        latest=list(latest),
    )


def purchases_as_references(workspace_id: UUID, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The resolver of the history's references of kind `purchase`: what, for how much, its page."""
    known = [one for one in (_uuid(raw) for raw in ids) if one is not None]
    return {
        str(one.id): (
            f"{one.package_name}, {format_cents(one.cents)}",
            reverse("credits:purchase", args=[one.id]),
        )
        for one in purchases_of(workspace_id).filter(id__in=known)
    }


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None
