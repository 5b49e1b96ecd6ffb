"""What a customer does about a plan: subscribe at Stripe's checkout, change it in its portal.

Every call to Stripe comes before the rows that it leads to, so no row is locked while Stripe is
waited for; and each has a key, so a form that is sent twice leads to one page of Stripe's.
"""

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from django.utils import timezone
from stripe.checkout import Session

from accounts.workspaces.authority import require_role
from accounts.workspaces.models import Role, Workspace
from credits.prices.models import Plan
from credits.stripe.operations import ensure_customer
from credits.stripe.providers import StripeRefused, calling, page_waits, stripe_client
from credits.stripe.registry import WORKSPACE_KEY
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.limits import Limit, hit
from cursive.lib.tenancy import system_context

from . import operations
from .models import PlanCheckout
from .providers import PLAN, Items, living_subscriptions
from .queries import living_subscription

CHECKOUTS = Limit(
    "plan-checkouts",
    "20/hour",
    "You opened the checkout very often. Wait an hour, then try again.",
    fail_closed=True,
)
GONE = "resource_missing"
# All calls of one page together, so that it says in time that Stripe is down.
PATIENCE = 8
Answer = TypeVar("Answer")


class Door(StrEnum):
    """Where in Stripe's portal somebody wants to go, by Stripe's names."""

    ALL = ""
    CHANGE = "subscription_update"
    CANCEL = "subscription_cancel"
    CARD = "payment_method_update"


def start_subscription(
    *,
    workspace: Workspace,
    actor: Actor,
    plan_code: str,
    key: UUID,
    success_url: str,
    cancel_url: str,
) -> str:
    """Open Stripe's checkout for a plan; its address. For owners and admins.

    `key` is the form's: sent twice it gives the same address. A checkout that was begun before
    is closed. Raises `InvalidInput` for a plan that isn't sold, `Conflict` where there is a
    subscription already, `Forbidden`, `TooMany`, `StripeUnavailable`, `StripeRefused`.
    """
    require_role(workspace.id, actor, Role.ADMIN)
    plan = Plan.objects.filter(code=plan_code, active=True, price_cents__gt=0).first()
    if plan is None:
        unsold = "This plan isn't sold. Choose one of this page."
        raise InvalidInput(unsold, fields={"plan": unsold})
    hit(CHECKOUTS, workspace.id)
    items = Items()
    with page_waits(PATIENCE):
        customer = ensure_customer(workspace=workspace, actor=actor)
        living = living_subscriptions(customer)
        if living:
            for facts in living:
                operations.mirror_subscription(workspace_id=workspace.id, facts=facts)
            raise Conflict("You have a plan already. Change it instead.")
        before = PlanCheckout.objects.filter(workspace_id=workspace.id).first()
        session = _with_known_items(
            items,
            lambda: _open_checkout(workspace, plan, customer, items, key, success_url, cancel_url),
        )
        if before is not None and before.session_id != session.id:
            _close_checkout(before.session_id)
        lost = _take_checkout(workspace.id, session.id)
        if lost not in ("", session.id, before.session_id if before else ""):
            _close_checkout(lost)
    items.remember()
    record(
        action="checkout",
        resource="plan",
        resource_id=plan.code,
        actor=actor,
        workspace_id=workspace.id,
        new={"plan": plan.code, "cents": plan.price_cents, "session": session.id},
    )
    return str(session.url)


def open_portal(
    *, workspace: Workspace, actor: Actor, return_url: str, door: str = Door.ALL.value
) -> str:
    """The address of Stripe's page where plan, card and invoices are managed (C-13).

    `door` leads straight to one thing there; where there is no subscription to change, to all.
    For owners and admins. Raises `Forbidden`, `StripeUnavailable`, `StripeRefused`.
    """
    require_role(workspace.id, actor, Role.ADMIN)
    items = Items()
    sold = list(Plan.objects.filter(active=True, price_cents__gt=0))

    def open_page() -> str:
        customer = ensure_customer(workspace=workspace, actor=actor)
        configuration = items.portal(sold)
        with calling("open the billing page"):
            page = stripe_client().v1.billing_portal.sessions.create(
                {
                    "customer": customer,
                    "configuration": configuration,
                    "return_url": return_url,
                    **_flow(workspace.id, door),
                }
            )
        return page.url

    with page_waits(PATIENCE):
        url = _with_known_items(items, open_page)
    items.remember()
    record(
        action="view",
        resource="billing_portal",
        resource_id=workspace.id,
        actor=actor,
        workspace_id=workspace.id,
    )
    return url


def _flow(workspace_id: UUID, door: str) -> Any:
    """What leads to one thing in the portal: a parameter of its session, or none."""
    if door == Door.CARD:
        return {"flow_data": {"type": door}}
    subscription = living_subscription(workspace_id)
    if door not in (Door.CHANGE, Door.CANCEL) or subscription is None:
        return {}
    return {"flow_data": {"type": door, door: {"subscription": subscription.stripe_id}}}


def _open_checkout(
    workspace: Workspace,
    plan: Plan,
    customer: str,
    items: Items,
    key: UUID,
    success_url: str,
    cancel_url: str,
) -> Session:
    metadata = {WORKSPACE_KEY: str(workspace.id), PLAN: plan.code}
    price = items.price(plan)
    with calling("start the checkout"):
        return stripe_client().v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "customer": customer,
                "client_reference_id": str(workspace.id),
                "line_items": [{"price": price, "quantity": 1}],
                "metadata": metadata,
                "subscription_data": {"metadata": metadata},
                "success_url": success_url,
                "cancel_url": cancel_url,
            },
            {"idempotency_key": f"plan:{workspace.id}:{plan.code}:{price}:{key}"},
        )


def _take_checkout(workspace_id: UUID, session_id: str) -> str:
    """Make this session the workspace's; which one it was until now, empty for none.

    Of several that are begun at once each but the last is returned to exactly one caller, who
    closes it. Written by the system's role in a transaction of its own, so that no row stays
    locked while Stripe is waited for.
    """
    with system_context(), tenancy.atomic():
        row, is_new = PlanCheckout.objects.select_for_update().get_or_create(
            workspace_id=workspace_id, defaults={"session_id": session_id}
        )
        before = "" if is_new else str(row.session_id)
        if before != session_id:
            row.session_id, row.created_at = session_id, timezone.now()
            row.save(update_fields=["session_id", "created_at"])
    return before


def _close_checkout(session_id: str) -> None:
    """Let nobody pay on a page that was left; one that is over already stays as it is."""
    what = "close the checkout that was begun before"
    with suppress(StripeRefused), calling(what, may_refuse=True):
        stripe_client().v1.checkout.sessions.expire(session_id)


def _with_known_items(items: Items, work: Callable[[], Answer]) -> Answer:
    """Do `work`; where Stripe doesn't know what we remember to have made, once more without."""
    try:
        return work()
    except StripeRefused as refusal:
        if refusal.stripe_code != GONE:
            raise
    items.forget()
    return work()
